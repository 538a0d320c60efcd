"""The kinds of keys a certificate can have, by the names that TLS configuration uses for them."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    PublicKeyTypes,
)

# Keys that can sign, as a TLS server's must.
PrivateKey = CertificateIssuerPrivateKeyTypes

_NAMES: dict[type[PublicKeyTypes], str] = {
    rsa.RSAPublicKey: "RSA",
    ec.EllipticCurvePublicKey: "EC",
    ed25519.Ed25519PublicKey: "ED25519",
    ed448.Ed448PublicKey: "ED448",
    dsa.DSAPublicKey: "DSA",
    mldsa.MLDSA44PublicKey: "ML-DSA-44",
    mldsa.MLDSA65PublicKey: "ML-DSA-65",
    mldsa.MLDSA87PublicKey: "ML-DSA-87",
}


def key_type(public_key: PublicKeyTypes) -> str | None:
    """ "RSA", "EC", "ED25519"..., or None for a key that cannot sign (X25519, DH)."""
    return next((name for kind, name in _NAMES.items() if isinstance(public_key, kind)), None)


def key_bits(public_key: PublicKeyTypes) -> int | None:
    """The size of an RSA, DSA or EC key in bits; None for the kinds that have one size only."""
    if isinstance(public_key, rsa.RSAPublicKey | dsa.DSAPublicKey | ec.EllipticCurvePublicKey):
        return public_key.key_size
    return None
