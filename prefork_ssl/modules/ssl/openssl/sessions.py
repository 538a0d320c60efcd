"""Sessions taken out of OpenSSL, and the door to its own cache.

The binding has none of OpenSSL's callbacks for a session cache of one's own. But a session can be written out at any
time, and whether OpenSSL may look into its internal cache can be told it before each call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib
from prefork_ssl.modules.ssl.openssl.connection import ServerConnection
from prefork_ssl.modules.ssl.openssl.encoding import encoded_session

TLS1_3 = SSL.TLS1_3_VERSION

# The internal cache takes in sessions, and gives none out.
DOOR_SHUT = SSL.SESS_CACHE_SERVER | SSL.SESS_CACHE_NO_INTERNAL_LOOKUP
_DOOR_OPEN = SSL.SESS_CACHE_SERVER

# <openssl/ssl.h>, SSL_CB_ACCEPT_LOOP: the server's handshake is done with one state.
ACCEPT_LOOP = 0x2001
_TICKET_WRITTEN = b"SSLv3/TLS write session ticket"

_set_cache_mode, _SSL_version = lib.SSL_CTX_set_session_cache_mode, lib.SSL_version


def version(tls: ServerConnection) -> int:
    """The protocol version of the connection, as on the wire."""
    return _SSL_version(tls._ssl)  # type: ignore[no-any-return]


def session(tls: ServerConnection) -> bytes:
    """What the handshake has agreed on: the SSL_SESSION as DER, its secrets included."""
    return encoded_session(tls._ssl)


def handshake_with_cache(tls: ServerConnection, context: SSL.Context, handshake: Callable[[], bool]) -> bool:
    """Go on with a handshake in this Context, in which OpenSSL may resume what its internal cache holds.

    The Context is set to DOOR_SHUT otherwise. Raises Error.
    """
    pointer = context._context
    _set_cache_mode(pointer, _DOOR_OPEN)
    try:
        return handshake()
    finally:
        _set_cache_mode(pointer, DOOR_SHUT)


class Tickets:
    """The sessions behind the tickets that a handshake in TLS 1.3 gives out.

    With OP_NO_TICKET a ticket is the id of a session which the server keeps. Two are sent in a handshake; when one has
    just been written, the session of the connection is the one that it stands for.
    """

    __slots__ = ("_tls", "sessions")

    def __init__(self, tls: ServerConnection) -> None:
        self._tls = tls
        self.sessions: list[bytes] = []
        lib.SSL_set_info_callback(tls._ssl, _callback)

    def handshake(self) -> bool:
        """Go on with the handshake, as ServerConnection.handshake does. Raises Error."""
        _collecting.append(self.sessions)
        try:
            done = self._tls.handshake()
        finally:
            _collecting.clear()
        if done:
            lib.SSL_set_info_callback(self._tls._ssl, ffi.NULL)
        return done


# Where the handshake that is going on puts its sessions; a worker has one thread.
_collecting: list[list[bytes]] = []


def ticket_written(ssl: Any, where: int, _value: int) -> None:
    """An info callback (SSL_set_info_callback(3)); whoever puts another one in its place during handshakes calls it."""
    if where == ACCEPT_LOOP and _collecting and ffi.string(lib.SSL_state_string_long(ssl)) == _TICKET_WRITTEN:
        _collecting[0].append(encoded_session(ffi.cast("SSL *", ssl)))


_callback = ffi.callback(ffi.typeof(lib.SSL_set_info_callback).args[1], ticket_written)
