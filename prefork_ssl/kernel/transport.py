"""What a connection reads and writes through: a Wire (the socket and its waiting), and on it a Transport.

Both belong to one greenlet, or to two of which one reads and the other writes. Calls wait on the worker's loop without
blocking other connections, and raise Deadline when the time is over, ConnectionError when the peer is gone. Deadlines
cost no timer: the worker's sweep looks at all wires a few times a second and interrupts those that wait for too long.

One libev watcher per direction lives as long as the connection. Stopping and starting it within one turn of the loop
makes no system call.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import termios
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from gevent import get_hub
from greenlet import getcurrent, greenlet

from prefork_ssl.kernel.request import FileBody, Request, Response

# The most that one read returns: a TLS record's payload (RFC 8446 section 5.1), and one pass through the parser.
READ_SIZE = 16384

# The most of a response that is sent before other connections have their turn.
SLICE = 1 << 20

# What is thrown away at most of what a peer still sends after the last response.
LINGER_BYTES = 1 << 20

_NEVER = float("inf")

# Where the system writes how many bytes wait to be read.
_WAITING = bytearray(struct.calcsize("i"))

_RESET = struct.pack("ii", 1, 0)  # struct linger: on, no seconds

_READ, _WRITE = 1, 2  # libev's EV_READ, EV_WRITE


class Deadline(Exception):
    """The time given by Wire.limit is over, or the worker ends an idle connection."""


class Wire:
    """A connected, non-blocking socket that a greenlet can wait for.

    `peer` and `local` are (address, port). `idle` is true while the connection waits for a request to begin: a worker
    that drains may end it then. `now()` is the loop's time in seconds, as of the beginning of this turn of the loop;
    `deadline` is in that time. `patience`, once set, is how many seconds each single wait to write may take: while
    bytes go out, a long answer has all the time that it needs (Apache's Timeout).
    """

    __slots__ = (
        "_hub",
        "_reader",
        "_rested",
        "_stirred",
        "_waiting",
        "_writer",
        "_writing",
        "deadline",
        "idle",
        "local",
        "now",
        "patience",
        "peer",
        "sock",
    )

    def __init__(self, sock: socket.socket, peer: tuple[str, int], local: tuple[str, int]) -> None:
        self.sock = sock
        self.peer = peer
        self.local = local
        self.idle = False
        self.deadline = _NEVER
        self.patience: float | None = None
        self._hub = hub = get_hub()
        self.now = hub.loop.now
        self._waiting: greenlet | None = None
        self._writing: greenlet | None = None
        self._rested = 0.0
        self._stirred = False
        self._reader: Any = hub.loop.io(sock.fileno(), _READ)
        self._writer: Any = None

    def limit(self, seconds: float) -> None:
        """From now until the next call of limit, what still waits after `seconds` raises Deadline."""
        self.deadline = self.now() + seconds

    def interrupt(self, error: Exception) -> None:
        """Raise `error` in the greenlet that waits here, if one does; of two, in the one that reads. Called from the
        hub only."""
        waiting = self._waiting or self._writing
        if waiting is not None:
            waiting.throw(error)

    def wait_readable(self) -> None:
        """Wait until the socket can be read."""
        current = self._waiting = getcurrent()
        self._reader.start(current.switch)
        try:
            self._hub.switch()
        finally:
            self._reader.stop()
            self._waiting = None

    def wait_writable(self) -> None:
        """Wait until the socket takes bytes again."""
        if self._writer is None:
            self._writer = self._hub.loop.io(self.sock.fileno(), _WRITE)
        if self.patience is not None:
            self.limit(self.patience)
        current = self._writing = getcurrent()
        self._writer.start(current.switch)
        try:
            self._hub.switch()
        finally:
            self._writer.stop()
            self._writing = None

    def rest(self) -> None:
        """Nobody waits for anything from now on, and anything that comes is a disturbance."""
        self._rested, self._stirred = self._hub.loop.now(), False
        self._reader.start(self._stir)

    def undisturbed(self) -> bool:
        """End the rest; whether nothing has come, the end of the peer's side included."""
        self._reader.stop()
        if self._stirred:
            return False
        # Within one turn of the loop nobody has looked.
        return self._rested != self._hub.loop.now() or self.silent()

    def silent(self) -> bool:
        """Whether there is nothing to read, and the peer has not ended its side."""
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _stir(self) -> None:
        self._reader.stop()
        self._stirred = True

    def unread(self) -> bool:
        """Whether bytes of the peer have arrived that nobody has read."""
        try:
            fcntl.ioctl(self.sock.fileno(), termios.FIONREAD, _WAITING)
        except OSError:
            return False
        return any(_WAITING)

    def linger(self, seconds: float) -> None:
        """Send no more, and throw away what the peer still sends, for a while or until it ends too.

        Closing with unread bytes would make the system reset the connection, and the peer might lose our last answer
        (RFC 9112 section 9.6). Raises nothing.
        """
        self.limit(seconds)
        discarded = 0
        try:
            self.sock.shutdown(socket.SHUT_WR)
            while discarded < LINGER_BYTES and self.now() < self.deadline:
                self.wait_readable()
                received = len(self.sock.recv(READ_SIZE))
                if not received:
                    return
                discarded += received
        except (OSError, Deadline):
            return

    def abort(self) -> None:
        """Let close() reset the connection, so that the peer does not take what it got for the whole."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def close(self) -> None:
        """Free the socket and the watchers. Safe to call twice."""
        self._reader.close()
        if self._writer is not None:
            self._writer.close()
        self.sock.close()


class Transport:
    """The plain transport, straight on the wire. One that speaks through something else overrides every method.

    `secure` tells whether what is sent is protected against eavesdroppers. `renewed` tells that the peer has proven to
    be somebody else during the request that is being answered: what it had sent until then, and of that what nobody has
    read yet (`early`), must not be taken for a request of its new self. `accommodates` are the variables that
    `accommodate` knows.
    """

    secure = False
    renewed = False
    early = b""
    accommodates: frozenset[str] = frozenset()

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._fresh = True

    @cached_property
    def kept(self) -> dict[object, Any]:
        """What modules know of the connection, by keys of their own. It must not refer to the connection."""
        return {}

    def read(self) -> bytes:
        """The next 1 to READ_SIZE bytes; b"" when the peer has ended its side."""
        # All reads but the first wait for their turn in the loop: mostly nothing has arrived yet and trying would be a
        # system call for nothing; and a peer that sends without end does not keep others waiting.
        if not self._fresh:
            self.wire.wait_readable()
        self._fresh = False
        while True:
            try:
                return self.wire.sock.recv(READ_SIZE)
            except BlockingIOError:
                self.wire.wait_readable()

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        sent = self._send(data)
        if sent == len(data):
            return
        view = memoryview(data)[sent:]
        while view:
            self.wire.wait_writable()
            view = view[self._send(view) :]

    def finish(self, data: bytes) -> None:
        """Send all of `data`, the last of the conversation: what shutdown would say goes along with it, if possible."""
        self.write(data)

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

    def refusal(self, request: Request) -> Response | None:
        """What to say to something that cannot be served as a request, if this connection is not for HTTP at all; None:
        what is wrong with it."""
        return None

    def accommodate(self, env: Mapping[str, str]) -> None:
        """Do as those variables of a request (Request.env) say about its connection that are in `accommodates`."""

    def end_output(self) -> None:
        """Tell the peer that nothing more comes from here. It may go on speaking."""
        self.wire.sock.shutdown(socket.SHUT_WR)

    def shutdown(self) -> None:
        """End the conversation in good order, as this protocol has it; the caller closes the wire afterwards."""
        self.end_output()

    def abandon(self) -> None:
        """The conversation broke off: what the peer has got must not look whole. The caller closes the wire."""
        self.wire.abort()

    def _send(self, data: bytes | memoryview) -> int:
        try:
            return self.wire.sock.send(data)
        except BlockingIOError:
            return 0


class HandshakeFailed(ConnectionError):
    """A server does not speak the protocol that it should, or is not who it should be. It has been logged where those
    look who know the protocol; the text is for all others."""


class ClientTransport(Transport):
    """The plain transport as a client has it. Between two requests it may keep the connection, its wire at rest."""

    def quiet(self) -> bool:
        """End the rest; whether the server is still there and has said nothing: else the connection is of no use any
        more."""
        return self.wire.undisturbed()
