"""Reading what files hold, whatever the form: PEM (with any text around it), DER or PKCS#12.

A file is first cut into blocks, each of one kind, without opening anything that is encrypted; so a certificate can be
read from a file that also has an encrypted key, and no pass phrase is asked.
"""

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs12

from . import keys
from .errors import CertificateError
from .passphrases import Source


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


@dataclass
class Contents:
    """All that one or several files hold, opened; `phrase` is the one that opened it, None if nothing was encrypted."""

    certificates: list[x509.Certificate] = field(default_factory=list)
    requests: list[x509.CertificateSigningRequest] = field(default_factory=list)
    crls: list[x509.CertificateRevocationList] = field(default_factory=list)
    keys: list[PrivateKeyTypes] = field(default_factory=list)
    phrase: bytes | None = None

    def __iadd__(self, other: "Contents") -> "Contents":
        self.certificates += other.certificates
        self.requests += other.requests
        self.crls += other.crls
        self.keys += other.keys
        self.phrase = self.phrase or other.phrase
        return self


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

_MALFORMED = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


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
        except _MALFORMED:
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


def certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of a PEM file, or the one of a DER file, in their order; CertificateError if there is none."""
    return [_certificate(block, path) for block in _of_kind(Kind.CERTIFICATE, path)]


def certificate(path: Path) -> x509.Certificate:
    """The first certificate of a file, which in a chain is the holder's own."""
    return certificates(path)[0]


def request(path: Path) -> x509.CertificateSigningRequest:
    """The certificate request in a file."""
    return _request(_of_kind(Kind.REQUEST, path)[0], path)


def private_key(path: Path, source: Source) -> PrivateKeyTypes:
    """The private key in a file; its pass phrase comes from `source` if it is encrypted."""
    return key_and_phrase(path, source)[0]


def signing_key(path: Path, source: Source) -> keys.PrivateKey:
    """The private key in a file, which must be of a kind that certificates are signed with."""
    key = private_key(path, source)
    if not isinstance(key, keys.PrivateKey):
        raise CertificateError(f"the key in {path} is no RSA, EC or EdDSA key")
    return key


def key_and_phrase(path: Path, source: Source) -> tuple[PrivateKeyTypes, bytes | None]:
    """The private key in a file, and the pass phrase that opened it (None: it was not encrypted)."""
    return _open_key(_of_kind(Kind.KEY, path)[0], path, source)


def contents(path: Path, source: Source) -> Contents:
    """Everything in a file, opened.

    Raises:
        CertificateError: nothing is recognised, something is malformed, or the pass phrase is wrong.
        OSError: the file cannot be read.
    """
    result = Contents()
    for block in blocks(path):
        _ADDERS[block.kind](result, block, path, source)
    return result


def _of_kind(kind: Kind, path: Path) -> list[Block]:
    present = blocks(path)
    wanted = [block for block in present if block.kind is kind]
    if not wanted:
        others = " and ".join(dict.fromkeys(block.kind.value for block in present))
        raise CertificateError(f"{path} holds {others}, not {kind.value}")
    return wanted


def _add_certificate(result: Contents, block: Block, path: Path, _source: Source) -> None:
    result.certificates.append(_certificate(block, path))


def _add_request(result: Contents, block: Block, path: Path, _source: Source) -> None:
    result.requests.append(_request(block, path))


def _add_crl(result: Contents, block: Block, path: Path, _source: Source) -> None:
    load = x509.load_pem_x509_crl if block.is_pem else x509.load_der_x509_crl
    crl = _parsed(load, block, path)
    _touch(block.kind, path, lambda: (crl.issuer, crl.extensions))
    result.crls.append(crl)


def _add_key(result: Contents, block: Block, path: Path, source: Source) -> None:
    key, phrase = _open_key(block, path, source)
    result.keys.append(key)
    result.phrase = result.phrase or phrase


def _add_pkcs12(result: Contents, block: Block, path: Path, source: Source) -> None:
    bundle, result.phrase = _open_pkcs12(block.data, path, source)
    if bundle.key is not None:
        result.keys.append(bundle.key)
    stored = [bundle.cert, *bundle.additional_certs]
    result.certificates += [entry.certificate for entry in stored if entry is not None]


_ADDERS: dict[Kind, Callable[[Contents, Block, Path, Source], None]] = {
    Kind.CERTIFICATE: _add_certificate,
    Kind.REQUEST: _add_request,
    Kind.CRL: _add_crl,
    Kind.KEY: _add_key,
    Kind.PKCS12: _add_pkcs12,
}


def _certificate(block: Block, path: Path) -> x509.Certificate:
    load = x509.load_pem_x509_certificate if block.is_pem else x509.load_der_x509_certificate
    loaded = _parsed(load, block, path)
    _touch(block.kind, path, lambda: (loaded.subject, loaded.issuer, loaded.extensions))
    return loaded


def _request(block: Block, path: Path) -> x509.CertificateSigningRequest:
    load = x509.load_pem_x509_csr if block.is_pem else x509.load_der_x509_csr
    loaded = _parsed(load, block, path)
    _touch(block.kind, path, lambda: (loaded.subject, loaded.extensions))
    return loaded


T = TypeVar("T")


def _parsed(load: Callable[[bytes], T], block: Block, path: Path) -> T:
    try:
        return load(block.data)
    except _MALFORMED as error:
        raise CertificateError(f"{block.kind.value} in {path} is malformed") from error


def _touch(kind: Kind, path: Path, parts: Callable[[], object]) -> None:
    # cryptography parses these parts when they are first looked at: bad ones are reported here, once.
    try:
        parts()
    except _MALFORMED as error:
        raise CertificateError(f"{kind.value} in {path} is malformed: {error}") from error


def _open_key(block: Block, path: Path, source: Source) -> tuple[PrivateKeyTypes, bytes | None]:
    load = load_pem_private_key if block.is_pem else load_der_private_key
    try:
        return load(block.data, None), None
    except TypeError:
        # The library's way to say that the key is encrypted.
        return _decrypt_key(load, block, path, source)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"the private key in {path} is malformed or of an unknown kind") from error


def _decrypt_key(
    load: Callable[[bytes, bytes], PrivateKeyTypes], block: Block, path: Path, source: Source
) -> tuple[PrivateKeyTypes, bytes]:
    phrase = source.existing(str(path))
    try:
        return load(block.data, phrase), phrase
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"wrong pass phrase for {path}") from error


def _open_pkcs12(
    data: bytes, path: Path, source: Source
) -> tuple[pkcs12.PKCS12KeyAndCertificates, bytes | None]:
    try:
        return pkcs12.load_pkcs12(data, None), None
    except (ValueError, UnsupportedAlgorithm):
        # The library does not tell a missing pass phrase from a malformed file; with one it does no better.
        phrase = source.existing(str(path))
    try:
        return pkcs12.load_pkcs12(data, phrase), phrase
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"wrong pass phrase for {path}, or it is malformed PKCS#12") from error
