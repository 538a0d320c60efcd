"""Names of the numbers in a ClientHello: key exchange groups and signatures (IANA, TLS Parameters)."""

from __future__ import annotations

import re

_GROUPS = {
    19: "P-192",
    21: "P-224",
    22: "secp256k1",
    23: "P-256",
    24: "P-384",
    25: "P-521",
    26: "brainpoolP256r1",
    27: "brainpoolP384r1",
    28: "brainpoolP512r1",
    29: "X25519",
    30: "X448",
    31: "brainpoolP256r1tls13",
    32: "brainpoolP384r1tls13",
    33: "brainpoolP512r1tls13",
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    259: "ffdhe6144",
    260: "ffdhe8192",
    512: "MLKEM512",
    513: "MLKEM768",
    514: "MLKEM1024",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
    4589: "SecP384r1MLKEM1024",
    25497: "X25519Kyber768Draft00",
}
_OTHER_NAMES = {"prime256v1": 23, "secp256r1": 23, "secp384r1": 24, "secp521r1": 25}
_NUMBERS = {name.lower(): number for number, name in _GROUPS.items()} | _OTHER_NAMES

# What OpenSSL allows when nobody says anything.
DEFAULT_GROUPS = ("X25519MLKEM768", "X25519", "P-256", "X448", "P-384", "P-521", "ffdhe2048", "ffdhe3072")

# Name, and the kind of key that makes it.
_SIGNATURES = {
    0x0201: ("rsa_pkcs1_sha1", "RSA"),
    0x0203: ("ecdsa_sha1", "EC"),
    0x0301: ("rsa_pkcs1_sha224", "RSA"),
    0x0303: ("ecdsa_sha224", "EC"),
    0x0401: ("rsa_pkcs1_sha256", "RSA"),
    0x0403: ("ecdsa_secp256r1_sha256", "EC"),
    0x0501: ("rsa_pkcs1_sha384", "RSA"),
    0x0503: ("ecdsa_secp384r1_sha384", "EC"),
    0x0601: ("rsa_pkcs1_sha512", "RSA"),
    0x0603: ("ecdsa_secp521r1_sha512", "EC"),
    0x0804: ("rsa_pss_rsae_sha256", "RSA"),
    0x0805: ("rsa_pss_rsae_sha384", "RSA"),
    0x0806: ("rsa_pss_rsae_sha512", "RSA"),
    0x0807: ("ed25519", "ED25519"),
    0x0808: ("ed448", "ED448"),
    0x0809: ("rsa_pss_pss_sha256", "RSA"),
    0x080A: ("rsa_pss_pss_sha384", "RSA"),
    0x080B: ("rsa_pss_pss_sha512", "RSA"),
    0x081A: ("ecdsa_brainpoolP256r1tls13_sha256", "EC"),
    0x081B: ("ecdsa_brainpoolP384r1tls13_sha384", "EC"),
    0x081C: ("ecdsa_brainpoolP512r1tls13_sha512", "EC"),
    0x0904: ("mldsa44", "ML-DSA-44"),
    0x0905: ("mldsa65", "ML-DSA-65"),
    0x0906: ("mldsa87", "ML-DSA-87"),
}


def group_name(number: int) -> str:
    """As SSLOpenSSLConfCmd Groups writes it; in hexadecimal what has no name here."""
    return _GROUPS.get(number) or f"0x{number:04x}"


def curve_name(name: str) -> str:
    """The name of a curve as SSLOpenSSLConfCmd Groups writes it, from any of its names."""
    number = _NUMBERS.get(name.lower())
    return _GROUPS[number] if number else name


def group_numbers(written: str) -> set[int]:
    """The groups of a list as SSLOpenSSLConfCmd Groups has it; "" and names not known here mean the default."""
    names = [name.lower() for name in re.findall(r"[\w-]+", written)] or [
        name.lower() for name in DEFAULT_GROUPS
    ]
    if not all(name in _NUMBERS for name in names):
        return group_numbers("")
    return {_NUMBERS[name] for name in names}


def signature(number: int) -> tuple[str, str]:
    """The name of a signature, and the kind of key that makes it ("" if that is not known)."""
    return _SIGNATURES.get(number) or (f"0x{number:04x}", "")
