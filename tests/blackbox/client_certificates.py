"""Certificates of clients, good ones and all kinds of bad ones, and the CAs that they are from; made by the library."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blackbox.authority import Pair, PrivateKey, ec_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def name(common_name: str, organisation: str = "Clients", **more: str) -> x509.Name:
    """A distinguished name; `more` are attributes by their names in NameOID."""
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        *(x509.NameAttribute(getattr(NameOID, oid), value) for oid, value in more.items()),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ]
    return x509.Name(attributes)


@dataclass
class Issuer:
    """A CA. `file` has its certificate; `above` are those between it and the root, which a client has to send."""

    folder: Path
    subject: x509.Name
    signer: Issuer | None = None
    key: PrivateKey = field(default_factory=ec_key)

    def __post_init__(self) -> None:
        self.certificate = self.issue(self.subject, self.key, self.signer or self, extensions=_CA)
        self.above: tuple[x509.Certificate, ...] = (
            (self.certificate, *self.signer.above) if self.signer else ()
        )
        self.file = self.folder / f"{self._stem}.crt"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    @property
    def _stem(self) -> str:
        return self.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value.replace(" ", "-")  # type: ignore

    def issue(
        self,
        subject: x509.Name,
        key: PrivateKey,
        signer: Issuer,
        *,
        begins: datetime.timedelta = -DAY,
        ends: datetime.timedelta = 2 * DAY,
        extensions: Iterable[x509.ExtensionType] = (),
    ) -> x509.Certificate:
        """A certificate by `signer`."""
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(signer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(signer.key, hashes.SHA256())

    def client(
        self,
        stem: str,
        subject: x509.Name | None = None,
        *,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
        extensions: Sequence[x509.ExtensionType] = (),
        begins: datetime.timedelta = -DAY,
        ends: datetime.timedelta = 2 * DAY,
        chain: bool = True,
    ) -> Pair:
        """A client's certificate in STEM.crt, followed by its intermediates unless not `chain`, and its key."""
        key = ec_key()
        certificate = self.issue(
            subject or name(stem),
            key,
            self,
            begins=begins,
            ends=ends,
            extensions=(*_LEAF, x509.ExtendedKeyUsage([usage]), *extensions),
        )
        return write_pair(self.folder, stem, [certificate, *(self.above if chain else ())], key)

    def crl(self, *revoked: Pair, ends: datetime.timedelta = 2 * DAY) -> Path:
        """A CRL, in a file of its own."""
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.subject)
            .last_update(now - 7 * DAY)
            .next_update(now + ends)
        )
        for pair in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(pair.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(now - DAY).build())
        file = self.folder / f"{self._stem}.crl"
        file.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM))
        return file


def self_signed(folder: Path, stem: str) -> Pair:
    """A certificate that nobody vouches for."""
    issuer = Issuer(folder, name(f"{stem} signer"))
    issuer.subject, issuer.key = name(stem), ec_key()
    certificate = issuer.issue(issuer.subject, issuer.key, issuer, extensions=_LEAF)
    return write_pair(folder, stem, [certificate], issuer.key)


def write_pair(folder: Path, stem: str, chain: Sequence[x509.Certificate], key: PrivateKey) -> Pair:
    """A certificate with what follows it, and its key, in files."""
    pair = Pair(folder / f"{stem}.crt", folder / f"{stem}.key")
    pair.cert.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair


def resigned(certificate: x509.Certificate, signer: Issuer, old: bytes, new: bytes) -> bytes:
    """The certificate (DER) with the last `old` in it replaced (the subject comes after the issuer), signed anew."""
    signed = certificate.tbs_certificate_bytes
    begin = signed.rindex(old)
    changed = signed[:begin] + new + signed[begin + len(old) :]
    der = certificate.public_bytes(Encoding.DER)
    after = der.index(signed) + len(signed)
    algorithm = der[after : after + 2 + der[after + 1]]
    signature = signer.key.sign(changed, ec.ECDSA(hashes.SHA256()))  # type: ignore
    content = changed + algorithm + b"\x03" + bytes((len(signature) + 1, 0)) + signature
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


_LEAF = (x509.BasicConstraints(ca=False, path_length=None),)
_CA = (
    x509.BasicConstraints(ca=True, path_length=None),
    x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    ),
)


class Wallet:
    """One of each, in files of one folder. `root` is the CA that servers believe; `middle` is below it, and `low` below
    that. `stranger` is a CA that nobody knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = Issuer(folder, name("Client Root"))
        self.middle = Issuer(folder, name("Client Middle"), self.root)
        self.low = Issuer(folder, name("Client Low"), self.middle)
        self.stranger = Issuer(folder, name("Stranger", "Snake Oil"))
        self.ok = self.root.client("ok")
        self.revoked = self.root.client("revoked")
        self.expired = self.root.client("expired", begins=-3 * DAY, ends=-DAY)
        self.premature = self.root.client("premature", begins=DAY)
        self.for_servers = self.root.client("for-servers", usage=ExtendedKeyUsageOID.SERVER_AUTH)
        self.deep = self.middle.client("deep")
        self.deeper = self.low.client("deeper")
        self.without_chain = self.middle.client("without-chain", chain=False)
        self.snake_oil = self.stranger.client("snake-oil", name("snake-oil", "Snake Oil"))
        self.self_signed = self_signed(folder, "self-signed")
        self.crls = folder / "all.crl"
        crls = self.root.crl(self.revoked), self.middle.crl(), self.low.crl()
        self.crls.write_bytes(b"".join(crl.read_bytes() for crl in crls))
