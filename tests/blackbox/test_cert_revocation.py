"""prefork-ssl-cert revoke and crl: openssl refuses what is on the list, and accepts what is not."""

import datetime
import re
from pathlib import Path

import pytest
from blackbox.desk import Desk
from cryptography import x509

pytestmark = pytest.mark.needs("openssl")

CA = "--ca-cert ca.crt --ca-key ca.key"
CRL = f"crl {CA} --out ca.crl"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with a CA and its certificates a.crt and b.crt."""
    desk = Desk(tmp_path_factory.mktemp("revocation"))
    desk.cert("ca --cert ca.crt --key ca.key --subject '/O=Example/CN=Example CA' --no-passphrase")
    desk.cert("key --out a.key --no-passphrase")
    for name in "ab":
        desk.cert(f"request --key a.key --out {name}.csr --subject /CN={name}.test")
        desk.cert(f"sign {CA} --request {name}.csr --out {name}.crt")
    return desk


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A desk of its own with the same files."""
    return made.copy(tmp_path)


def test_openssl_refuses_what_was_revoked(desk: Desk) -> None:
    desk.cert(CRL)
    verify = "verify -x509_strict -crl_check -CAfile ca.crt -CRLfile ca.crl"
    desk.openssl(f"{verify} a.crt")
    desk.cert("revoke --ca-cert ca.crt --cert a.crt --reason keyCompromise")
    desk.cert(f"{CRL} --force")
    assert "certificate revoked" in desk.openssl(f"{verify} a.crt", status=2)
    desk.openssl(f"{verify} b.crt")


def test_the_list(desk: Desk) -> None:
    desk.cert("revoke --ca-cert ca.crt --cert a.crt --reason superseded")
    desk.cert("revoke --ca-cert ca.crt --cert b.crt")
    assert desk.cert(f"{CRL} --days 3").startswith("ca.crl: 2 revoked, ")
    text = desk.openssl("crl -in ca.crl -noout -text -CAfile ca.crt")
    assert "verify OK" in text
    assert "Issuer: O = Example, CN = Example CA\n" in text
    # The reason is left out when it is none (RFC 5280 5.3.1).
    assert re.findall(r"CRL Reason Code: *\n +(.*)\n", text) == ["Superseded"]
    revoked = re.findall(r"Serial Number: ([0-9A-F]+)", text)
    assert [f"serial={number}\n" for number in revoked] == [
        desk.openssl(f"x509 -in {name}.crt -noout -serial") for name in "ab"
    ]
    crl = x509.load_pem_x509_crl((desk / "ca.crl").read_bytes())
    assert crl.next_update_utc is not None
    assert crl.next_update_utc - crl.last_update_utc == datetime.timedelta(days=3)
    identifier = re.search(
        r"Subject Key Identifier: *\n +(.*)\n", desk.openssl("x509 -in ca.crt -noout -text")
    )
    assert identifier
    assert f"Authority Key Identifier: \n                {identifier[1]}\n" in text


def test_numbers_grow(desk: Desk) -> None:
    numbers = []
    for _ in range(3):
        desk.cert(f"{CRL} --force")
        numbers.append(int(desk.openssl("crl -in ca.crl -noout -crlnumber").partition("=")[2], 16))
    assert numbers == sorted(set(numbers))


def test_a_ca_with_a_strong_key_signs_lists_as_well(desk: Desk) -> None:
    desk.variables["PHRASE"] = "opén"
    desk.cert("ca --cert x.crt --key x.key --subject /CN=X --type ed25519 --passphrase-env PHRASE")
    desk.cert("crl --ca-cert x.crt --ca-key x.key --out x.crl --passphrase-env PHRASE")
    assert "verify OK" in desk.openssl("crl -in x.crl -noout -CAfile x.crt")


