"""What HTTP is spoken through on a TLS port: the transport of a connection after its handshake, and that of a client
which did not speak TLS and is to be told so."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NoReturn

from prefork_ssl.kernel.request import FileBody
from prefork_ssl.kernel.transport import SLICE, Transport, Wire
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
from prefork_ssl.modules.ssl.hosts.table import TLSHost
from prefork_ssl.modules.ssl.log import events
from prefork_ssl.modules.ssl.openssl import OUTPUT_SIZE, WRITE_SIZE, Error, ServerConnection


class TLSFailure(ConnectionError):
    """The peer did not keep to TLS. It has been logged."""


class TLSTransport(Transport):
    """A connection after its handshake. `host` is the virtual host whose Context it has, `hello` what the client
    offered."""

    secure = True

    def __init__(self, wire: Wire, tls: ServerConnection, host: TLSHost, hello: ClientHello) -> None:
        super().__init__(wire)
        self.tls = tls
        self.host = host
        self.hello = hello
        # What variables were asked for: they hold for the whole connection.
        self.variables: dict[str, str] = {}

    def __del__(self) -> None:
        self.tls.keep_session()

    @property
    def server_name(self) -> str | None:
        """The name that the client asked for, if it did."""
        return self.hello.server_name

    def read(self) -> bytes:
        """See Transport. The end of the peer's side is its close_notify, or that of the TCP connection: HTTP tells from
        its own framing whether something is missing."""
        tls = self.tls
        while True:
            try:
                data = tls.plaintext()
            except Error as error:
                self._fail(error)
            if data is not None:
                return data
            self.flush()
            tls.release_memory()
            if not receive(self.wire, tls):
                return b""

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

    def send_file(self, body: FileBody) -> int:
        """See Transport."""
        offset, end = body.offset, body.offset + body.count
        others_turn = offset + SLICE
        while offset < end:
            data = os.pread(body.fd, min(WRITE_SIZE, end - offset), offset)
            if not data:
                break
            self.write(data)
            offset += len(data)
            if offset >= others_turn:
                others_turn = offset + SLICE
                self.wire.wait_writable()
        return offset - body.offset

    def shutdown(self) -> None:
        """Say close_notify, without waiting for the peer's (RFC 8446 section 6.1)."""
        self.tls.end()
        send_at_once(self.wire, self.tls)

    def flush(self) -> None:
        """Send what OpenSSL wants to have sent."""
        size = OUTPUT_SIZE
        while size == OUTPUT_SIZE:
            piece = self.tls.output()
            if piece is None:
                return
            size = len(piece)
            try:
                sent = self.wire.sock.send(piece)
            except BlockingIOError:
                sent = 0
            if sent < size:
                super().write(bytes(piece[sent:]))

    def _fail(self, error: Error) -> NoReturn:
        send_at_once(self.wire, self.tls)
        events.record_failed(self.host, self.wire.peer, error)
        raise TLSFailure from error


class PlainTransport(Transport):
    """The connection of a client that speaks plain HTTP on a TLS port, whose first bytes were already received."""

    def __init__(self, wire: Wire, received: bytes) -> None:
        super().__init__(wire)
        self._received = received

    def read(self) -> bytes:
        """See Transport."""
        data, self._received = self._received, b""
        return data or super().read()


def receive(wire: Wire, tls: ServerConnection) -> int:
    """Wait for more from the peer; the number of bytes, 0 when it has ended its side."""
    while True:
        wire.wait_readable()
        try:
            return tls.receive(wire.sock)
        except BlockingIOError:
            continue


def send_at_once(wire: Wire, tls: ServerConnection) -> None:
    """Send the last that there is to say, close_notify or an alert, if the network takes it at once: a peer that is
    gone, or does not read, need not be told."""
    piece = tls.output()
    if piece:
        with suppress(OSError):
            wire.sock.send(piece)
