"""What certificate and key files hold: PEM, DER, base64 without armour, PKCS#12.

Only bytes in, objects out, or a description of what is wrong. A part that needs a pass phrase comes back as Locked.
OpenSSL calls most of what can be wrong "no start line"; here a file that holds something else says what it holds.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs12

from prefork_ssl.modules.ssl.certificate.parsing import UNREADABLE
from prefork_ssl.modules.ssl.keys.key_types import PrivateKey, key_type
from prefork_ssl.modules.ssl.passphrase.dialog import WrongPhrase
from prefork_ssl.modules.ssl.passphrase.memory import Phrase

T = TypeVar("T")

Certificates = tuple[x509.Certificate, ...]


class Unreadable(Exception):
    """The file does not hold what it should: "holds a private key, not a certificate". `hint` is the remedy."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Locked(Generic[T]):
    """What was looked for is there, but needs a pass phrase.

    `open` raises WrongPhrase, and Unreadable when what appears is of no use. `key_type` is "" if not known before.
    """

    key_type: str
    open: Callable[[Phrase], T]


def certificates_in(data: bytes) -> Certificates | Locked[Certificates]:
    """The certificates of a file, in its order (of PKCS#12: the key's own, then the chain from it upwards).

    Raises:
        Unreadable: there is none, or one of them is damaged.
    """
    if blocks := pem_blocks(data):
        return _pem_certificates(blocks)
    der = der_in(data)
    if _is_pkcs12(der):
        return _from_pkcs12(der, _bundle_certificates)
    return (_der_certificate(der),)


def private_key_in(data: bytes) -> PrivateKey | Locked[PrivateKey]:
    """The first private key of a file.

    Raises:
        Unreadable: there is none, or it is damaged or of no use for TLS.
    """
    if blocks := pem_blocks(data):
        return _pem_private_key(blocks)
    der = der_in(data)
    if _is_pkcs12(der):
        return _from_pkcs12(der, _bundle_key)
    return _der_private_key(der)


# --- PEM (RFC 7468, and the traditional forms of OpenSSL) ---

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s.*?-----END \1-----", re.DOTALL)

_CERTIFICATE_LABELS = {"CERTIFICATE", "X509 CERTIFICATE"}
_KEY_LABELS = {  # and what the label tells of the key
    "PRIVATE KEY": "",
    "ENCRYPTED PRIVATE KEY": "",
    "RSA PRIVATE KEY": "RSA",
    "EC PRIVATE KEY": "EC",
    "DSA PRIVATE KEY": "DSA",
}
_SWAPPED = "are SSLCertificateFile and SSLCertificateKeyFile swapped, or is the wrong file named?"
_OTHERS = {
    "CERTIFICATE REQUEST": ("a certificate request", "the certificate is what the CA sends back for it"),
    "NEW CERTIFICATE REQUEST": ("a certificate request", "the certificate is what the CA sends back for it"),
    "TRUSTED CERTIFICATE": ("OpenSSL's TRUSTED CERTIFICATE", "convert it: openssl x509 -in OLD -out NEW"),
    "PKCS7": ("a PKCS#7 bundle", "convert it: openssl pkcs7 -print_certs -in OLD -out NEW"),
    "X509 CRL": ("a revocation list", "revocation lists go into SSLCARevocationFile"),
    "PUBLIC KEY": ("only a public key", "name the private key that belongs to it"),
    "RSA PUBLIC KEY": ("only a public key", "name the private key that belongs to it"),
    "OPENSSH PRIVATE KEY": ("a key in OpenSSH's own format", "convert a copy: ssh-keygen -p -m PEM -f COPY"),
}
_NOTHING = ("nothing of use", "it needs a -----BEGIN ...----- block of that kind")


@dataclass(frozen=True, slots=True)
class Block:
    label: str
    text: bytes


def pem_blocks(data: bytes) -> list[Block]:
    """All blocks of a PEM file; none if it is not PEM."""
    blocks = [Block(match[1].decode(), match[0]) for match in _BLOCK.finditer(data)]
    begun = [label.decode() for label in _BEGIN.findall(data)]
    if len(blocks) < len(begun):
        cut = next(
            (label for label, block in zip(begun, blocks, strict=False) if label != block.label), begun[-1]
        )
        raise Unreadable(
            f"is truncated: -----BEGIN {cut}----- without its END line", "copy the whole file again"
        )
    return blocks


