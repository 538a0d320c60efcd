"""SSL_SESSION as DER."""

from __future__ import annotations

from typing import Any

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib

_i2d, _SSL_get_session = lib.i2d_SSL_SESSION, lib.SSL_get_session


def encoded_session(ssl: Any) -> bytes:
    """The session of an SSL *, its secrets included; b"" if it has none."""
    session = _SSL_get_session(ssl)
    if not session:
        return b""
    data = ffi.new("unsigned char[]", _i2d(session, ffi.NULL))
    length = _i2d(session, ffi.new("unsigned char **", data))
    return ffi.buffer(data, length)[:]  # type: ignore[no-any-return]


def session_id(der: bytes) -> bytes:
    """The id in an encoded session, the fourth element of the sequence (OpenSSL, ssl/ssl_asn1.c); b"" for none."""
    if not der:
        return b""
    at = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    for _ in range(3):  # structure version, protocol version, cipher: all shorter than 128 bytes
        at += 2 + der[at + 1]
    return der[at + 2 : at + 2 + der[at + 1]]
