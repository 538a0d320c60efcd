"""Connections that somebody watches: each step of OpenSSL's state machine, each byte on its way in or out.

Only such a connection pays for it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib
from prefork_ssl.modules.ssl.openssl.connection import ServerConnection, _received_view
from prefork_ssl.modules.ssl.openssl.sessions import ticket_written
from prefork_ssl.modules.ssl.openssl.verification import AskingConnection
from prefork_ssl.modules.ssl.openssl.watchers import Watcher, current

# <openssl/ssl.h>; SSL_CB_LOOP and SSL_CB_EXIT, SSL_CB_READ, and the beginning and end of a handshake.
_LOOP, _EXIT, _READ, _BEGIN, _DONE = 0x01, 0x02, 0x04, 0x10, 0x20
_ALERT = 0x4000


class WatchedConnection(ServerConnection):
    """A ServerConnection whose `watcher` is told of everything."""

    def __init__(self, context: SSL.Context, first_bytes: bytes, watcher: Watcher) -> None:
        super().__init__(context, first_bytes)
        self._watcher = watcher
        watcher.received(first_bytes)

    def receive(self, sock: socket.socket) -> int:
        """See ServerConnection."""
        count = super().receive(sock)
        if count:
            self._watcher.received(bytes(_received_view[:count]))
        return count

    def output(self) -> memoryview | None:
        """See ServerConnection."""
        piece = super().output()
        if piece is not None:
            self._watcher.sent(bytes(piece))
        return piece

    def handshake(self) -> bool:
        """See ServerConnection."""
        with self._watched():
            return super().handshake()

    def plaintext(self) -> bytes | None:
        """See ServerConnection."""
        with self._watched():
            return super().plaintext()

    def end(self) -> None:
        """See ServerConnection."""
        with self._watched():
            super().end()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Each time anew: others put a callback of their own there for a while."""
        lib.SSL_set_info_callback(self._ssl, _told)
        current.append(self._watcher)
        try:
            yield
        finally:
            current.pop()


@ffi.callback(ffi.typeof(lib.SSL_set_info_callback).args[1])  # type: ignore[untyped-decorator]
def _told(ssl: Any, where: int, value: int) -> None:
    ticket_written(ssl, where, value)
    if not current:
        return
    watcher = current[-1]
    if where & _ALERT:
        watcher.alert("received" if where & _READ else "sent", value >> 8, value & 0xFF)
    elif what := _step(where, value):
        watcher.step(what, ffi.string(lib.SSL_state_string_long(ssl)).decode("ascii", "replace"))


def _step(where: int, value: int) -> str:
    if where & _BEGIN:
        return "start"
    if where & _DONE:
        return "done"
    if where & _LOOP:
        return "in"
    if where & _EXIT and value <= 0:
        return "waiting in" if value < 0 else "failed in"
    return ""


class WatchedAskingConnection(WatchedConnection, AskingConnection):
    """The same of one whose client is asked for a certificate."""


def state(tls: ServerConnection) -> str:
    """Where OpenSSL is in the handshake, in its own words."""
    return ffi.string(lib.SSL_state_string_long(tls._ssl)).decode("ascii", "replace")  # type: ignore[no-any-return]