def _pem_certificates(blocks: list[Block]) -> Certificates:
    wanted = [block.text for block in blocks if block.label in _CERTIFICATE_LABELS]
    if not wanted:
        raise _holds_something_else(blocks, "a certificate")
    return tuple(
        _certificate(x509.load_pem_x509_certificate, text, number) for number, text in enumerate(wanted, 1)
    )


def _pem_private_key(blocks: list[Block]) -> PrivateKey | Locked[PrivateKey]:
    block = next((block for block in blocks if block.label in _KEY_LABELS), None)
    if block is None:
        raise _holds_something_else(blocks, "a private key")
    return _key_or_locked(load_pem_private_key, block.text, _KEY_LABELS[block.label])


def _holds_something_else(blocks: list[Block], wanted: str) -> Unreadable:
    labels = [block.label for block in blocks]
    if _CERTIFICATE_LABELS.intersection(labels):
        found, hint = "a certificate", _SWAPPED
    elif _KEY_LABELS.keys() & labels:
        found, hint = "a private key", _SWAPPED
    else:
        found, hint = next((_OTHERS[label] for label in labels if label in _OTHERS), _NOTHING)
    return Unreadable(f"holds {found}, not {wanted}", hint)


# --- DER (X.690), raw or as base64 ---

_SEQUENCE, _VERSION_3 = 0x30, b"\x02\x01\x03"


def der_in(data: bytes) -> bytes:
    """The one DER element that the file holds, without what may follow it."""
    if not data.strip():
        raise Unreadable("is empty", "copy the file again")
    der = data if data[0] == _SEQUENCE else _without_base64(data)
    start, length = _header(der)
    if start + length > len(der):
        raise Unreadable(
            f"is truncated: {len(der)} of {start + length} bytes of DER", "copy the whole file again"
        )
    return der[: start + length]


def _without_base64(data: bytes) -> bytes:
    try:
        der = base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error:
        der = b""
    if der[:1] != bytes([_SEQUENCE]):
        raise Unreadable(
            "holds neither PEM nor DER: there is no -----BEGIN line",
            "name a file with a certificate, key or CRL in PEM, or convert it",
        )
    return der


def _header(der: bytes) -> tuple[int, int]:
    """Where the contents of the first element begin, and their length (X.690 8.1.3)."""
    short = der[1] if len(der) > 1 else 0
    if short < 0x80:
        return 2, short
    size = short & 0x7F
    return 2 + size, int.from_bytes(der[2 : 2 + size], "big")


def _der_certificate(der: bytes) -> x509.Certificate:
    try:
        return _certificate(x509.load_der_x509_certificate, der, 1)
    except Unreadable as damaged:
        try:
            _key_or_locked(load_der_private_key, der, "")
        except Unreadable:
            raise damaged from None
        raise Unreadable("holds a private key, not a certificate", _SWAPPED) from None


def _der_private_key(der: bytes) -> PrivateKey | Locked[PrivateKey]:
    try:
        return _key_or_locked(load_der_private_key, der, "")
    except Unreadable as damaged:
        try:
            x509.load_der_x509_certificate(der)
        except UNREADABLE:
            raise damaged from None
        raise Unreadable("holds a certificate, not a private key", _SWAPPED) from None


# --- PKCS#12 (RFC 7292) ---


def _is_pkcs12(der: bytes) -> bool:
    """PFX begins with its version, 3, where keys have 0 or 1 and certificates no number."""
    start, _ = _header(der)
    return der[start : start + len(_VERSION_3)] == _VERSION_3


def _from_pkcs12(der: bytes, part: Callable[[pkcs12.PKCS12KeyAndCertificates], T]) -> T | Locked[T]:
    """Part of a PKCS#12 file, which is encrypted as a whole. A damaged one cannot be told from a wrong phrase."""

    def open_with(phrase: Phrase | None) -> T:
        try:
            bundle = pkcs12.load_pkcs12(der, cast("bytes | None", phrase))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _why_closed(error) from error
        return part(bundle)

    try:
        return open_with(None)
    except WrongPhrase:
        return Locked("PKCS12", open_with)


