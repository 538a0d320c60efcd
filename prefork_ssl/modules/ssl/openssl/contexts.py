"""What a Context can do in OpenSSL but not in pyOpenSSL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib

# <openssl/ssl.h>; the binding does not name them.
_MODE_ENABLE_PARTIAL_WRITE, _MODE_NO_AUTO_CHAIN = 0x1, 0x8
# SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION
OP_NEW_SESSION_AT_RENEGOTIATION = 1 << 16


def serve_from_memory(context: SSL.Context) -> None:
    """Make the context fit for ServerConnection: a write is whole, an idle connection gives its buffers back, and no
    chain is made up from the CAs that clients are verified with."""
    context.clear_mode(_MODE_ENABLE_PARTIAL_WRITE)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS | _MODE_NO_AUTO_CHAIN)


def set_groups(context: SSL.Context, groups: str) -> None:
    """The key exchange groups in order of preference, as for `openssl s_server -groups`. Raises ValueError."""
    if lib.SSL_CTX_set1_curves_list(context._context, groups.encode("ascii", "replace")) != 1:
        lib.ERR_clear_error()
        raise ValueError(f"{groups!r} names no list of groups that OpenSSL knows")


def answer_alpn(context: SSL.Context, protocols: Sequence[bytes]) -> None:
    """Choose the first of `protocols` that the client offers; refuse a client that offers none (RFC 7301 section 3.2).

    In pyOpenSSL, a refused client would get a handshake without ALPN, or an exception in another connection.
    """
    known = {name: ffi.new("unsigned char[]", name) for name in protocols}

    def select(_ssl: Any, chosen: Any, length: Any, offered: Any, size: int, _arg: Any) -> int:
        names = _alpn_names(bytes(ffi.buffer(offered, size)))
        name = next((name for name in protocols if name in names), None)
        if name is None:
            return lib.SSL_TLSEXT_ERR_ALERT_FATAL  # type: ignore[no-any-return]
        chosen[0], length[0] = known[name], len(name)
        return lib.SSL_TLSEXT_ERR_OK  # type: ignore[no-any-return]

    callback = ffi.callback(
        "int(SSL *, unsigned char **, unsigned char *, const unsigned char *, unsigned int, void *)",
        select,
        error=lib.SSL_TLSEXT_ERR_ALERT_FATAL,
    )
    lib.SSL_CTX_set_alpn_select_cb(context._context, callback, ffi.NULL)
    context._alpn_select_callback = callback  # lives as long as the context


def _alpn_names(data: bytes) -> set[bytes]:
    names = set()
    at = 0
    while at < len(data):
        names.add(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return names
