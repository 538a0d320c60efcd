"""Whether sessions can be shared at all, with the OpenSSL and the binding that are installed: tried out in memory.

The sharing rests on what OpenSSL does, and not on what pyOpenSSL promises. A server that cannot share serves just as
well, only with a full handshake more often.
"""

from __future__ import annotations

import functools
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.adoption import Adoption
from prefork_ssl.modules.ssl.openssl.connection import ServerConnection
from prefork_ssl.modules.ssl.openssl.sessions import (
    DOOR_SHUT,
    TLS1_3,
    Tickets,
    handshake_with_cache,
    session,
)

_VERSIONS = (SSL.TLS1_2_VERSION, TLS1_3)
_ROOM = 16384


@functools.cache
def can_share() -> bool:
    """Whether a session that one Context has made is resumed by another, in TLS 1.2 and in TLS 1.3."""
    try:
        return all(_is_shared(version) for version in _VERSIONS)
    except Exception:  # noqa: BLE001 - another binding may fail in any way, and the server can do without
        return False


def _is_shared(version: int) -> bool:
    here, there = _server_context(), _server_context()
    client = SSL.Context(SSL.TLS_CLIENT_METHOD)
    client.set_min_proto_version(version)
    client.set_max_proto_version(version)
    visitor, server, tickets = _shake_hands(here, client, None)
    for der in tickets.sessions if version == TLS1_3 else [session(server)]:
        adoption = Adoption(there, _VERSIONS)
        adoption.adopt(der)
        adoption.free()
    _, server, _ = _shake_hands(there, client, visitor.get_session())
    return server.resumed()


def _shake_hands(
    context: SSL.Context, client: SSL.Context, earlier: SSL.Session | None
) -> tuple[SSL.Connection, ServerConnection, Tickets]:
    visitor = SSL.Connection(client, None)
    visitor.set_connect_state()
    if earlier is not None:
        visitor.set_session(earlier)
    with suppress(SSL.WantReadError):
        visitor.do_handshake()
    server = ServerConnection(context, visitor.bio_read(_ROOM))
    tickets = Tickets(server)
    while not handshake_with_cache(server, context, tickets.handshake):
        _tell(visitor, server)
        with suppress(SSL.WantReadError):
            visitor.do_handshake()
        server.public.bio_write(visitor.bio_read(_ROOM))
    _tell(visitor, server)
    with suppress(SSL.WantReadError):
        visitor.recv(1)
    visitor.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
    server.keep_session()
    return visitor, server, tickets


def _tell(visitor: SSL.Connection, server: ServerConnection) -> None:
    if said := server.output():
        visitor.bio_write(bytes(said))


def _server_context() -> SSL.Context:
    certificate, key = _identity()
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_id(b"self-check")
    context.set_session_cache_mode(DOOR_SHUT)
    return context


@functools.cache
def _identity() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self-check")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()), key
