"""What a connection reads and writes through: a Wire (the socket and its waiting), and on it a Transport.

Both belong to one greenlet. Calls wait on the worker's loop without blocking other connections, and raise Deadline when
the time given by `limit` is over, ConnectionError when the peer is gone. Deadlines cost no timer: the worker's sweep
looks at all wires a few times a second and interrupts those that wait for too long.

One libev watcher per direction lives as long as the connection. Stopping and starting it within one turn of the loop
makes no system call.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from gevent import get_hub
from greenlet import getcurrent, greenlet

from prefork_ssl.kernel.request import FileBody

# The most that one read returns: a TLS record's payload (RFC 8446 section 5.1), and one pass through the parser.
READ_SIZE = 16384

_READ, _WRITE = 1, 2  # libev's EV_READ, EV_WRITE


class Deadline(Exception):
    """The time given by Wire.limit is over, or the worker ends an idle connection."""


class Wire:
    """A connected, non-blocking socket that a greenlet can wait for.

    `peer` and `local` are (address, port). `idle` is true while the connection waits for a request to begin: a worker
    that drains may end it then. `deadline` is in the loop's time.
    """

    __slots__ = ("_hub", "_reader", "_waiting", "_writer", "deadline", "idle", "local", "peer", "sock")

    def __init__(self, sock: socket.socket, peer: tuple[str, int], local: tuple[str, int]) -> None:
        self.sock = sock
        self.peer = peer
        self.local = local
        self.idle = False
        self.deadline = float("inf")
        self._hub = get_hub()
        self._waiting: greenlet | None = None
        self._reader: Any = self._hub.loop.io(sock.fileno(), _READ)
        self._writer: Any = None

    def limit(self, seconds: float) -> None:
        """From now until the next call of limit, what still waits after `seconds` raises Deadline."""
        self.deadline = self._hub.loop.now() + seconds

    def interrupt(self, error: Exception) -> None:
        """Raise `error` in the greenlet that waits here, if one does. Called from the hub only."""
        if self._waiting is not None:
            self._waiting.throw(error)

    def wait_readable(self) -> None:
        """Wait until the socket can be read."""
        self._wait(self._reader)

    def wait_writable(self) -> None:
        """Wait until the socket takes bytes again."""
        if self._writer is None:
            self._writer = self._hub.loop.io(self.sock.fileno(), _WRITE)
        self._wait(self._writer)

    def close(self) -> None:
        """Free the socket and the watchers. Safe to call twice."""
        self._reader.close()
        if self._writer is not None:
            self._writer.close()
        self.sock.close()

    def _wait(self, watcher: Any) -> None:
        current = self._waiting = getcurrent()
        watcher.start(current.switch)
        try:
            self._hub.switch()
        finally:
            watcher.stop()
            self._waiting = None


class Transport:
    """The plain transport, straight on the wire. One that speaks through something else overrides every method.

    `secure` tells whether what is sent is protected against eavesdroppers.
    """

    secure = False

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def read(self) -> bytes:
        """The next 1 to READ_SIZE bytes; b"" when the peer has ended its side."""
        while True:
            try:
                return self.wire.sock.recv(READ_SIZE)
            except BlockingIOError:
                self.wire.wait_readable()

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        view = memoryview(data)
        while view:
            try:
                view = view[self.wire.sock.send(view) :]
            except BlockingIOError:
                self.wire.wait_writable()

    def send_file(self, body: FileBody) -> int:
        """Send `body` and return the bytes sent: fewer than body.count if the file was cut short meanwhile."""
        offset, end = body.offset, body.offset + body.count
        while offset < end:
            try:
                sent = os.sendfile(self.wire.sock.fileno(), body.fd, offset, end - offset)
            except BlockingIOError:
                self.wire.wait_writable()
                continue
            if not sent:
                break
            offset += sent
        return offset - body.offset

    def shutdown(self) -> None:
        """End the conversation in good order, as this protocol has it; the caller closes the wire afterwards."""
        self.wire.sock.shutdown(socket.SHUT_WR)