def _bundle_certificates(bundle: pkcs12.PKCS12KeyAndCertificates) -> Certificates:
    if bundle.cert is None:
        raise Unreadable(
            "holds no certificate that belongs to its key", "export it again with key and certificate"
        )
    return _upwards(bundle.cert.certificate, [extra.certificate for extra in bundle.additional_certs])


def _bundle_key(bundle: pkcs12.PKCS12KeyAndCertificates) -> PrivateKey:
    if bundle.key is None:
        raise Unreadable("holds no private key", "export it again with its key")
    return _useful(bundle.key)


def _upwards(certificate: x509.Certificate, others: list[x509.Certificate]) -> Certificates:
    """The certificate, its issuer, the issuer's issuer... as far as they are among the others, which have no order."""
    chain = [certificate]
    remaining = others.copy()
    while issuer := next((other for other in remaining if other.subject == chain[-1].issuer), None):
        chain.append(issuer)
        remaining.remove(issuer)
    return tuple(chain)


# --- objects ---


def _certificate(load: Callable[[bytes], x509.Certificate], data: bytes, number: int) -> x509.Certificate:
    try:
        certificate = load(data)
        _ = certificate.public_key(), certificate.subject, certificate.issuer  # parsed when first looked at
    except (*UNREADABLE, UnsupportedAlgorithm) as error:
        raise Unreadable(
            f"holds a damaged or unsupported certificate (number {number} in the file): {error}",
            "openssl x509 -noout -text shows what is wrong; copy the file again",
        ) from error
    return certificate


def _key_or_locked(
    load: Callable[..., PrivateKeyTypes], data: bytes, known_type: str
) -> PrivateKey | Locked[PrivateKey]:
    def open_with(phrase: Phrase | None) -> PrivateKey:
        # cryptography takes any bytes-like phrase, though it declares bytes. The validation that is skipped takes 35 ms
        # per key (primality of the factors); _useful tries the key instead.
        return _useful(load(data, cast("bytes | None", phrase), unsafe_skip_rsa_key_validation=True))

    def open_locked(phrase: Phrase) -> PrivateKey:
        try:
            return open_with(phrase)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _why_closed(error) from error

    try:
        return open_with(None)
    except TypeError:  # needs a phrase
        return Locked(known_type, open_locked)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unreadable(
            f"holds a damaged or unsupported private key: {error}",
            "openssl pkey -noout -check shows what is wrong",
        ) from error


def _useful(key: PrivateKeyTypes) -> PrivateKey:
    """The key, if it can sign and, when it is an RSA key, what it signs can be verified."""
    if key_type(key.public_key()) is None:
        raise Unreadable(
            "holds a key that cannot sign, so that TLS cannot use it", "use an RSA, EC or Ed25519 key"
        )
    if isinstance(key, rsa.RSAPrivateKey):
        _try_rsa(key)
    return cast("PrivateKey", key)


def _try_rsa(key: rsa.RSAPrivateKey) -> None:
    message, scheme, digest = b"a private key and its public part", padding.PKCS1v15(), hashes.SHA256()
    try:
        key.public_key().verify(key.sign(message, scheme, digest), message, scheme, digest)
    except (InvalidSignature, ValueError) as error:
        raise Unreadable(
            "holds a damaged RSA key: its own signature cannot be verified",
            "openssl pkey -noout -check shows more",
        ) from error


# What cryptography says of ciphers that it does not know, in the same exception as of wrong phrases.
_UNKNOWN_CIPHER = re.compile("unknown (cipher|key encryption algorithm)", re.IGNORECASE)


def _why_closed(error: ValueError | UnsupportedAlgorithm) -> Unreadable | WrongPhrase:
    """Any other ValueError means a wrong phrase: one in 256 passes the padding and yields garbage of some kind."""
    if isinstance(error, UnsupportedAlgorithm) or _UNKNOWN_CIPHER.search(str(error)):
        return Unreadable(
            f"is encrypted in a way that is not supported: {error}",
            "encrypt it again: openssl pkey -aes256 -in OLD -out NEW",
        )
    return WrongPhrase(str(error))
