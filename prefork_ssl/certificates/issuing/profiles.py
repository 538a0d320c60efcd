"""What a certificate is for, and the extensions that say so (RFC 5280 4.2.1)."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID


@dataclass(frozen=True)
class Profile:
    """A purpose: its name, whether the holder may sign certificates, and how many CAs may follow below it."""

    name: str
    extended_usages: tuple[x509.ObjectIdentifier, ...] = ()
    is_ca: bool = False
    path_length: int | None = None


SERVER = Profile("server", (ExtendedKeyUsageOID.SERVER_AUTH,))
CLIENT = Profile("client", (ExtendedKeyUsageOID.CLIENT_AUTH,))
ROOT_CA = Profile("root CA", is_ca=True)
# A CA below ours signs certificates for servers and people, not for further CAs.
SUBORDINATE_CA = Profile("ca", is_ca=True, path_length=0)

# What a CA signs, by name.
SIGNED = {profile.name: profile for profile in (SERVER, CLIENT, SUBORDINATE_CA)}


def extensions(profile: Profile, key: CertificatePublicKeyTypes) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Yield basicConstraints, keyUsage and, unless for a CA, extendedKeyUsage; and whether each is critical."""
    yield x509.BasicConstraints(profile.is_ca, profile.path_length), True
    yield _ca_key_usage() if profile.is_ca else _end_entity_key_usage(key), True
    if profile.extended_usages:
        yield x509.ExtendedKeyUsage(profile.extended_usages), False


def _ca_key_usage() -> x509.KeyUsage:
    return _key_usage(key_cert_sign=True, crl_sign=True)


def _end_entity_key_usage(key: CertificatePublicKeyTypes) -> x509.KeyUsage:
    # Only RSA keys may carry the key exchange itself (TLS 1.2, RFC 5246 7.4.2); the others only sign.
    return _key_usage(digital_signature=True, key_encipherment=isinstance(key, rsa.RSAPublicKey))


def _key_usage(**usages: bool) -> x509.KeyUsage:
    none: dict[str, bool] = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**(none | usages))
