"""Cutting a file into the objects it holds, whatever their form: PEM with any text around it, DER, or PKCS#12.

Nothing that is encrypted is opened here, so nobody is asked for a pass phrase to find out what a file is.
"""

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from prefork_ssl.certificates.errors import CertificateError


class Kind(enum.Enum):
    """What a block is; the value is how a person calls it."""

    CERTIFICATE = "a certificate"
    REQUEST = "a certificate request"
    CRL = "a CRL"
    KEY = "a private key"
    PKCS12 = "PKCS#12"


@dataclass(frozen=True)
class Block:
    """One object in a file: PEM with its framing, or the whole of a DER file."""

    kind: Kind
    data: bytes
    is_pem: bool


_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)

# RFC 7468, and the labels that OpenSSL wrote before it. Parameters and public keys are passed over.
_LABELS = {
    b"CERTIFICATE": Kind.CERTIFICATE,
    b"X509 CERTIFICATE": Kind.CERTIFICATE,
    b"CERTIFICATE REQUEST": Kind.REQUEST,
    b"NEW CERTIFICATE REQUEST": Kind.REQUEST,
    b"X509 CRL": Kind.CRL,
    b"PRIVATE KEY": Kind.KEY,
    b"ENCRYPTED PRIVATE KEY": Kind.KEY,
    b"RSA PRIVATE KEY": Kind.KEY,
    b"EC PRIVATE KEY": Kind.KEY,
    b"DSA PRIVATE KEY": Kind.KEY,
}

# RFC 7292 4: a PFX is a SEQUENCE that begins with the version, 3; the length may be indefinite (BER).
_PFX = re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83.{3}|\x84.{4})\x02\x01\x03\x30", re.DOTALL)

# What the library raises for an object that is not as it should be.
MALFORMED = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def blocks(path: Path) -> list[Block]:
    """Cut the file into its blocks.

    Raises:
        CertificateError: the file holds none.
        OSError: the file cannot be read.
    """
    data = path.read_bytes()
    found = list(_pem_blocks(data)) or list(_der_block(data))
    if not found:
        raise CertificateError(f"{path} holds no certificate, request, CRL, private key or PKCS#12")
    return found


def _pem_blocks(data: bytes) -> Iterator[Block]:
    for framed in _PEM.finditer(data):
        kind = _LABELS.get(framed[1])
        if kind is not None:
            yield Block(kind, framed[0] + b"\n", is_pem=True)


def _der_block(data: bytes) -> Iterator[Block]:
    kinds = [kind for kind, recognises in _DER_KINDS.items() if recognises(data)]
    if kinds:
        yield Block(kinds[0], data, is_pem=False)


def _loads(load: Callable[[bytes], object]) -> Callable[[bytes], bool]:
    def recognises(data: bytes) -> bool:
        try:
            load(data)
        except MALFORMED:
            return False
        return True

    return recognises


def _is_key(data: bytes) -> bool:
    try:
        load_der_private_key(data, None)
    except ValueError:
        return False
    except (TypeError, UnsupportedAlgorithm):
        # Encrypted, or of a kind that cryptography does not know: a key all the same.
        return True
    return True


_DER_KINDS: dict[Kind, Callable[[bytes], bool]] = {
    Kind.PKCS12: lambda data: _PFX.match(data) is not None,
    Kind.CERTIFICATE: _loads(x509.load_der_x509_certificate),
    Kind.REQUEST: _loads(x509.load_der_x509_csr),
    Kind.CRL: _loads(x509.load_der_x509_crl),
    Kind.KEY: _is_key,
}
