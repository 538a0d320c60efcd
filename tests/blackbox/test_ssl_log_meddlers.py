"""Somebody between client and server changes what they say: real clients, whose bytes are changed on their way."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.server import Server
from blackbox.ssl_log import last_line
from blackbox.talking import V12, V13
from OpenSSL import SSL

CHANGED = "bytes were changed on the way: a client, a proxy or a network is broken; no directive helps"
NO_EXTENDED_MASTER_SECRET = 1  # SSL_OP_NO_EXTENDED_MASTER_SECRET of <openssl/ssl.h>


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    return new_module_server(f"SSLLog logs/ssl_log\nSSLLogRepeat 0\n{ONE_HOST}").start()


def shake_hands(
    server: Server, version: int, change: Callable[[bytes], bytes], number: int, options: int = 0
) -> None:
    """A handshake in which the client's flight of this number is changed."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    context.set_options(options)
    client = SSL.Connection(context, None)
    client.set_tlsext_host_name(b"localhost")
    client.set_connect_state()
    with clients.connect(server.https) as sock:
        for flight in itertools.count():
            ended = not _go_on(client)
            with suppress(SSL.WantReadError):  # there is nothing to say
                said = client.bio_read(65536)
                sock.sendall(change(said) if flight == number else said)
            received = b"" if ended else sock.recv(65536)
            if not received:
                return
            client.bio_write(received)


def _go_on(client: SSL.Connection) -> bool:
    """Whether the client has not given up."""
    try:
        client.do_handshake()
    except SSL.WantReadError:
        return True
    except SSL.Error:
        return False
    return True


def another_name(flight: bytes) -> bytes:
    """Both names lead to the same host."""
    assert b"localhost" in flight
    return flight.replace(b"localhost", b"localhosT")


def last_bit(flight: bytes) -> bytes:
    return flight[:-1] + bytes([flight[-1] ^ 1])


@pytest.mark.parametrize(
    ("version", "change", "number", "options", "reason"),
    [
        (SSL.TLS1_2_VERSION, another_name, 0, NO_EXTENDED_MASTER_SECRET, "digest check failed"),
        (SSL.TLS1_2_VERSION, another_name, 0, 0, "decryption failed or bad record mac"),
        (SSL.TLS1_3_VERSION, another_name, 0, 0, "alert bad_record_mac from the client"),
        (SSL.TLS1_2_VERSION, last_bit, 1, 0, "decryption failed or bad record mac"),
        (SSL.TLS1_3_VERSION, last_bit, 1, 0, "decryption failed or bad record mac"),
    ],
)
def test_in_the_handshake(
    server: Server, version: int, change: Callable[[bytes], bytes], number: int, options: int, reason: str
) -> None:
    shake_hands(server, version, change, number, options)
    line = last_line(server, "handshake failed")
    assert (line.message, line.hint) == (f"handshake failed: {reason}", CHANGED)


@pytest.mark.parametrize("version", [V12, V13])
def test_after_it(server: Server, authority: Authority, version: ssl.TLSVersion) -> None:
    context = clients.tls_context(authority.cert, least=version, most=version)
    with socket.socket(fileno=clients.tls(server.https, context).detach()) as raw:
        raw.settimeout(10)
        raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        clients.drain(raw)
        name = "{}:{}".format(*raw.getsockname())
    line = last_line(server, "connection broken")
    assert (line.client, line.message) == (name, "connection broken: decryption failed or bad record mac")
    assert line.hint == CHANGED
    assert "OpenSSL: SSL routines: decryption failed or bad record mac" in line.more
