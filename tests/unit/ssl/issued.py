"""Certificates and key files for tests, with everything that can be wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes as PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from prefork_ssl.modules.ssl.keys.keystore import KeySource

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


def ec_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Issued:
    """A certificate and its key. `issuer` signs it, by default the key itself."""

    name: str = "www.example.test"
    names: Sequence[str] | None = ("www.example.test",)
    issuer: Issued | None = None
    key: PrivateKey = field(default_factory=ec_key)
    ca: bool = False
    begins: timedelta = -DAY
    ends: timedelta = 90 * DAY
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    extensions: Iterable[x509.ExtensionType] = ()

    def __post_init__(self) -> None:
        signer = self.issuer or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(_subject(self.name))
            .issuer_name(_subject(signer.name))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + self.begins)
            .not_valid_after(NOW + self.ends)
            .add_extension(x509.BasicConstraints(ca=self.ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        )
        if self.names is not None:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(map(_general_name, self.names)), critical=False
            )
        for extension in self.extensions:
            builder = builder.add_extension(extension, critical=False)
        pure = isinstance(signer.key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
        self.certificate = builder.sign(signer.key, None if pure else self.digest)

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, phrase: bytes | None = None, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
        """The key, encrypted if there is a phrase."""
        encryption = BestAvailableEncryption(phrase) if phrase else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, form, encryption)

    def p12(self, phrase: bytes | None, *chain: Issued) -> bytes:
        """Key, certificate and chain as PKCS#12."""
        encryption = BestAvailableEncryption(phrase) if phrase else NoEncryption()
        others = [other.certificate for other in chain]
        return pkcs12.serialize_key_and_certificates(b"x", self.key, self.certificate, others, encryption)  # type: ignore[arg-type]


def ca(name: str, issuer: Issued | None = None, **more: object) -> Issued:
    """An authority."""
    return Issued(name, None, issuer, ca=True, **more)  # type: ignore[arg-type]


def write(path: Path, data: bytes, mode: int = 0o400) -> Path:
    """Write the file anew: another inode, as every careful program does."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path


def source(
    certificate: Path, key: Path | None = None, chain: Path | None = None, host: str = "www"
) -> KeySource:
    """As if lines 1, 2 and 3 of HOST.conf named the files."""
    return KeySource(
        certificate,
        key or certificate,
        chain,
        f"{host}.example.test:443",
        f"{host}.conf:1",
        f"{host}.conf:2",
        f"{host}.conf:3",
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
