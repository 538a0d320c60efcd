"""Whether a password is the one that was hashed."""

from __future__ import annotations

from passlib.context import CryptContext

# What htpasswd writes, and what it and crypt(3) wrote in former times. Without a sign of its own, it is DES.
_CONTEXT = CryptContext(
    ["bcrypt", "apr_md5_crypt", "sha512_crypt", "sha256_crypt", "ldap_sha1", "md5_crypt", "des_crypt"]
)

# bcrypt does not look at what follows, and its library refuses it; htpasswd cuts it off.
_BCRYPT, _BCRYPT_SIZE = "$2", 72


def is_hash(stored: str) -> bool:
    """Whether it looks like a hash of a kind that is known here."""
    return _CONTEXT.identify(stored) is not None


def is_hash_of(stored: str, password: bytes) -> bool:
    """Whether `stored`, which is_hash, was made of `password`; takes as long as the hash is made to take."""
    if stored.startswith(_BCRYPT):
        password = password[:_BCRYPT_SIZE]
    try:
        return bool(_CONTEXT.verify(password, stored))
    except ValueError:  # a password that is too long, or has a NUL, or a hash that is cut off
        return False
