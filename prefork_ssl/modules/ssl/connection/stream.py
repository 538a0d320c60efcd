"""What a client's and a server's side of TLS have in common: plaintext in, records out over a wire."""

from __future__ import annotations

from contextlib import suppress
from typing import NoReturn

from prefork_ssl.kernel.transport import Transport, Wire
from prefork_ssl.modules.ssl.openssl import OUTPUT_SIZE, WRITE_SIZE, Error, MemoryConnection


class TLSStream(Transport):
    """Writes. One greenlet may read while another writes: what OpenSSL answers to what is read waits for its turn if
    the other is in the middle of a record."""

    # Bytes to send behind those that a greenlet is waiting to send.
    _queued: bytearray | None = None

    tls: MemoryConnection

    def __init__(self, wire: Wire, tls: MemoryConnection) -> None:
        super().__init__(wire)
        self.tls = tls

    def write(self, data: bytes) -> None:
        """See Transport."""
        if len(data) > WRITE_SIZE:
            for start in range(0, len(data), WRITE_SIZE):
                self.write(data[start : start + WRITE_SIZE])
        elif data:
            try:
                self.tls.say(data)
            except Error as error:
                self._fail(error)
            self.flush()

    def flush(self) -> None:
        """Send what OpenSSL wants to have sent."""
        size = OUTPUT_SIZE
        while size == OUTPUT_SIZE:
            piece = self.tls.output()
            if piece is None:
                return
            size = len(piece)
            self._send_piece(piece)

    def _send_piece(self, piece: memoryview) -> None:
        if self._queued is not None:
            self._queued += piece
            return
        try:
            sent = self.wire.sock.send(piece)
        except BlockingIOError:
            sent = 0
        if sent < len(piece):
            self._send_rest(bytes(piece[sent:]))

    def _send_rest(self, data: bytes) -> None:
        self._queued = queued = bytearray()
        try:
            while data:
                super().write(data)
                data = bytes(queued)
                queued.clear()
        finally:
            self._queued = None

    def _fail(self, error: Error) -> NoReturn:
        """Tell of an error, and raise a ConnectionError."""
        raise NotImplementedError


def receive(wire: Wire, tls: MemoryConnection) -> int:
    """Wait for more from the peer; the number of bytes, 0 when it has ended its side."""
    while True:
        wire.wait_readable()
        try:
            return tls.receive(wire.sock)
        except BlockingIOError:
            continue


def send_at_once(wire: Wire, tls: MemoryConnection) -> bytes:
    """Send the last that there is to say, close_notify or an alert, if the network takes it at once: a peer that is
    gone, or does not read, need not be told. Returns what there was to say."""
    piece = tls.output()
    if not piece:
        return b""
    with suppress(OSError):
        wire.sock.send(piece)
    return bytes(piece)
