"""prefork-ssl-cert convert: PEM, DER and PKCS#12 as openssl has them, and the same certificate after any journey."""

import stat
from pathlib import Path

import pytest
from blackbox.desk import Desk

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with a.crt, issued by sub.crt, issued by ca.crt; a.key open and b.key encrypted; a request and a CRL."""
    desk = Desk(tmp_path_factory.mktemp("convert"))
    desk.variables |= {"OLD": "opén", "NEW": "second"}
    desk.cert("ca --cert ca.crt --key ca.key --subject /CN=CA --no-passphrase")
    desk.cert("key --out sub.key --no-passphrase")
    desk.cert("key --out a.key --no-passphrase --type rsa --bits 2048")
    desk.cert("request --key sub.key --out sub.csr --subject /CN=Sub")
    desk.cert("request --key a.key --out a.csr --subject /CN=a.test")
    desk.cert("sign --ca-cert ca.crt --ca-key ca.key --request sub.csr --out sub.crt --profile ca")
    desk.cert("sign --ca-cert sub.crt --ca-key sub.key --request a.csr --out a.crt")
    desk.cert("crl --ca-cert ca.crt --ca-key ca.key --out a.crl")
    desk.cert("passphrase --key a.key --out b.key --new-passphrase-env OLD")
    return desk


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A desk of its own with the same files."""
    return made.copy(tmp_path)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a.crt", "x509 -fingerprint"),
        ("a.csr", "req -text"),
        ("a.crl", "crl -fingerprint"),
        ("a.key", "pkey -text"),
    ],
)
def test_der_and_back(desk: Desk, source: str, shown: str) -> None:
    desk.cert(f"convert --in {source} --out x.der --to der")
    desk.cert("convert --in x.der --out x.pem --to pem")
    said = desk.openssl(f"{shown} -in {source} -noout")
    assert desk.openssl(f"{shown} -in x.der -inform DER -noout") == said
    assert desk.openssl(f"{shown} -in x.pem -noout") == said
    private = source.endswith(".key")
    for name in ("x.der", "x.pem"):
        assert stat.S_IMODE((desk / name).stat().st_mode) == (0o600 if private else 0o644)


def test_the_same_fingerprint_through_all_forms(desk: Desk) -> None:
    before = desk.fingerprint("a.crt")
    desk.cert("convert --in a.crt --out 1.der --to der")
    desk.cert("convert --in 1.der a.key sub.crt --out 2.p12 --to pkcs12 --new-passphrase-env NEW")
    desk.cert("convert --in 2.p12 --out 3.pem --to pem --passphrase-env NEW --no-passphrase")
    assert desk.fingerprint("1.der", "-inform DER") == before
    assert desk.fingerprint("3.pem") == before
    assert desk.openssl("pkey -in 3.pem") == desk.openssl("pkey -in a.key")


def test_pkcs12_for_openssl(desk: Desk) -> None:
    desk.cert("convert --in a.crt sub.crt ca.crt a.key --out a.p12 --to pkcs12 --new-passphrase-env OLD")
    assert stat.S_IMODE((desk / "a.p12").stat().st_mode) == 0o600
    said = desk.openssl("pkcs12 -in a.p12 -info -passin env:OLD -nodes -out all.pem")
    assert "MAC: sha256" in said
    assert said.count("PBES2, PBKDF2, AES-256-CBC, Iteration 20000, PRF hmacWithSHA256") == 2
    assert desk.openssl("pkey -in all.pem") == desk.openssl("pkey -in a.key")
    # The holder's own certificate first, then the chain in its order.
    desk.cert("convert --in all.pem --out plain.pem --to pem")
    subjects = [line for line in (desk / "all.pem").read_text().splitlines() if line.startswith("subject=")]
    assert subjects == ["subject=CN = a.test", "subject=CN = Sub", "subject=CN = CA"]
    desk.openssl("pkcs12 -in a.p12 -noout -passin pass:wrong", status=1)


@pytest.mark.parametrize("options", ["", "-legacy", "-keypbe AES-128-CBC -certpbe NONE"])
def test_pkcs12_from_openssl(desk: Desk, options: str) -> None:
    desk.openssl(
        f"pkcs12 -export -in a.crt -inkey a.key -certfile sub.crt -name alias -out o.p12 -passout env:NEW {options}"
    )
    desk.cert("convert --in o.p12 --out o.pem --to pem --passphrase-env NEW")
    assert desk.fingerprint("o.pem") == desk.fingerprint("a.crt")
    # The key stays under the pass phrase of the file it came from.
    assert desk.openssl("pkey -in o.pem -passin env:NEW") == desk.openssl("pkey -in a.key")
    assert (desk / "o.pem").read_text().count("BEGIN CERTIFICATE") == 2


