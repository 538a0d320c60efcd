"""Key pairs: made, written and described."""

import hashlib

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
    PrivateKeyTypes,
    PublicKeyTypes,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.text import colons

# The kinds that may hold or sign a certificate here.
PrivateKey = (
    rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
)
SignatureHash = SHA256 | SHA384 | SHA512

TYPES = ("ec", "rsa", "ed25519")

_CURVES: dict[int, ec.EllipticCurve] = {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}
# Below 2048 bits OpenSSL refuses the key at its default security level.
SMALLEST_RSA, LARGEST_RSA = 2048, 16384


def generate(kind: str, bits: int | None = None) -> PrivateKey:
    """Make a key pair.

    Args:
        kind: `ec` (the NIST curves of 256, 384 or 521 bits; by default 256), `rsa` (2048 to 16384 bits; by
            default 3072) or `ed25519` (no choice of bits).
        bits: the size; None is the default of the kind.

    Raises:
        CertificateError: a size that the kind does not have.
    """
    return _GENERATORS[kind](bits)


def _generate_ec(bits: int | None) -> PrivateKey:
    curve = _CURVES.get(bits or 256)
    if curve is None:
        raise CertificateError(f"an EC key has 256, 384 or 521 bits, not {bits}")
    return ec.generate_private_key(curve)


def _generate_rsa(bits: int | None) -> PrivateKey:
    size = bits or 3072
    if not SMALLEST_RSA <= size <= LARGEST_RSA:
        raise CertificateError(f"an RSA key has {SMALLEST_RSA} to {LARGEST_RSA} bits, not {size}")
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def _generate_ed25519(bits: int | None) -> PrivateKey:
    if bits is not None:
        raise CertificateError("an Ed25519 key has no choice of bits; leave --bits out")
    return ed25519.Ed25519PrivateKey.generate()


_GENERATORS = {"ec": _generate_ec, "rsa": _generate_rsa, "ed25519": _generate_ed25519}


def signature_hash(key: PrivateKey) -> SignatureHash | None:
    """The hash to sign with: as strong as the curve, SHA-256 for RSA, None where the algorithm has one."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _curve_hash(key.curve.key_size)
    return SHA256() if isinstance(key, rsa.RSAPrivateKey) else None


def _curve_hash(bits: int) -> SignatureHash:
    if bits <= 256:
        return SHA256()
    return SHA384() if bits <= 384 else SHA512()


def to_pem(key: PrivateKeyTypes, phrase: bytes | None) -> bytes:
    """PKCS#8 in PEM, encrypted (PBES2, AES-256-CBC) if there is a pass phrase."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection(phrase))


def protection(phrase: bytes | None) -> KeySerializationEncryption:
    """How a private key is written: encrypted under the pass phrase, or open if that is None."""
    return NoEncryption() if phrase is None else BestAvailableEncryption(phrase)


def public_key(holder: x509.Certificate | x509.CertificateSigningRequest) -> CertificatePublicKeyTypes:
    """The public key in a certificate or request; CertificateError if it is malformed or of an unknown kind."""
    try:
        return holder.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"the public key cannot be used: {error}") from error


def fingerprint(key: PublicKeyTypes) -> str:
    """SHA-256 of the SubjectPublicKeyInfo, the same for a key, its requests and its certificates."""
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return colons(hashlib.sha256(encoded).digest())


def description(key: PublicKeyTypes) -> str:
    """What a person calls a key of this kind: `RSA 3072 bits`, `EC secp256r1`, `Ed25519`, ..."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")
