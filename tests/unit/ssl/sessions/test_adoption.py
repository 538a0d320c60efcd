"""A session made in one Context is resumed in another that adopted it; nothing else ever is."""

from __future__ import annotations

import ssl

import pytest
from OpenSSL import SSL
from unit.ssl.hellos import record
from unit.ssl.sessions.handshakes import ANY_VERSION, Connected, client_of, connect, new_context
from unit.ssl.tls_clients import V12, V13

from prefork_ssl.modules.ssl.openssl import ServerConnection
from prefork_ssl.modules.ssl.openssl.adoption import Adoption
from prefork_ssl.modules.ssl.openssl.encoding import session_id
from prefork_ssl.modules.ssl.openssl.sessions import (
    Tickets,
    handshake_with_cache,
    session,
    version,
)

VERSIONS = pytest.mark.parametrize("protocol", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])


def made(context: SSL.Context, client: ssl.SSLContext) -> tuple[Connected, list[bytes]]:
    """A new connection, and the sessions (DER) under which it can be resumed."""
    tickets: list[Tickets] = []

    def collect(tls: ServerConnection):
        tickets.append(Tickets(tls))
        return tickets[0].handshake

    connected = connect(context, client, step=collect)
    assert not connected.resumed
    if version(connected.server) == SSL.TLS1_3_VERSION:
        return connected, tickets[0].sessions
    return connected, [session(connected.server)]


def resumed(context: SSL.Context, client: ssl.SSLContext, earlier: Connected) -> bool:
    """Whether the client's session is taken, by a server that may look into its cache."""

    def step(tls: ServerConnection):
        return lambda: handshake_with_cache(tls, context, tls.handshake)

    return connect(context, client, earlier.client.session, step).resumed


def adopt(context: SSL.Context, der: bytes, versions: tuple[int, int] = ANY_VERSION) -> bool:
    adoption = Adoption(context, versions)
    try:
        return adoption.adopt(der)
    finally:
        adoption.free()


@VERSIONS
def test_an_adopted_session_is_resumed(protocol):
    client = client_of(protocol)
    here, there = new_context(), new_context()
    first, sessions = made(here, client)
    assert not resumed(there, client, first)
    for each in sessions:
        assert adopt(there, each)
    assert resumed(there, client, first)


def test_a_host_with_tickets_resumes_by_id_for_a_client_without():
    client = client_of(V12)
    client.options |= ssl.OP_NO_TICKET
    here, there = new_context(tickets=True), new_context(tickets=True)
    first, (der,) = made(here, client)
    assert adopt(there, der)
    assert resumed(there, client, first)


@VERSIONS
def test_the_door_stays_shut(protocol):
    """OpenSSL has the session, and is not asked."""
    client, context = client_of(protocol), new_context()
    first, _ = made(context, client)
    assert not connect(context, client, first.client.session).resumed
    first, _ = made(context, client)
    assert resumed(context, client, first)
    assert not connect(context, client, first.client.session).resumed


def test_tls13_gives_two_sessions_with_ids_of_their_own():
    client = client_of(V13)
    first, sessions = made(new_context(), client)
    ids = [session_id(each) for each in sessions]
    assert len(set(ids)) == 2
    assert {len(each) for each in ids} == {32}
    assert first.client.session.has_ticket


def test_the_id_is_the_one_that_the_client_has():
    client = client_of(V12)
    first, sessions = made(new_context(), client)
    assert session_id(sessions[0]) == first.client.session.id == first.server.session_id()


def test_a_session_behind_a_stateless_ticket_has_no_id():
    _, sessions = made(new_context(tickets=True), client_of(V12))
    assert session_id(sessions[0]) == b""


@VERSIONS
def test_another_scope_stays_shut(protocol):
    client, there = client_of(protocol), new_context(b"another scope")
    first, sessions = made(new_context(), client)
    for each in sessions:
        assert adopt(there, each)
    assert not resumed(there, client, first)


def test_a_host_with_tls13_alone_adopts_and_still_has_no_tls12():
    only = (SSL.TLS1_3_VERSION, SSL.TLS1_3_VERSION)
    here, there = new_context(versions=only), new_context(versions=only)
    client = client_of(V13)
    first, sessions = made(here, client)
    for each in sessions:
        assert adopt(there, each, only)
    assert resumed(there, client, first)
    with pytest.raises(SSL.Error, match="unsupported protocol"):
        connect(there, client_of(V12))


def test_a_host_that_demands_certificates_adopts():
    here, there = new_context(), new_context()
    there.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    _, sessions = made(here, client_of(V12))
    assert adopt(there, sessions[0])


def test_a_real_client_never_meets_the_key_of_the_throw_away():
    context = new_context()
    adoption = Adoption(context, ANY_VERSION)
    suites = b"\x00\x04\x00\xb0\x00\xff"  # TLS_PSK_WITH_NULL_SHA256, renegotiation info
    body = b"\x03\x03" + bytes(32) + b"\x00" + suites + b"\x01\x00"
    stranger = ServerConnection(context, record(b"\x01" + len(body).to_bytes(3, "big") + body))
    with pytest.raises(SSL.Error, match="no shared cipher"):
        stranger.handshake()
    adoption.free()


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "noise"])
def test_what_is_no_session_is_not_adopted(damage):
    client, there = client_of(V12), new_context()
    first, (der,) = made(new_context(), client)
    broken = {"cut": der[:-9], "changed": b"\x31" + der[1:], "empty": b"", "noise": bytes(range(200))}[damage]
    assert not adopt(there, broken)
    assert adopt(there, der)
    assert resumed(there, client, first)


def test_many_prepared_ahead():
    client, there = client_of(V12), new_context()
    ready = [Adoption(there, ANY_VERSION) for _ in range(20)]
    here = new_context()
    connections = [made(here, client) for _ in ready]
    for adoption, (_, (der,)) in zip(ready, connections, strict=True):
        assert adoption.adopt(der)
    for adoption in ready:
        adoption.free()
    assert all(resumed(there, client, first) for first, _ in connections)
