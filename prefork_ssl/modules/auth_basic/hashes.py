"""Whether a password is the one that was hashed."""

from __future__ import annotations

from passlib.context import CryptContext

# What htpasswd writes, and what it and crypt(3) wrote in former times. Without a sign of its own, it is DES.
_CONTEXT = CryptContext(
    ["bcrypt", "apr_md5_crypt", "sha512_crypt", "sha256_crypt", "ldap_sha1", "md5_crypt", "des_crypt"]
)


class UnknownHash(Exception):
    """What is stored is no hash of a kind that is known here."""


def is_hash_of(stored: str, password: bytes) -> bool:
    """Whether `stored` was made of `password`; takes as long as the hash is made to take. Raises UnknownHash."""
    if _CONTEXT.identify(stored) is None:
        raise UnknownHash
    try:
        return bool(_CONTEXT.verify(password, stored))
    except ValueError:  # a password that is too long, or has a NUL, or a hash that is cut off
        return False
