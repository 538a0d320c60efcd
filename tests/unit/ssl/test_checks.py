"""What is said of key material before it goes live, on certificates made for each fault."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from unit.ssl.issued import DAY, NOW, Issued, ca, source, write

from prefork_ssl.modules.ssl.certificate.checks import check
from prefork_ssl.modules.ssl.certificate.description import describe
from prefork_ssl.modules.ssl.certificate.names import uncovered
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.keystore import CertificateMaterial, KeyMaterial, KeyStore
from prefork_ssl.modules.ssl.passphrase.means import Occasion, PassPhraseDialog

NAMES = ["www.example.test"]
ROOT = ca("Root")
INTERMEDIATE = ca("Intermediate", ROOT)
GOOD = Issued(issuer=INTERMEDIATE)


def material(served: Issued, *chain: Issued) -> CertificateMaterial:
    return CertificateMaterial(
        source(Path("/ssl/www.crt"), Path("/ssl/www.key")),
        served.certificate,
        tuple(each.certificate for each in chain),
    )


def found(served: Issued, *chain: Issued, names: list[str] = NAMES) -> list[Finding]:
    return check(material(served, *chain), names, NOW)


def only(findings: list[Finding]) -> str:
    """The one finding, which is a warning about the certificate's line with a remedy."""
    assert len(findings) == 1, findings
    finding = findings[0]
    assert (finding.severity, finding.directive, finding.where) == (
        "warning",
        "SSLCertificateFile",
        "www.conf:1",
    )
    assert finding.hint
    assert "\n" not in str(finding)
    return finding.message


def test_nothing_is_said_of_good_material() -> None:
    assert found(GOOD, INTERMEDIATE, ROOT) == []
    assert found(GOOD) == []
    assert found(Issued(key=ed25519.Ed25519PrivateKey.generate())) == []


# --- key ---


def loaded(folder: Path, certificates: bytes, key: bytes) -> KeyMaterial:
    files = source(write(folder / "www.crt", certificates), write(folder / "www.key", key))
    return KeyStore().load([files], PassPhraseDialog(), Occasion.START).materials[files]


def test_a_key_that_belongs_is_no_finding(tmp_path: Path) -> None:
    assert check(loaded(tmp_path, GOOD.pem + INTERMEDIATE.pem, GOOD.key_pem()), NAMES, NOW) == []


def test_the_key_of_another_certificate_is_an_error_with_the_commands_that_show_it(tmp_path: Path) -> None:
    mismatched = loaded(tmp_path, GOOD.pem, Issued().key_pem())
    (finding,) = check(mismatched, NAMES, NOW)
    assert (finding.severity, finding.directive, finding.where) == (
        "error",
        "SSLCertificateKeyFile",
        "www.conf:2",
    )
    commands = finding.hint.removeprefix("compare: ").split("; ")
    shown = [subprocess.run(command.split(), capture_output=True, check=True).stdout for command in commands]
    assert len(shown) == 2
    assert shown[0] != shown[1]


def test_a_chain_in_the_wrong_order_is_recognised_by_its_key(tmp_path: Path) -> None:
    findings = check(loaded(tmp_path, INTERMEDIATE.pem + GOOD.pem, GOOD.key_pem()), NAMES, NOW)
    (mismatch,) = (finding for finding in findings if finding.severity == "error")
    assert "number 2 in the file: put it first" in mismatch.hint


# --- chain ---


def test_an_unordered_chain() -> None:
    assert "certificate 2 should be what is now certificate 3" in only(found(GOOD, ROOT, INTERMEDIATE))


def test_a_foreign_intermediate() -> None:
    assert "chain is broken: certificate 2 (Other CA) is not CN=Intermediate" in only(
        found(GOOD, ca("Other CA"))
    )


def test_an_intermediate_of_the_right_name_and_another_key() -> None:
    assert "(Intermediate) did not sign the one before" in only(found(GOOD, ca("Intermediate", ROOT)))


def test_certificates_after_a_self_signed_one() -> None:
    assert "(www.example.test) signed itself; nothing can follow" in only(found(Issued(), ROOT))


def test_an_intermediate_that_is_no_authority() -> None:
    impostor = Issued("No CA", issuer=ROOT)
    assert "(No CA) is no CA certificate" in only(found(Issued(issuer=impostor), impostor))


# --- time ---


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (14 * DAY - timedelta(seconds=1), "expires in 13 days"),
        (DAY + timedelta(hours=3), "expires in 1 day ("),
        (timedelta(hours=3), "expires in less than a day"),
        (timedelta(hours=-3), "expired less than a day ago"),
        (-40 * DAY, "expired 40 days ago"),
    ],
)
def test_expiry(ends: timedelta, said: str) -> None:
    message = only(found(Issued(begins=-90 * DAY, ends=ends)))
    assert said in message
    assert f"{NOW + ends:%Y-%m-%d %H:%M} UTC" in message


def test_expiry_is_far_enough_at_fourteen_days() -> None:
    assert found(Issued(ends=14 * DAY)) == []


def test_not_yet_valid() -> None:
    assert "not valid before" in only(found(Issued(begins=DAY)))


def test_an_expired_intermediate_is_named() -> None:
    expired = ca("Old CA", ROOT, begins=-90 * DAY, ends=-DAY)
    assert "intermediate Old CA expired 1 day ago" in only(found(Issued(issuer=expired), expired))


# --- names ---