def test_by_serial_number(desk: Desk) -> None:
    number = desk.openssl("x509 -in a.crt -noout -serial").strip().removeprefix("serial=")
    colons = ":".join(re.findall("..", number.lower()))
    # openssl writes an even number of digits.
    plain = number.lstrip("0")
    assert f"/CN=a.test, serial number {plain}." in desk.cert(f"revoke --ca-cert ca.crt --serial {colons}")


def test_a_certificate_that_the_index_does_not_know(desk: Desk) -> None:
    (desk / "ca.crt.index").unlink()
    desk.cert("revoke --ca-cert ca.crt --cert a.crt")
    assert desk.cert(CRL).startswith("ca.crl: 1 revoked, ")


def test_openssl_answers_ocsp_from_the_index(desk: Desk) -> None:
    desk.cert("revoke --ca-cert ca.crt --cert a.crt --reason keyCompromise")
    desk.openssl("ocsp -issuer ca.crt -cert a.crt -cert b.crt -reqout question.der")
    desk.openssl(
        "ocsp -index ca.crt.index -CA ca.crt -rsigner ca.crt -rkey ca.key -reqin question.der -respout answer.der"
    )
    answer = desk.openssl(
        "ocsp -issuer ca.crt -cert a.crt -cert b.crt -respin answer.der -CAfile ca.crt -no_nonce"
    )
    assert "a.crt: revoked" in answer
    assert "Reason: keyCompromise" in answer
    assert "b.crt: good" in answer


def test_an_index_of_openssl_is_read(desk: Desk) -> None:
    line = "R\t301231235959Z\t260101000000Z,keyCompromise\t0A1B\tunknown\t/CN=old\n"
    unspecified = "R\t20551231235959Z\t260101000000Z\t0C\tunknown\t/CN=unspecified\n"
    expired = "E\t210101000000Z\t\t0D\tunknown\t/CN=expired\n"
    (desk / "ca.crt.index").write_text(line + unspecified + expired)
    desk.cert(CRL)
    assert re.findall("Serial Number: (.*)", desk.openssl("crl -in ca.crl -noout -text")) == ["0A1B", "0C"]


REFUSALS = {
    "revoke --ca-cert ca.crt --serial 1": "the CA's index has no certificate with the serial number 1",
    "revoke --ca-cert ca.crt --cert other.crt": "the certificate was not issued by this CA",
    "revoke --ca-cert ca.crt --cert ca.key": "ca.key holds a private key, not a certificate",
    "revoke --ca-cert broken.crt --serial 1": "broken.crt.index:2: this is no line of a CA's index",
    "revoke --ca-cert missing.crt --serial 1": "missing.crt: No such file or directory",
    f"crl {CA} --out a.crt": "a.crt exists; --force overwrites it",
    "crl --ca-cert ca.crt --ca-key a.key --out new.crl": "the key in a.key is not that of the CA in ca.crt",
    "crl --ca-cert no-crl.crt --ca-key ca.key --out new.crl": (
        "the CA may not sign CRLs: its keyUsage lacks cRLSign"
    ),
    f"crl {CA} --out no/new.crl": "cannot write no/new.crl: there is no directory no",
}


def test_refusals(desk: Desk) -> None:
    desk.cert("dummy --cert other.crt --key other.key --host a")
    desk.openssl(
        "req -x509 -new -key ca.key -subj /CN=no-crl -out no-crl.crt -addext keyUsage=critical,keyCertSign"
    )
    (desk / "broken.crt").write_bytes((desk / "ca.crt").read_bytes())
    (desk / "broken.crt.index").write_text(
        "V\t301231235959Z\t\t0A\tunknown\t/CN=a\nV\tnever\t\t0B\tunknown\t/CN=b\n"
    )
    for line, reason in REFUSALS.items():
        assert desk.refused(line) == reason
    desk.cert("revoke --ca-cert ca.crt --cert a.crt")
    assert re.fullmatch(
        r"/CN=a.test was revoked on \d{4}-\d\d-\d\d already",
        desk.refused("revoke --ca-cert ca.crt --cert a.crt"),
    )
