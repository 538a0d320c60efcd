"""Files of all kinds, whole or damaged: what cannot be used is a CertificateError, nothing else."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.showing import facts, problems
from prefork_ssl.certificates.storage import reading
from prefork_ssl.certificates.terminal import passphrases

KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.test")])
NOW = datetime.datetime(2020, 1, 1)


class Fixed(passphrases.Source):
    """A pass phrase known beforehand."""

    def read(self, what: str) -> bytes:
        return b"phrase"


def _certificate() -> x509.Certificate:
    return (
        x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 1, NOW, NOW)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a.test")]), critical=False)
        .add_extension(x509.BasicConstraints(True, 1), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(KEY, SHA256())
    )


CERTIFICATE = _certificate()
REQUEST = x509.CertificateSigningRequestBuilder(NAME).sign(KEY, SHA256())
CRL = x509.CertificateRevocationListBuilder(NAME, NOW, NOW).sign(KEY, SHA256())
PHRASE = BestAvailableEncryption(b"phrase")
PKCS12 = pkcs12.serialize_key_and_certificates(None, KEY, CERTIFICATE, None, PHRASE)

SAMPLES = {
    "certificate": CERTIFICATE.public_bytes(Encoding.DER),
    "certificate.pem": CERTIFICATE.public_bytes(Encoding.PEM),
    "request": REQUEST.public_bytes(Encoding.DER),
    "request.pem": REQUEST.public_bytes(Encoding.PEM),
    "crl": CRL.public_bytes(Encoding.DER),
    "crl.pem": CRL.public_bytes(Encoding.PEM),
    "key": KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    "key.pem": KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "encrypted": KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, PHRASE),
    "encrypted.pem": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PHRASE),
    "traditional.pem": KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, PHRASE),
    "pkcs12": PKCS12,
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_file_holds(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(SAMPLES[name])
    found = reading.contents(tmp_path / name, Fixed())
    kind = name.partition(".")[0]
    assert found.certificates == ([CERTIFICATE] if kind in ("certificate", "pkcs12") else [])
    assert found.requests == ([REQUEST] if kind == "request" else [])
    assert found.crls == ([CRL] if kind == "crl" else [])
    publics = [key.public_key() for key in found.keys]
    assert publics == ([KEY.public_key()] if kind in ("key", "encrypted", "traditional", "pkcs12") else [])
    assert found.phrase == (b"phrase" if kind in ("encrypted", "traditional", "pkcs12") else None)


DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=3)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(SAMPLES)), DAMAGE, st.integers(0, 1))
def test_damage_is_a_certificate_error(
    tmp_path: Path, name: str, damage: list[tuple[float, int]], cut: int
) -> None:
    data = bytearray(SAMPLES[name])
    for place, value in damage:
        data[int(place * len(data))] = value
    path = tmp_path / "damaged"
    path.write_bytes(data[: len(data) - cut])
    try:
        found = reading.contents(path, Fixed())
        facts.of_contents(found)
        list(problems.of_chain(found.certificates))
        list(problems.of_keys(found.certificates, found.keys))
    except CertificateError:
        pass


def test_a_certificate_is_read_without_opening_the_key_beside_it(tmp_path: Path) -> None:
    (tmp_path / "both").write_bytes(SAMPLES["encrypted.pem"] + b"text\n" + SAMPLES["certificate.pem"])
    assert reading.certificate(tmp_path / "both") == CERTIFICATE
    with pytest.raises(CertificateError, match="encrypted, and no pass phrase"):
        reading.private_key(tmp_path / "both", passphrases.Open())


def test_what_is_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "both").write_bytes(SAMPLES["encrypted.pem"] + SAMPLES["certificate.pem"])
    with pytest.raises(
        CertificateError, match="both holds a private key and a certificate, not a certificate request"
    ):
        reading.request(tmp_path / "both")