@pytest.mark.parametrize(
    ("server_name", "certified"),
    [
        ("www.example.test", "www.example.test"),
        ("WWW.Example.TEST.", "www.example.test"),
        ("www.example.test", "*.example.test"),
        ("*.example.test", "*.example.test"),
        ("bücher.example.test", "xn--bcher-kva.example.test"),
        ("xn--bcher-kva.example.test", "xn--bcher-kva.example.test"),
        ("BÜCHER.example.test", "*.example.test"),
        ("straße.test", "xn--strae-oqa.test"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "2001:db8:0:0:0:0:0:1"),
        ("localhost", "localhost"),
    ],
)
def test_covered(server_name: str, certified: str) -> None:
    assert uncovered([server_name], [certified]) == []


@pytest.mark.parametrize(
    ("server_name", "certified"),
    [
        ("example.test", "www.example.test"),
        ("example.test", "*.example.test"),
        ("a.b.example.test", "*.example.test"),
        ("*.example.test", "www.example.test"),
        ("www.example.test", "w*.example.test"),
        ("192.0.2.1", "*.0.2.1"),
        ("192.0.2.1", "192.0.2.2"),
        ("localhost", "*"),
        ("wwwxexample.test", "www.example.test"),
    ],
)
def test_not_covered(server_name: str, certified: str) -> None:
    assert uncovered([server_name], [certified]) == [server_name]


def test_only_the_names_that_are_missing_are_told() -> None:
    message = only(found(GOOD, names=["www.example.test", "shop.example.test", "api.example.test"]))
    assert "not for shop.example.test, api.example.test, only for www.example.test" in message


def test_a_common_name_is_not_enough() -> None:
    assert "no subjectAltName; clients ignore its CN (www.example.test)" in only(found(Issued(names=None)))


# --- purpose and strength ---


def test_a_ca_certificate_for_a_server() -> None:
    assert "CA certificate" in only(found(Issued(ca=True)))


def test_a_client_certificate_for_a_server() -> None:
    client = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    assert "not for servers" in only(found(Issued(extensions=[client])))


@pytest.mark.parametrize(
    "usage", [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]
)
def test_a_server_certificate_says_so(usage: x509.ObjectIdentifier) -> None:
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, usage])
    assert found(Issued(extensions=[both])) == []


def test_a_small_rsa_key() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert "weak key (RSA 1024)" in only(found(Issued(key=key)))


def test_a_small_ec_key() -> None:
    assert "weak key (EC 192)" in only(found(Issued(key=ec.generate_private_key(ec.SECP192R1()))))


def signed_by_openssl(folder: Path, *options: str) -> x509.Certificate:
    """A certificate signed by the openssl program, which still makes SHA-1 and MD5 signatures."""
    key = write(folder / "signed.key", GOOD.key_pem())
    command = ["openssl", "req", "-x509", "-key", key, "-subj", "/CN=www", "-days", "90", *options]
    names = ["-addext", "subjectAltName=DNS:www.example.test", "-addext", "basicConstraints=CA:FALSE"]
    pem = subprocess.run([*command, *names], capture_output=True, check=True).stdout
    return x509.load_pem_x509_certificate(pem)


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_a_weak_signature(tmp_path: Path, digest: str) -> None:
    root = ca("Old Root", key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    authority = write(tmp_path / "ca.crt", root.pem), write(tmp_path / "ca.key", root.key_pem())
    weak = signed_by_openssl(tmp_path, f"-{digest}", "-CA", str(authority[0]), "-CAkey", str(authority[1]))
    served = CertificateMaterial(source(Path("/ssl/www.crt")), weak, (root.certificate,))
    assert f"weak signature ({digest.upper()})" in only(check(served, NAMES, NOW + DAY))


def test_the_signature_of_a_self_signed_certificate_proves_nothing_and_is_not_looked_at(
    tmp_path: Path,
) -> None:
    served = CertificateMaterial(source(Path("/ssl/www.crt")), signed_by_openssl(tmp_path, "-sha1"), ())
    assert check(served, NAMES, NOW + DAY) == []


def test_malformed_extensions_are_told_and_nothing_else_breaks() -> None:
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x04\x03abc")
    assert "malformed extensions" in only(found(Issued(names=None, extensions=[broken])))


# --- description ---


def test_describe() -> None:
    ocsp = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS,
                x509.UniformResourceIdentifier("http://ca.test/ca.crt"),
            ),
            x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.test/")
            ),
        ]
    )
    crl = x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier("http://ca.test/ca.crl")], None, None, None)]
    )
    served = Issued(
        names=["www.example.test", "192.0.2.1"], issuer=ROOT, extensions=[ocsp, crl], ends=30 * DAY
    )
    described = describe(material(served), NOW)
    assert described.file == Path("/ssl/www.crt")
    assert described.server == "www.example.test:443"
    assert described.key == "EC 256"
    assert (described.subject, described.issuer) == ("CN=www.example.test", "CN=Root")
    assert described.names == ("www.example.test", "192.0.2.1")
    assert described.not_after == NOW + 30 * DAY
    assert described.days_left == 30
    assert described.ocsp_urls == ("http://ocsp.test/",)
    assert described.crl_urls == ("http://ca.test/ca.crl",)


def test_describe_what_has_nothing_to_tell() -> None:
    described = describe(material(Issued(names=None, begins=-9 * DAY, ends=-DAY)), NOW)
    assert (described.names, described.ocsp_urls, described.crl_urls, described.days_left) == ((), (), (), -1)
