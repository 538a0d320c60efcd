"""The bytes that arrive on a connection, cut where heads end.

Each head goes to the parser alone, so its size, its line ends and what stands before it are known; and what follows a
message stays here until its turn has come. So pipelined requests wait in at most one read's worth of memory.
"""

from __future__ import annotations

from prefork_ssl.kernel.http.limits import Limits, PacedReader
from prefork_ssl.kernel.request import RequestError
from prefork_ssl.kernel.transport import Deadline, Transport

_END = b"\r\n\r\n"


class Incoming:
    """`pending` arrived and is not yet taken. `head` is what was last taken as one, or as much of it as came. `idle` is
    how many seconds the connection may wait for its next request."""

    __slots__ = ("_first", "_limits", "head", "idle", "pending", "transport")

    def __init__(self, transport: Transport, limits: Limits) -> None:
        self.transport = transport
        self.pending = b""
        self.head: bytes | bytearray = b""
        self.idle = limits.idle
        self._limits = limits
        self._first: PacedReader | None = PacedReader(transport, limits.header_time)

    def read_head(self) -> bytes | None:
        """The next request's head, ended by an empty line; None if the connection ended before one began.

        Raises RequestError, and Deadline if it was not even begun in time.
        """
        data = self.pending or self._wait()
        end = data.find(_END)
        if end < 0 or data[0] <= 0x20:
            data = self._gather(data)
            end = data.find(_END)
            if not data:
                return None
        end += len(_END)
        self._first = None
        self.pending = data[end:]
        self.head = head = data[:end]
        return head

    def _wait(self) -> bytes:
        """The first bytes of a request. The first request of a connection must come like its other parts; for the next
        ones the client may take KeepAliveTimeout."""
        self.head = b""
        if self._first is not None:
            return self._first.read()
        wire = self.transport.wire
        wire.idle = True
        wire.limit(self.idle)
        try:
            return self.transport.read()
        finally:
            wire.idle = False

    def _gather(self, data: bytes) -> bytes:
        """`data` and what follows it, until it has a whole head; b"" if the connection ends before one begins."""
        reader = self._first or PacedReader(self.transport, self._limits.header_time)
        self.head = buffer = bytearray()
        forgiven = False
        while data:
            known = len(buffer)
            buffer += data
            # One empty line before a request is ignored (RFC 9112 section 2.2).
            if not forgiven and buffer.startswith(b"\r\n"):
                del buffer[:2]
                forgiven, known = True, 0
            _check_start(buffer, forgiven)
            if buffer.find(_END, max(known - 3, 0)) >= 0:
                return bytes(buffer)
            _check_unfinished(buffer, known, self._limits)
            data = _read_on(reader, buffer)
        if buffer:
            raise RequestError(400, "The request ended before its header did.")
        return b""


def _read_on(reader: PacedReader, buffer: bytearray) -> bytes:
    try:
        return reader.read()
    except Deadline:
        if not buffer:
            raise
        raise RequestError(408, "The request did not arrive in time.") from None


def _check_start(buffer: bytearray, forgiven: bool) -> None:
    if not buffer or (buffer == b"\r" and not forgiven):
        return
    if not 0x20 < buffer[0] < 0x7F:
        raise RequestError(400, "This is no HTTP request.")


def _check_unfinished(buffer: bytearray, known: int, limits: Limits) -> None:
    """Refuse early what cannot become a head; the first `known` bytes have been looked at before."""
    start = known - 1 if known and buffer[known - 1] == 0x0D else known
    if buffer.count(b"\n", start) > buffer.count(b"\r\n", start):
        raise RequestError(400, "Lines must end with CR LF.")
    if len(buffer) > limits.line and buffer.find(b"\r\n", 0, limits.line + 2) < 0:
        raise RequestError(414, "The request line is too long.")
    if len(buffer) > limits.head:
        raise RequestError(431, "The header of the request is too long.")
