"""The beginning of a connection: the ClientHello, the virtual host it leads to, the handshake in that host's Context.

The Context is chosen before OpenSSL sees a byte. Were it changed in the middle of the handshake, protocol limits and
the demand for a client certificate would stay those of the first, and a session of another host could be resumed.
"""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.dispatch.hosts import HostTable, NameTable
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Connect
from prefork_ssl.kernel.process.listeners import Listener
from prefork_ssl.kernel.transport import Deadline, Transport, Wire
from prefork_ssl.modules.ssl.connection.plain_http import GuardedTransport, PlainTransport
from prefork_ssl.modules.ssl.connection.stream import receive, send_at_once
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello, Foreign, Missing, examine
from prefork_ssl.modules.ssl.hello.first_bytes import Protocol
from prefork_ssl.modules.ssl.hosts.logs import SSL_LOGS, HostLogs
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS, TLSHost, TLSHosts
from prefork_ssl.modules.ssl.log.events import handshakes
from prefork_ssl.modules.ssl.log.trace import Trace
from prefork_ssl.modules.ssl.openssl import AskingConnection, Error, ServerConnection
from prefork_ssl.modules.ssl.openssl.watching import WatchedAskingConnection, WatchedConnection
from prefork_ssl.modules.ssl.revocation.inspection import inspect
from prefork_ssl.modules.ssl.revocation.line import LINE, Line


def connection(generation: Generation, listener: Listener) -> Connect | None:
    """The connection hook: for listeners through which a host that speaks TLS can be reached."""
    hosts = generation[TLS_HOSTS]
    plain = PlainReception(generation.hosts, generation[SSL_LOGS])
    if any(_reachable(host, listener) for host in hosts):
        return Reception(generation.hosts, hosts, plain, generation.get(LINE)).connect
    return plain.connect if plain.tells else None


def _reachable(host: Host, listener: Listener) -> bool:
    """Whether connections through the listener may lead to the host; only the port is looked at."""
    return not host.addresses or any(address.port in (0, listener.address[1]) for address in host.addresses)


# Those who speak one of these understand an answer in HTTP/1.1, or at least show it.
_HTTP = (Protocol.HTTP, Protocol.HTTP2)

# Bytes; most ClientHellos have less than half of it.
_FIRST_READ = 4096
# Seconds that a client has to read why its handshake failed, while it may still be sending.
_FAREWELL = 2.0


class PlainReception:
    """Receives connections that are not to speak TLS; `tells` is whether any log wants to know of one that does."""

    def __init__(self, table: HostTable, logs: HostLogs) -> None:
        self._table = table
        self._logs = logs
        self.tells = logs.tell_info

    def connect(self, wire: Wire) -> Transport:
        """See kernel/hooks.py."""
        return GuardedTransport(wire, self._mistaken) if self.tells else Transport(wire)

    def _mistaken(self, wire: Wire, data: bytes) -> None:
        log = self._logs[self._table.at(wire.local).default]
        handshakes.tls_on_plain_port(log, wire.peer, wire.local[1], data)


class Reception:
    """Receives the connections of a listener. On some of its addresses there may be `plain` ones only. Over the `line`,
    if there is one, OCSP responders are asked about clients."""

    def __init__(self, table: HostTable, hosts: TLSHosts, plain: PlainReception, line: Line | None) -> None:
        self._table = table
        self._hosts = hosts
        self._plain = plain
        self._line = line

    def connect(self, wire: Wire) -> Transport | None:
        """See kernel/hooks.py. Whatever goes wrong is the peer's affair: it is logged, and the connection ends."""
        names = self._table.at(wire.local)
        default = self._hosts.get(names.default)
        if default is None:
            return self._plain.connect(wire)
        opening = Opening(wire, default)
        try:
            return self._receive(opening, names)
        except Deadline:
            handshakes.timed_out(opening)
        except Error as error:
            handshakes.failed(opening, error)
            wire.linger(_FAREWELL)
        except OSError as error:
            handshakes.lost(opening, error)
        return None

    def _receive(self, opening: Opening, names: NameTable) -> Transport | None:
        first = opening.receive_first_bytes()
        if isinstance(first, Foreign):
            handshakes.foreign(opening, first.protocol)
            return PlainTransport(opening.wire, opening.data) if first.protocol in _HTTP else None
        opening.hello = first
        if len(names.hosts) > 1 and first.server_name:
            opening.host = self._hosts[names.find(first.server_name)]
        transport = opening.handshake(first)
        if self._line is not None:
            inspect(transport, self._line)
        return transport


class Opening:
    """A connection until its handshake is complete, and how far it got.

    `host` is the default host of the address until the ClientHello has told another. `data` is what was received before
    OpenSSL was given it, `hello` the ClientHello once it is complete, `tls` what OpenSSL makes of it. `answer` is the
    last that was sent when that failed.
    """

    __slots__ = ("_began", "_received", "answer", "data", "hello", "host", "tls", "wire")

    def __init__(self, wire: Wire, host: TLSHost) -> None:
        self.wire = wire
        self.host = host
        self.data = b""
        self.hello: ClientHello | None = None
        self.tls: ServerConnection | None = None
        self.answer = b""
        self._began = wire.now()
        self._received = 0
        wire.limit(host.handshake_time.timeout or float("inf"))

    @property
    def server_name(self) -> str | None:
        """The name that the client asked for, as far as is known."""
        return self.hello.server_name if self.hello else None

    def receive_first_bytes(self) -> ClientHello | Foreign:
        """What the client begins with. Raises Deadline, and ConnectionError if it leaves before that is clear."""
        while True:
            try:
                data = self.wire.sock.recv(_FIRST_READ)
            except BlockingIOError:
                self.wire.wait_readable()
                continue
            if not data:
                raise ConnectionAbortedError
            self.data += data
            first = examine(self.data)
            if not isinstance(first, Missing):
                return first
            self._extend_time(len(data))

    def handshake(self, hello: ClientHello) -> TLSTransport:
        """Shake hands in the Context of `self.host`. Raises Deadline, Error and ConnectionError."""
        tls = self.tls = self._connection()
        transport = TLSTransport(self.wire, tls, self.host, hello)
        attempt = self.host.sessions.begin(tls, hello)
        try:
            while not attempt.handshake():
                transport.flush()
                self._extend_time(self._receive(tls))
        except Error:
            attempt.failed()
            self.answer = send_at_once(self.wire, tls)
            raise
        attempt.complete()
        if self.host.log.tells_info:
            handshakes.established(transport, attempt.source)
        return transport

    def _connection(self) -> ServerConnection:
        log, asks = self.host.log, self.host.parameters.clients.policy.asks
        if log.tells_trace:
            watched = WatchedAskingConnection if asks else WatchedConnection
            return watched(self.host.context, self.data, Trace(log, self.wire.peer))
        return (AskingConnection if asks else ServerConnection)(self.host.context, self.data)

    def _receive(self, tls: ServerConnection) -> int:
        count = receive(self.wire, tls)
        if not count:
            raise ConnectionAbortedError
        return count

    def _extend_time(self, received: int) -> None:
        """MinRate of RequestReadTimeout: who sends gets more time."""
        limit = self.host.handshake_time
        if limit.rate:
            self._received += received
            allowed = limit.timeout + self._received / limit.rate
            self.wire.deadline = self._began + min(allowed, limit.longest or float("inf"))
