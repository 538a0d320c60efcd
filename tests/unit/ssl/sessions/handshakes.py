"""Handshakes in memory: a client of Python's own OpenSSL with a Context of ours."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from OpenSSL import SSL
from unit.ssl.issued import Issued
from unit.ssl.tls_clients import V12, trusting

from prefork_ssl.modules.ssl.openssl import ServerConnection, serve_from_memory
from prefork_ssl.modules.ssl.openssl.sessions import DOOR_SHUT

ISSUED = Issued("a.test", ("a.test",))
ANY_VERSION = (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)


def new_context(
    scope: bytes = b"scope", versions: tuple[int, int] = ANY_VERSION, *, tickets: bool = False
) -> SSL.Context:
    """A host's Context as a worker has it: each call is as good as another process."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    serve_from_memory(context)
    context.use_certificate(ISSUED.certificate)
    context.use_privatekey(ISSUED.key)
    context.set_min_proto_version(versions[0])
    context.set_max_proto_version(versions[1])
    context.set_session_id(scope)
    context.set_timeout(300)
    context.set_session_cache_mode(DOOR_SHUT)
    if not tickets:
        context.set_options(SSL.OP_NO_TICKET)
    return context


@dataclass
class Connected:
    """Both ends after a handshake."""

    client: ssl.SSLObject
    server: ServerConnection

    @property
    def resumed(self) -> bool:
        """What both sides say."""
        assert self.client.session_reused == self.server.resumed()
        return self.server.resumed()


def client_of(version: ssl.TLSVersion = V12) -> ssl.SSLContext:
    """A client that trusts anybody; sessions are only good for the one they came from."""
    return trusting(versions=[version])


Step = Callable[[ServerConnection], Callable[[], bool]]


def connect(
    context: SSL.Context,
    client: ssl.SSLContext,
    session: ssl.SSLSession | None = None,
    step: Step | None = None,
    heard: Callable[[bytes], None] = lambda _hello: None,
    connection: type[ServerConnection] = ServerConnection,
) -> Connected:
    """Shake hands; `step` makes the function that goes on with our side of it, a `connection`; `heard` is given the
    first bytes.

    Raises ssl.SSLError, SSL.Error.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(incoming, outgoing, server_hostname="a.test", session=session)
    _proceed(ours)
    hello = outgoing.read()
    heard(hello)
    server = connection(context, hello)
    handshake = step(server) if step else server.handshake
    while not handshake():
        incoming.write(bytes(server.output() or b""))
        _proceed(ours)
        server.receive(_Bytes(outgoing.read()))  # type: ignore[arg-type]
    incoming.write(bytes(server.output() or b""))
    _proceed(ours)
    with suppress(ssl.SSLWantReadError):
        ours.read()  # the tickets of TLS 1.3 come behind the handshake
    server.keep_session()
    return Connected(ours, server)


def _proceed(client: ssl.SSLObject) -> None:
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()


class _Bytes:
    """What stands in for a socket that has received these bytes."""

    def __init__(self, data: bytes) -> None:
        assert data, "the client has nothing more to say"
        self._data = data

    def recv_into(self, buffer: memoryview) -> int:
        buffer[: len(self._data)] = self._data
        return len(self._data)
