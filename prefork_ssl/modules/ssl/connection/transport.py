"""What HTTP is spoken through on a TLS port: the transport of a connection after its handshake."""

from __future__ import annotations

import os
from collections.abc import Hashable
from contextlib import suppress
from functools import cached_property
from typing import NoReturn

from OpenSSL import SSL

from prefork_ssl.kernel.request import FileBody
from prefork_ssl.kernel.transport import SLICE, Transport, Wire
from prefork_ssl.modules.ssl.certificate.view import CertificateView
from prefork_ssl.modules.ssl.connection.traffic import traffic
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
from prefork_ssl.modules.ssl.hosts.table import TLSHost
from prefork_ssl.modules.ssl.log.events import connections
from prefork_ssl.modules.ssl.openssl import OUTPUT_SIZE, WRITE_SIZE, Error, ServerConnection
from prefork_ssl.modules.ssl.verification.client import Client


_ALERT = 21  # the type of a record, RFC 5246 section 6.2.1


class TLSFailure(ConnectionError):
    """The peer did not keep to TLS. It has been logged."""


class TLSTransport(Transport):
    """A connection after its handshake. `host` is the virtual host whose Context it has, `hello` what the client
    offered."""

    secure = True
    # Whether TLS has failed, and been told of.
    broken = False

    def __init__(self, wire: Wire, tls: ServerConnection, host: TLSHost, hello: ClientHello) -> None:
        super().__init__(wire)
        self.tls = tls
        self.host = host
        self.hello = hello
        # What variables were asked for: they hold for the whole connection.
        self.variables: dict[str, str] = {}

    def __del__(self) -> None:
        self.tls.keep_session()

    # What few connections are asked for is found out, and kept, when somebody asks.

    @cached_property
    def client(self) -> Client:
        """Who is there."""
        terms = self.host.parameters.clients
        return Client(self.tls, terms.of_session(resumed=self.tls.resumed()))

    @cached_property
    def shown(self) -> CertificateView | None:
        """The certificate that was shown to the client."""
        certificate = self.tls.public.get_certificate(as_cryptography=True)
        return CertificateView(certificate) if certificate else None

    @cached_property
    def environments(self) -> dict[Hashable, dict[str, str]]:
        """What applications get of the connection, by what they want."""
        return {}

    def meet(self, client: Client) -> None:
        """From now on the client is this one: whatever was known of another is forgotten."""
        self.client = client
        self.variables.clear()
        self.environments.clear()
        self.renewed = True

    @property
    def renegotiates_safely(self) -> bool:
        """Whether client and server have agreed that a renegotiation belongs to its connection (RFC 5746)."""
        return self.hello.renegotiates_safely and self.tls.public.get_protocol_version() < SSL.TLS1_3_VERSION

    @property
    def server_name(self) -> str | None:
        """The name that the client asked for, if it did."""
        return self.hello.server_name

    def read(self) -> bytes:
        """See Transport. The end of the peer's side is its close_notify, or that of the TCP connection: HTTP tells from
        its own framing whether something is missing."""
        if self.early:
            early, self.early = self.early, b""
            return early
        tls = self.tls
        while True:
            try:
                data = tls.plaintext()
            except Error as error:
                self._fail(error)
            if data is not None:
                return data
            answer = tls.output()
            if answer is not None:
                self._answer(answer)
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
        if self.host.log.tells_info:
            connections.closed(self, "standard", traffic(self.wire.sock))

    def abandon(self) -> None:
        """See Transport. Without close_notify, the peer knows that something is missing."""
        if self.host.log.tells_info:
            connections.closed(self, "broken off", traffic(self.wire.sock))
        super().abandon()

    def flush(self) -> None:
        """Send what OpenSSL wants to have sent."""
        size = OUTPUT_SIZE
        while size == OUTPUT_SIZE:
            piece = self.tls.output()
            if piece is None:
                return
            size = len(piece)
            self._send_piece(piece)

    def _answer(self, piece: memoryview) -> None:
        """Send what OpenSSL says by itself to what it reads. In TLS 1.2, an alert that does not end the connection is its
        no to a renegotiation; in TLS 1.3 alerts cannot be told from outside, and there is none."""
        if piece[0] == _ALERT and self.host.log.tells_info:
            connections.renegotiation_refused(self)
        self._send_piece(piece)
        self.flush()

    def _send_piece(self, piece: memoryview) -> None:
        try:
            sent = self.wire.sock.send(piece)
        except BlockingIOError:
            sent = 0
        if sent < len(piece):
            super().write(bytes(piece[sent:]))

    def _fail(self, error: Error) -> NoReturn:
        send_at_once(self.wire, self.tls)
        self.host.sessions.forget(self.tls)
        if not self.broken:
            connections.broken(self, error)
        raise TLSFailure from error


def receive(wire: Wire, tls: ServerConnection) -> int:
    """Wait for more from the peer; the number of bytes, 0 when it has ended its side."""
    while True:
        wire.wait_readable()
        try:
            return tls.receive(wire.sock)
        except BlockingIOError:
            continue


def send_at_once(wire: Wire, tls: ServerConnection) -> bytes:
    """Send the last that there is to say, close_notify or an alert, if the network takes it at once: a peer that is
    gone, or does not read, need not be told. Returns what there was to say."""
    piece = tls.output()
    if not piece:
        return b""
    with suppress(OSError):
        wire.sock.send(piece)
    return bytes(piece)
