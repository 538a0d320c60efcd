"""What the two sides of a connection agree on, and what they could."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib
from prefork_ssl.modules.ssl.openssl.connection import ServerConnection

_version, _cipher, _group, _string = (
    lib.SSL_version,
    lib.SSL_get_current_cipher,
    lib.SSL_get0_group_name,
    ffi.string,
)

# Cipher suites that are none: of RFC 5746 and RFC 7507.
_SIGNALS = frozenset((0x00FF, 0x5600))


class Agreement(NamedTuple):
    """`protocol` is like "TLSv1.3", `cipher` has OpenSSL's name and `bits`, `group` is where the keys come from (""
    with the old RSA key exchange, or in a session of TLS 1.2 that was resumed)."""

    protocol: str
    cipher: str
    bits: int
    group: str


def agreement(tls: ServerConnection) -> Agreement:
    """What the handshake has agreed on."""
    ssl = tls._ssl
    group = _group(ssl)
    key = (_version(ssl), _cipher(ssl), _string(group) if group else b"")
    agreed = _known.get(key)
    if agreed is None:
        agreed = _known[key] = _described(tls, *key)
    return agreed


# There are as many as OpenSSL knows ciphers and groups; ciphers stay where they are in memory.
_known: dict[tuple[Any, ...], Agreement] = {}


def _described(tls: ServerConnection, _version: int, cipher: Any, group: bytes) -> Agreement:
    name = _string(lib.SSL_CIPHER_get_name(cipher)).decode("ascii")
    bits = lib.SSL_CIPHER_get_bits(cipher, ffi.NULL)
    return Agreement(tls.public.get_protocol_version_name(), name, bits, group.decode("ascii"))


def names_of_ciphers(context: SSL.Context, suites: Iterable[int]) -> list[str]:
    """OpenSSL's names of cipher suites, in their order, without those that it does not know, and without signals."""
    ssl = SSL.Connection(context, None)._ssl
    found = (lib.SSL_CIPHER_find(ssl, suite.to_bytes(2, "big")) for suite in suites if suite not in _SIGNALS)
    return [
        _string(lib.SSL_CIPHER_get_name(cipher)).decode("ascii") for cipher in found if cipher != ffi.NULL
    ]


def allowed_ciphers(context: SSL.Context) -> list[str]:
    """OpenSSL's names of the ciphers that the context allows, best first; those of TLS 1.3 begin with TLS_."""
    return SSL.Connection(context, None).get_cipher_list()
