"""Connections that change their protocol, WebSockets above all, with TLS on either side or on none."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from blackbox import clients, websocket
from blackbox.authority import Authority, Pair
from blackbox.backend import ALL, PROXY, Visit, backend, ok
from blackbox.server import Server
from blackbox.ssl_log import last_line, lines
from blackbox.until import until


def echo(visit: Visit) -> None:
    """A WebSocket that repeats; / is a page with such a WebSocket for a browser."""
    while head := visit.head():
        key = re.search(rb"sec-websocket-key: *(\S+)", head, re.IGNORECASE)
        if key is None:
            visit.say(ok(PAGE, "Content-Type: text/html"))
            continue
        visit.say(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n"
            % websocket.accept_key(key[1])
            + websocket.frame(b"welcome", masked=False)
        )
        frames = websocket.Frames(visit.sock, visit.body(0))
        while (message := frames.next())[0] == websocket.TEXT:
            visit.say(websocket.frame(message[1], masked=False))
        visit.say(websocket.frame(message[1], websocket.CLOSE, masked=False))
        return


PAGE = b"""<!DOCTYPE html><title>waiting</title><script>
const ws = new WebSocket(`wss://${location.host}/chat`), got = [];
ws.onmessage = event => {
  got.push(event.data);
  if (got.length < 3) ws.send("message " + got.length); else ws.close(1000);
};
ws.onclose = event => fetch("/told?" + got.join("+") + "," + event.code + "," + event.wasClean);
</script>"""


def converse(sock: socket.socket) -> None:
    head, frames = websocket.open_socket(sock)
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols")
    assert re.search(rb"connection: upgrade", head, re.IGNORECASE)
    assert frames.next() == (websocket.TEXT, b"welcome")
    for message in (b"a", b"b" * 60000, b"c"):
        sock.sendall(websocket.frame(message, masked=True))
        assert frames.next() == (websocket.TEXT, message)
    sock.sendall(websocket.frame(b"", websocket.CLOSE, masked=True))
    assert frames.next()[0] == websocket.CLOSE


@pytest.mark.parametrize("behind", ["http", "https"])
def test_websockets(new_server: Callable[..., Server], rsa_pair: Pair, authority: Authority, behind: str):
    context = None
    if behind == "https":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(rsa_pair.cert, rsa_pair.key)
    with backend(echo, tls=context) as back:
        server = new_server(
            PROXY
            + f"SSLProxyEngine on\nSSLProxyCACertificateFile @ca\nProxyPass / {behind}://localhost:@backend/\n",
            backend=back,
            ca=authority.cert,
        ).start()
        with clients.connect(server.http) as sock:
            converse(sock)
        with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
            converse(sock)
        until(lambda: '"GET /chat HTTP/1.1" 101' in server.log("access_log"), "a line in the access log")
        assert not back.problems


@pytest.mark.needs("chromium")
def test_a_browser(new_server: Callable[..., Server], rsa_pair: Pair, tmp_path: Path):
    with backend(echo) as back:
        server = new_server(ALL, backend=back).start()
        browser = subprocess.Popen(
            [
                *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"),
                *("--ignore-certificate-errors", f"--user-data-dir={tmp_path}"),
                f"https://localhost:{server.https}/",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            server.logged('"GET /told?welcome+message%201+message%202,1000,true ', "access_log", 40)
        finally:
            browser.terminate()
            browser.wait(10)


def test_both_ways_at_once(new_server: Callable[..., Server], authority: Authority):
    """Much in both directions, through TLS: neither waits for the other."""
    size = 3_000_000

    def script(visit: Visit) -> None:
        visit.head()
        visit.say(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        left = size
        while left:
            data = visit.body(1) + visit.body(min(left, 65536) - 1)
            left -= len(data)
            visit.say(data)
        visit.sock.shutdown(socket.SHUT_WR)
        visit.wait_for_end()

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
            sock.sendall(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
            )
            data = bytes(index % 251 for index in range(65536)) * (size // 65536 + 1)
            received = b""
            sock.setblocking(False)
            sent, end = 0, time.monotonic() + 20
            while len(received) < size and time.monotonic() < end:
                try:
                    if sent < size:
                        sent += sock.send(data[sent : min(sent + 100_000, size)])
                except ssl.SSLError:
                    pass
                try:
                    received += sock.recv(100_000)
                except ssl.SSLError:
                    continue
                received = (
                    received.partition(b"\r\n\r\n")[2] if received.startswith(b"HTTP/1.1 101") else received
                )
            assert received == data[:size]


def test_half_closed(new_server: Callable[..., Server]):
    """One side may end while the other still speaks."""

    def script(visit: Visit) -> None:
        visit.head()
        visit.say(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        everything = visit.rest()
        visit.say(b"got %b" % everything)

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        request = (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello"
        )
        assert clients.exchange(server.http, request).endswith(b"\r\n\r\ngot hello")


@pytest.mark.parametrize("who", ["client", "backend"])
def test_the_end_is_told_once(new_server: Callable[..., Server], authority: Authority, who: str):
    """With all that the network has carried, also behind the end of the other's side."""
    size = 50_000

    def script(visit: Visit) -> None:
        visit.head()
        visit.say(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        if who == "backend":
            visit.sock.shutdown(socket.SHUT_WR)
        assert visit.rest() == bytes(size)

    with backend(script) as back:
        server = new_server(ALL + "SSLLog logs/ssl_log\nSSLLogLevel info\n", backend=back).start()
        with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
            sock.sendall(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
            )
            while not (head := sock.recv(65536)).endswith(b"\r\n\r\n"):
                assert head
            if who == "backend":
                assert sock.recv(1) == b""
            sock.sendall(bytes(size))
            sock.unwrap()
        line = last_line(server, "connection closed")
        sign = "by the client with close_notify" if who == "client" else "by the server"
        assert line.message.startswith(f"connection closed (standard) {sign}, ")
        assert int(re.search(r"(\d+) bytes received", line.message)[1]) > size
        assert not back.problems
        assert sum("connection closed" in each.message for each in lines(server)) == 1


@pytest.mark.parametrize(("variable", "notified"), [("ssl-unclean-shutdown", False), ("other", True)])
def test_who_wants_no_close_notify_gets_none_from_a_tunnel(
    new_server: Callable[..., Server], authority: Authority, variable: str, notified: bool
):
    def script(visit: Visit) -> None:
        visit.head()
        visit.say(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        visit.sock.shutdown(socket.SHUT_WR)
        visit.wait_for_end()

    with backend(script) as back:
        wish = f"LoadModule setenvif_module\nSetEnvIf Request_URI / {variable}\n"
        server = new_server(ALL + wish, backend=back).start()
        with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
            sock.suppress_ragged_eofs = False
            sock.sendall(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
            )
            while not (head := sock.recv(65536)).endswith(b"\r\n\r\n"):
                assert head
            with socket.socket(fileno=os.dup(sock.fileno())) as raw:
                raw.shutdown(socket.SHUT_WR)
            if notified:
                assert sock.recv(1) == b""
            else:
                with pytest.raises(ssl.SSLEOFError):
                    sock.recv(1)


def test_silence_ends_a_tunnel(new_server: Callable[..., Server]):
    with backend(echo) as back:
        server = new_server(ALL + "ProxyTimeout 1\n", backend=back).start()
        with clients.connect(server.http) as sock:
            _, frames = websocket.open_socket(sock)
            frames.next()
            begin = time.monotonic()
            assert frames.next() == (websocket.CLOSE, b"")
            assert 0.5 < time.monotonic() - begin < 5


@pytest.mark.parametrize(
    ("upgrade", "answered", "status"),
    [
        ("h2c", b"HTTP/1.1 101 Yes\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 502),
        ("websocket", b"HTTP/1.1 101 Yes\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 502),
        ("websocket", ok(), 200),
        ("websocket", b"HTTP/1.1 426 No\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nok", 426),
    ],
)
def test_upgrades_that_are_none(
    new_server: Callable[..., Server], upgrade: str, answered: bytes, status: int
):
    """Who did not get a tunnel stays within HTTP: what follows is a request of its own."""
    seen: list[bytes] = []

    def script(visit: Visit) -> None:
        while head := visit.head():
            seen.append(head)
            visit.say(ok() if b"/next" in head else answered)

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        first = f"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: {upgrade}\r\n\r\n"
        second = "GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        data = clients.exchange(server.http, (first + second).encode())
        assert clients.parse(data).status == status
        assert data.count(b"HTTP/1.1 ") == 2
        if upgrade == "h2c":
            assert b"h2c" not in seen[0]
