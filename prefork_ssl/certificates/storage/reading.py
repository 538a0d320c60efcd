"""Reading certificates, requests, CRLs and keys from files; a pass phrase is asked for only when one is needed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs12

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.storage.blocks import MALFORMED, Block, Kind, blocks
from prefork_ssl.certificates.terminal.passphrases import Source

T = TypeVar("T")


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


def _parsed(load: Callable[[bytes], T], block: Block, path: Path) -> T:
    try:
        return load(block.data)
    except MALFORMED as error:
        raise CertificateError(f"{block.kind.value} in {path} is malformed") from error


def _touch(kind: Kind, path: Path, parts: Callable[[], object]) -> None:
    # cryptography parses these parts when they are first looked at: bad ones are reported here, once.
    try:
        parts()
    except MALFORMED as error:
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
