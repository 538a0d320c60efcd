"""Writing keys, certificates, requests and CRLs as PEM, DER or PKCS#12."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.storage.reading import Contents


def to_pem(contents: Contents, phrase: bytes | None) -> bytes:
    """Everything in PEM, the certificates first, in their order; private keys under the pass phrase, if any."""
    return b"".join(_encoded(contents, phrase, Encoding.PEM))


def to_der(contents: Contents, phrase: bytes | None) -> bytes:
    """The one object in DER; CertificateError if there are several, for which DER files have no place."""
    encoded = _encoded(contents, phrase, Encoding.DER)
    if len(encoded) != 1:
        raise CertificateError(f"a DER file holds one object, and here are {len(encoded)}")
    return encoded[0]


def _encoded(contents: Contents, phrase: bytes | None, encoding: Encoding) -> list[bytes]:
    protection = keys.protection(phrase)
    return [
        *(certificate.public_bytes(encoding) for certificate in contents.certificates),
        *(request.public_bytes(encoding) for request in contents.requests),
        *(crl.public_bytes(encoding) for crl in contents.crls),
        *(key.private_bytes(encoding, PrivateFormat.PKCS8, protection) for key in contents.keys),
    ]


def to_pkcs12(contents: Contents, phrase: bytes | None) -> bytes:
    """The key, its certificate and the others as its chain, or certificates alone; AES-256 and SHA-256 throughout.

    Raises:
        CertificateError: there is no certificate, several keys, a key without its certificate, or what PKCS#12 has
            no place for.
    """
    if contents.requests or contents.crls:
        raise CertificateError("PKCS#12 holds keys and certificates, no requests and no CRLs")
    if not contents.certificates or len(contents.keys) > 1:
        raise CertificateError("PKCS#12 needs a certificate, and at most one key with it")
    key, own = _key_and_certificate(contents)
    chain = [certificate for certificate in contents.certificates if certificate is not own]
    try:
        return pkcs12.serialize_key_and_certificates(None, key, own, chain, keys.protection(phrase))
    except ValueError as error:
        # Pass phrases are UTF-16 there (RFC 7292 B.1), so they must be text.
        raise CertificateError(f"this cannot be stored as PKCS#12: {error}") from error


def _key_and_certificate(contents: Contents) -> tuple[keys.PrivateKey | None, x509.Certificate | None]:
    if not contents.keys:
        return None, None
    key = _storable(contents.keys[0])
    for certificate in contents.certificates:
        if keys.public_key(certificate) == key.public_key():
            return key, certificate
    raise CertificateError("none of the certificates belongs to the key")


def _storable(key: PrivateKeyTypes) -> keys.PrivateKey:
    if not isinstance(key, keys.PrivateKey):
        raise CertificateError("the key is no RSA, EC or EdDSA key")
    return key


WRITERS: dict[str, Callable[[Contents, bytes | None], bytes]] = {
    "pem": to_pem,
    "der": to_der,
    "pkcs12": to_pkcs12,
}