def test_pkcs12_without_a_key(desk: Desk) -> None:
    desk.cert("convert --in ca.crt sub.crt --out cas.p12 --to pkcs12 --no-passphrase")
    shown = desk.openssl("pkcs12 -in cas.p12 -passin pass: -nokeys")
    assert shown.count("BEGIN CERTIFICATE") == 2


def test_an_encrypted_key_stays_encrypted(desk: Desk) -> None:
    desk.cert("convert --in b.key --out x.der --to der --passphrase-env OLD")
    desk.openssl("pkey -in x.der -inform DER -noout -passin env:OLD")
    desk.openssl("pkey -in x.der -inform DER -noout -passin pass:wrong", status=1)
    desk.cert("convert --in a.crt b.key --out x.p12 --to pkcs12 --passphrase-env OLD")
    desk.openssl("pkcs12 -in x.p12 -noout -passin env:OLD")
    desk.cert("convert --in b.key --out x.pem --to pem --passphrase-env OLD --new-passphrase-env NEW")
    desk.openssl("pkey -in x.pem -noout -passin env:NEW")
    desk.cert("convert --in b.key --out open.pem --to pem --passphrase-env OLD --no-passphrase")
    assert desk.openssl("pkey -in open.pem") == desk.openssl("pkey -in a.key")


def test_text_around_pem_is_passed_over(desk: Desk) -> None:
    text = desk.openssl("x509 -in a.crt -text") + "\r\nmore text\r\n" + (desk / "sub.crt").read_text()
    (desk / "text.pem").write_text(text.replace("\n", "\r\n"))
    desk.cert("convert --in text.pem --out clean.pem --to pem")
    assert (desk / "clean.pem").read_text() == (desk / "a.crt").read_text() + (desk / "sub.crt").read_text()


REFUSALS = {
    "--in a.crt --out a.csr --to der": "a.csr exists; --force overwrites it",
    "--in no.crt --out x --to der": "no.crt: No such file or directory",
    "--in . --out x --to der": ".: Is a directory",
    "--in text --out x --to der": "text holds no certificate, request, CRL, private key or PKCS#12",
    "--in empty --out x --to der": "empty holds no certificate, request, CRL, private key or PKCS#12",
    "--in cut.pem --out x --to der": "cut.pem holds no certificate, request, CRL, private key or PKCS#12",
    "--in cut.der --out x --to pem": "cut.der holds no certificate, request, CRL, private key or PKCS#12",
    "--in bad.pem --out x --to der": "a certificate in bad.pem is malformed",
    "--in badkey.pem --out x --to der": "the private key in badkey.pem is malformed or of an unknown kind",
    "--in a.crt a.key --out x --to der": "a DER file holds one object, and here are 2",
    "--in a.crt a.csr --out x --to pkcs12 --no-passphrase": (
        "PKCS#12 holds keys and certificates, no requests and no CRLs"
    ),
    "--in a.key --out x --to pkcs12 --no-passphrase": (
        "PKCS#12 needs a certificate, and at most one key with it"
    ),
    "--in ca.crt a.key --out x --to pkcs12 --no-passphrase": "none of the certificates belongs to the key",
    "--in a.crt a.key --out x --to pkcs12": (
        "x needs a pass phrase and there is no terminal: see the pass phrase options of --help"
    ),
    "--in a.crt a.key --out x --to pkcs12 --new-passphrase-exec \"printf '\\377'\"": (
        "this cannot be stored as PKCS#12: password must be valid UTF-8"
    ),
    "--in b.key --out x --to der --passphrase-env NEW": "wrong pass phrase for b.key",
    "--in a.p12 --out x --to pem --passphrase-env NEW": "wrong pass phrase for a.p12, or it is malformed PKCS#12",
    "--in cut.p12 --out x --to pem --passphrase-env OLD": (
        "wrong pass phrase for cut.p12, or it is malformed PKCS#12"
    ),
    "--in a.crt --out no/x --to der": "cannot write no/x: there is no directory no",
}


@pytest.fixture(scope="module")
def full_desk(made: Desk) -> Desk:
    made.cert("convert --in a.crt --out a.der --to der")
    made.cert("convert --in a.crt a.key --out a.p12 --to pkcs12 --new-passphrase-env OLD")
    for name, source in {"cut.pem": "a.crt", "cut.der": "a.der", "cut.p12": "a.p12"}.items():
        (made / name).write_bytes((made / source).read_bytes()[:400])
    (made / "empty").touch()
    (made / "text").write_text("Dear Sir or Madam\n")
    (made / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
    (made / "badkey.pem").write_text("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n")
    return made


@pytest.mark.parametrize("options", REFUSALS)
def test_refusals(full_desk: Desk, options: str) -> None:
    assert full_desk.refused(f"convert {options}") == REFUSALS[options]
