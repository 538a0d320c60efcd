"""What HTTP is spoken through on a TLS port: the transport of a connection after its handshake."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import NoReturn

from OpenSSL import SSL

from prefork_ssl.kernel.request import FileBody
from prefork_ssl.kernel.transport import SLICE, Wire
from prefork_ssl.modules.ssl.certificate.view import CertificateView
from prefork_ssl.modules.ssl.connection.closing import STANDARD, STYLES, asked_for
from prefork_ssl.modules.ssl.connection.parting import Beginning, beginning
from prefork_ssl.modules.ssl.connection.stream import TLSStream, receive, send_at_once
from prefork_ssl.modules.ssl.connection.traffic import traffic
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
from prefork_ssl.modules.ssl.hosts.table import TLSHost
from prefork_ssl.modules.ssl.log.events import connections
from prefork_ssl.modules.ssl.openssl import WRITE_SIZE, Error, ServerConnection
from prefork_ssl.modules.ssl.verification.client import Client

_ALERT = 21  # the type of a record, RFC 5246 section 6.2.1


class TLSFailure(ConnectionError):
    """The peer did not keep to TLS. It has been logged."""


class TLSTransport(TLSStream):
    """A connection after its handshake. `host` is the virtual host whose Context it has, `hello` what the client
    offered."""

    secure = True
    accommodates = frozenset(STYLES)
    tls: ServerConnection
    # Whether TLS has failed, and been told of; whether close_notify has been said; whether the client has ended its
    # side of the TCP connection.
    broken = False
    ended = False
    left = False
    style = STANDARD

    def __init__(self, wire: Wire, tls: ServerConnection, host: TLSHost, hello: ClientHello) -> None:
        super().__init__(wire, tls)
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
    def environments(self) -> dict[Hashable, Mapping[str, object]]:
        """What applications get of the connection, by what they want."""
        return {}

    @cached_property
    def begun(self) -> Beginning:
        """Who has begun the end, as it was when somebody first asked."""
        return beginning(self)

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
            if tls.has_input:
                try:
                    data = tls.plaintext()
                except Error as error:
                    self._fail(error)
                if data is not None:
                    return data
            if tls.has_output and (answer := tls.output()) is not None:
                self._answer(answer)
            tls.release_memory()
            if not receive(self.wire, tls):
                self.left = True
                return b""

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

    def finish(self, data: bytes) -> None:
        """See Transport: close_notify leaves together with `data`."""
        if not (0 < len(data) <= WRITE_SIZE and self.style.together):
            self.write(data)
            return
        try:
            self.tls.say(data)
        except Error as error:
            self._fail(error)
        self.tls.end()
        self.flush()
        self.ended = True

    def accommodate(self, env: Mapping[str, str]) -> None:
        """See Transport."""
        self.style = asked_for(env) or self.style

    def end_output(self) -> None:
        """See Transport."""
        if self.host.log.tells_info:
            _ = self.begun  # afterwards it can't be told any more
        if self.style.notifies and not self.ended:
            self.tls.end()
            self.flush()
            self.ended = True

    def shutdown(self) -> None:
        """See Transport; how this is done, connection/closing.py tells."""
        begun = self.begun if self.host.log.tells_info else None
        self.style.end(self)
        if begun:
            connections.closed(self, self.style.name, begun, traffic(self.wire.sock))

    def abandon(self) -> None:
        """See Transport. Without close_notify, the peer knows that something is missing."""
        if self.host.log.tells_info:
            connections.closed(self, "broken off", self.begun, traffic(self.wire.sock))
        super().abandon()

    def _answer(self, piece: memoryview) -> None:
        """Send what OpenSSL says by itself to what it reads. In TLS 1.2, an alert that does not end the connection is
        its no to a renegotiation; in TLS 1.3 alerts cannot be told from outside, and there is none."""
        if piece[0] == _ALERT and self.host.log.tells_info:
            connections.renegotiation_refused(self)
        self._send_piece(piece)
        self.flush()

    def _fail(self, error: Error) -> NoReturn:
        self.host.sessions.forget(self.tls)
        send_at_once(self.wire, self.tls)
        if not self.broken:
            self.broken = True
            connections.broken(self, error)
        raise TLSFailure from error
