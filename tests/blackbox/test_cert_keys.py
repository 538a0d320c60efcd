"""prefork-ssl-cert key and match: keys that openssl reads, and files that belong together."""

import re
import stat
from pathlib import Path

import pexpect
import pytest
from blackbox.desk import PROGRAM, Desk

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ("", "Private-Key: (256 bit)"),
        ("--bits 384", "NIST CURVE: P-384"),
        ("--bits 521", "NIST CURVE: P-521"),
        ("--type rsa", "Private-Key: (3072 bit"),
        ("--type rsa --bits 2048", "Private-Key: (2048 bit"),
        ("--type ed25519", "ED25519 Private-Key"),
    ],
)
def test_kinds(desk: Desk, options: str, kind: str) -> None:
    desk.cert(f"key --out a.key --no-passphrase {options}")
    assert kind in desk.openssl("pkey -in a.key -noout -text -check")
    assert stat.S_IMODE((desk / "a.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("--bits 255", "an EC key has 256, 384 or 521 bits, not 255"),
        ("--type rsa --bits 1024", "an RSA key has 2048 to 16384 bits, not 1024"),
        ("--type ed25519 --bits 256", "an Ed25519 key has no choice of bits; leave --bits out"),
    ],
)
def test_sizes_that_there_are_not(desk: Desk, options: str, reason: str) -> None:
    assert desk.refused(f"key --out a.key --no-passphrase {options}") == reason


def test_match(desk: Desk) -> None:
    desk.cert("dummy --cert a.crt --key a.key --host a")
    desk.cert("dummy --cert b.crt --key b.key --host a")
    desk.cert("request --key a.key --out a.csr --subject /CN=a")
    (spki,) = re.findall("SHA-256: (.*)", desk.cert("match --cert a.crt --key a.key --request a.csr"))
    desk.openssl("x509 -in a.crt -noout -pubkey -out a.pem")
    desk.openssl("pkey -pubin -in a.pem -outform DER -out a.der")
    assert desk.openssl("dgst -sha256 -c a.der").rpartition("= ")[2].strip().upper() == spki
    for pair in ("--cert a.crt --key a.key", "--cert a.crt --request a.csr", "--key a.key --request a.csr"):
        assert spki in desk.cert(f"match {pair}")
    assert desk.refused("match --cert a.crt --key b.key") == (
        "the certificate in a.crt does not belong to the key in b.key"
    )
    assert desk.refused("match --cert b.crt --key a.key --request a.csr") == (
        "the certificate in b.crt does not belong to the key in a.key nor to the request in a.csr"
    )
    assert (
        desk.refused("match --cert a.crt")
        == "give at least two different files by --cert, --key and --request"
    )


def test_a_key_behind_its_certificate_in_one_file(desk: Desk) -> None:
    desk.variables["PHRASE"] = "first"
    desk.cert("ca --cert a.crt --key a.key --subject /CN=a --passphrase-env PHRASE")
    both = (desk / "a.crt").read_text() + "Some text.\n" + (desk / "a.key").read_text()
    (desk / "both.pem").write_text(both)
    desk.cert("match --cert both.pem --key both.pem --passphrase-env PHRASE")
    # The certificate is read without a pass phrase.
    desk.cert("match --cert both.pem --key a.key --passphrase-env PHRASE")


def test_places_that_cannot_be_written(desk: Desk) -> None:
    assert desk.refused("key --out no/a.key --no-passphrase") == (
        "cannot write no/a.key: there is no directory no"
    )
    # Not even root makes files here.
    assert desk.refused("key --out /sys/a.key --no-passphrase") == (
        "cannot write /sys/a.key: Permission denied"
    )
    (desk / "folder").mkdir()
    assert desk.refused("key --out folder --no-passphrase --force") == "folder is not a regular file"
    assert desk.refused("key --out /dev/null --no-passphrase --force") == "/dev/null is not a regular file"


def test_a_full_disk_leaves_nothing_behind(desk: Desk) -> None:
    desk.cert("dummy --cert a.crt --key a.key --host a")
    # A limit of the size of files works like a full disk.
    line = f"ulimit -f 0; exec {PROGRAM} dummy --cert a.crt --key a.key --host a --force"
    before = {path: path.read_bytes() for path in desk.folder.iterdir()}
    program = pexpect.spawn("bash", ["-c", line], cwd=str(desk.folder), timeout=10, encoding="utf-8")
    program.expect_exact("prefork-ssl-cert: ")
    program.expect_exact("File too large")
    program.expect(pexpect.EOF)
    assert {path: path.read_bytes() for path in desk.folder.iterdir()} == before


def test_a_link_stays_a_link(desk: Desk) -> None:
    desk.cert("key --out real.key --no-passphrase")
    (desk / "a.key").symlink_to("real.key")
    before = (desk / "real.key").read_bytes()
    desk.cert("key --out a.key --no-passphrase --force")
    assert (desk / "a.key").is_symlink()
    assert (desk / "real.key").read_bytes() != before
