"""Key pairs: made, read and written."""

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from .errors import CertificateError

PrivateKey = CertificateIssuerPrivateKeyTypes
SignatureHash = SHA256 | SHA384 | SHA512

TYPES = ("ec", "rsa", "ed25519")

_CURVES: dict[int, ec.EllipticCurve] = {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}
_SMALLEST_RSA, _LARGEST_RSA = 2048, 16384


def generate(kind: str, bits: int | None = None) -> PrivateKey:
    """Make a key pair.

    Args:
        kind: `ec` (the NIST curves of 256, 384 or 521 bits; by default 256), `rsa` (2048 to 16384 bits; by default
            3072) or `ed25519` (no choice of bits).
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
    if not _SMALLEST_RSA <= size <= _LARGEST_RSA:
        raise CertificateError(f"an RSA key has {_SMALLEST_RSA} to {_LARGEST_RSA} bits, not {size}")
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def _generate_ed25519(bits: int | None) -> PrivateKey:
    if bits is not None:
        raise CertificateError("an Ed25519 key has no choice of bits; leave --bits out")
    return ed25519.Ed25519PrivateKey.generate()


_GENERATORS = {"ec": _generate_ec, "rsa": _generate_rsa, "ed25519": _generate_ed25519}


def signature_hash(key: PrivateKey) -> SignatureHash | None:
    """The hash to sign with: as strong as the curve, SHA-256 for RSA, None where the algorithm has its own."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _curve_hash(key.curve.key_size)
    return SHA256() if isinstance(key, rsa.RSAPrivateKey | dsa.DSAPrivateKey) else None


def _curve_hash(bits: int) -> SignatureHash:
    if bits <= 256:
        return SHA256()
    return SHA384() if bits <= 384 else SHA512()


def to_pem(key: PrivateKey, phrase: bytes | None) -> bytes:
    """PKCS#8 in PEM, encrypted (PBES2, AES-256-CBC) if there is a pass phrase."""
    protection: KeySerializationEncryption = BestAvailableEncryption(phrase) if phrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
