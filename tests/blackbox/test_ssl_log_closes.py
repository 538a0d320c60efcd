"""How connections end, as the SSL log tells it: in which style, who has begun it, and how many bytes the network has
carried."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.server import Server
from blackbox.ssl_log import Line, last_line, lines
from blackbox.talking import V12, V13
from blackbox.until import until

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = b"hello\n" * 500
RESET = b"\1\0\0\0\0\0\0\0"  # struct linger: on, no seconds


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    times = "KeepAliveTimeout 500ms\nRequestReadTimeout handshake=500ms\n"
    styles = 'LoadModule setenvif_module\nSetEnvIf Query_String "accurate=on" ssl-accurate-shutdown\n'
    server = new_module_server(f"SSLLog logs/ssl_log\nSSLLogRepeat 0\n{times}{styles}{ONE_HOST}")
    server.write("index.html", BODY)
    return server.start()


def goes(sock: ssl.SSLSocket) -> None:
    sock.unwrap()


def just_ends(sock: ssl.SSLSocket) -> None:
    with socket.socket(fileno=sock.detach()) as raw:
        raw.shutdown(socket.SHUT_WR)
        raw.settimeout(10)
        clients.drain(raw)


def stays(sock: ssl.SSLSocket) -> None:
    assert sock.recv(1) == b""  # the end with close_notify


def vanishes(sock: ssl.SSLSocket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    socket.socket(fileno=sock.detach()).close()


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("leave", "end"),
    [
        (goes, "(standard) by the client with close_notify"),
        (just_ends, "(standard) by the client without close_notify"),
        (stays, "(standard) by the server"),
        (vanishes, "(broken off) by the client with a reset"),
    ],
)
def test_style_beginner_and_bytes(
    server: Server,
    authority: Authority,
    version: ssl.TLSVersion,
    leave: Callable[[ssl.SSLSocket], None],
    end: str,
) -> None:
    context = clients.tls_context(authority.cert, least=version, most=version)
    sock = clients.tls(server.https, context)
    ask(sock)
    name = "{}:{}".format(*sock.getsockname())
    leave(sock)
    line = until(lambda: closing(server, name), "the line about the end")
    match = re.fullmatch(r"connection closed (.*), (\d+) bytes received, (\d+) sent", line.message)
    assert match
    assert match[1] == end
    assert 250 < int(match[2]) < 3000
    assert len(BODY) + 1000 < int(match[3]) < len(BODY) + 4000


def ask(sock: ssl.SSLSocket) -> None:
    """One request, and its whole answer."""
    sock.sendall(REQUEST)
    received = b""
    while not received.endswith(BODY):
        received += sock.recv(65536)


def closing(server: Server, client: str) -> Line | None:
    """The line about the end of this client's connection; there is only one."""
    found = [
        line
        for line in lines(server)
        if line.client == client and line.message.startswith(("connection closed", "connection ended"))
    ]
    assert len(found) < 2
    return found[0] if found else None


def test_a_server_that_is_reloaded_ends_idle_connections(new_server, authority: Authority) -> None:
    server = new_server(f"SSLLog logs/ssl_log\nKeepAliveTimeout 60\n{ONE_HOST}")
    server.write("index.html", BODY)
    server.start()
    with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
        ask(sock)
        server.reload()
        assert sock.recv(1) == b""
    assert last_line(server, "connection closed (standard) by the server, ").client


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize("accurate", ["off", "on"])
def test_it_is_the_server_that_ends_after_the_last_response(
    server: Server, authority: Authority, version: ssl.TLSVersion, accurate: str
) -> None:
    context = clients.tls_context(authority.cert, least=version, most=version)
    with clients.tls(server.https, context) as sock:
        name = "{}:{}".format(*sock.getsockname())
        target = b"/?accurate=%s" % accurate.encode()
        sock.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % target)
        while sock.recv(65536):
            pass
        sock.unwrap()
    style = {"off": "standard", "on": "accurate"}[accurate]
    line = until(lambda: closing(server, name), "the line about the end")
    assert line.message.startswith(f"connection closed ({style}) by the server, ")


def test_a_client_that_ends_with_an_alert(server: Server, authority: Authority) -> None:
    with clients.connect(server.https) as sock:
        name = "{}:{}".format(*sock.getsockname())
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = clients.tls_context(authority.cert, most=V12)
        tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                incoming.write(sock.recv(65536))
            else:
                break
        incoming.write(b"\x17\x03\x03\x00\x20" + bytes(32))  # no record that the server could have sent
        with pytest.raises(ssl.SSLError):
            tls.read(1)
        sock.sendall(outgoing.read())
        clients.drain(sock)
    line = until(lambda: closing(server, name), "the line about the end")
    assert line.message.startswith("connection closed (broken off) by the client with an alert, ")


def test_no_end_without_a_beginning(server: Server) -> None:
    with clients.connect(server.https) as sock:
        name = "{}:{}".format(*sock.getsockname())
        sock.sendall(b"\x16\x03\x01\x01\x00\x01")
        clients.drain(sock)
        told = until(lambda: [line for line in lines(server) if line.client == name], "a line")
    assert [line.message for line in told] == ["handshake timed out in the middle of the ClientHello"]
