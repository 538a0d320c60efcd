"""Those who say nothing, say nonsense, or take for ever: they cost nobody else anything."""

import os
import random
import signal
import socket
import ssl
import struct
import time
from contextlib import ExitStack

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.hammer import hammering, plain, secure
from blackbox.server import Server
from blackbox.until import until

BODY = b"unharmed"

CONFIGURATION = (
    ONE_HOST
    + """\
StartServers 2
KeepAliveTimeout 1
Timeout 2
RequestReadTimeout handshake=1 header=1-2,MinRate=500 body=1
"""
)


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(CONFIGURATION)
    server.write("page.txt", BODY)
    server.write("big.bin", bytes(30_000_000))
    return server.start()


@pytest.fixture(autouse=True)
def nobody_died(server: Server, authority: Authority):
    """After each test the same workers are there, serve on both ports, and nothing blew up."""
    workers = server.workers()
    yield
    assert server.workers() == workers
    assert clients.get(server.http, "/page.txt").body == BODY
    assert clients.tls_get(server.https, clients.tls_context(authority.cert), "/page.txt").body == BODY
    assert "Traceback" not in server.log()
    assert "Traceback" not in server.log("console")


def time_until_closed(sock: socket.socket) -> float:
    started = time.monotonic()
    clients.drain(sock)
    return time.monotonic() - started


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("sent", [b"", b"\x16\x03", b"GET / HT"], ids=["silent", "begins TLS", "begins HTTP"])
def test_who_falls_silent_is_dropped_while_others_are_served(
    server: Server, authority: Authority, scheme: str, sent: bytes
) -> None:
    context = clients.tls_context(authority.cert)
    with ExitStack() as stack:
        silent = [stack.enter_context(clients.connect(server.ports[scheme].number)) for _ in range(40)]
        for sock in silent:
            sock.sendall(sent)
        for _ in range(10):
            started = time.monotonic()
            assert clients.get(server.http, "/page.txt").body == BODY
            assert clients.tls_get(server.https, context, "/page.txt").body == BODY
            assert time.monotonic() - started < 1
        assert time_until_closed(silent[0]) < 5
        assert max(time_until_closed(sock) for sock in silent) < 1


def test_a_handshake_that_stops_half_way_is_dropped(server: Server, authority: Authority) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = clients.tls_context(authority.cert).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with clients.connect(server.https) as sock:
        sock.sendall(outgoing.read())
        assert sock.recv(100)
        assert time_until_closed(sock) < 5


def test_a_header_that_drips_for_ever_is_cut_off(server: Server) -> None:
    with clients.connect(server.http) as sock:
        sock.sendall(b"GET /page.txt HTTP/1.1\r\nHost: localhost\r\n")
        started = time.monotonic()
        sock.settimeout(0.1)
        answer = b""
        while time.monotonic() - started < 8:
            try:
                sock.sendall(b"X: y\r\n")
                data = sock.recv(1000)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            answer += data
            if not data:
                break
        assert time.monotonic() - started < 6
        if answer:
            assert clients.parse(answer).status == 408


def test_a_reader_who_stops_reading_is_cut_off(server: Server) -> None:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", server.http))
        sock.sendall(b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert sock.recv(12).startswith(b"HTTP/1.1 200")
        until(lambda: _is_closed(sock), "the server has closed its end", 8)


def _is_closed(sock: socket.socket) -> bool:
    """Whether the peer has closed: it then answers what is sent with a reset."""
    try:
        sock.send(b"x")
    except ConnectionError:
        return True
    return False


def test_slow_readers_get_all_of_it(server: Server) -> None:
    with clients.connect(server.http) as sock:
        sock.sendall(b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = 0
        while data := sock.recv(1_000_000):
            received += len(data)
            time.sleep(0.02)
        assert received > 30_000_000


def garbage() -> list[bytes]:
    chance = random.Random(1)
    heads = [
        b"",
        b"\x16\x03\x01",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\n",
        b"\x80\x2e\x01",
        b"\0",
    ]
    made = [head + chance.randbytes(chance.randrange(1, 3000)) for head in heads for _ in range(15)]
    return [
        *made,
        b"\r\n" * 5000,
        b"\n",
        b"GET " + b"a" * 100_000,
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\xff" * 70_000,
    ]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_garbage_ends_the_connection_and_nothing_else(
    server: Server, authority: Authority, scheme: str
) -> None:
    context = clients.tls_context(authority.cert)
    port = server.ports[scheme].number
    with hammering(
        plain(server.http), secure(server.https, context), path="/page.txt", expect=BODY, clients=1
    ) as seen:
        for data in garbage():
            answer = clients.exchange(port, data)
            assert not answer.startswith(b"HTTP/1.1 2")
    assert seen.served
    assert not seen.failures


def test_garbage_inside_of_tls(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert)
    for data in garbage():
        with clients.tls(server.https, context) as sock:
            try:
                sock.sendall(data + b"\r\n\r\n")
                answer = clients.drain(sock)
            except OSError:  # the server has already closed
                continue
            assert not answer.startswith(b"HTTP/1.1 2")


def test_broken_records_after_the_handshake(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert)
    for data in (
        b"\x17\x03\x03\x00\x20" + bytes(32),
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x03\xff\xff" + bytes(70000),
    ):
        sock = clients.tls(server.https, context)
        with socket.socket(fileno=sock.detach()) as raw:
            raw.settimeout(10)
            raw.sendall(data)
            clients.drain(raw)


def test_connections_reset_at_every_moment(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert)
    request = b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for port in (server.http, server.https):
        for sent in (b"", request[:10], request):
            for _ in range(10):
                with clients.connect(port) as sock:
                    sock.sendall(sent)
                    _reset(sock)
    for sent in (b"", request[:10], request):
        for _ in range(10):
            with clients.tls(server.https, context) as sock:
                sock.sendall(sent)
                _reset(sock)


def _reset(sock: socket.socket) -> None:
    """Make the next close send a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_body_that_does_not_come(server: Server) -> None:
    with clients.connect(server.http) as sock:
        sock.sendall(b"POST /page.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
        assert time_until_closed(sock) < 6


def test_workers_killed_under_load_are_replaced(new_server, authority: Authority) -> None:
    server = new_server(ONE_HOST)
    server.write("page.txt", BODY)
    server.start()
    context = clients.tls_context(authority.cert)
    killed = set()
    with hammering(plain(server.http), secure(server.https, context), path="/page.txt", expect=BODY) as seen:
        for _ in range(4):
            victim = server.workers()[0]
            killed.add(victim)
            os.kill(victim, signal.SIGKILL)
            until(
                lambda: len(server.workers()) == 2 and not killed & set(server.workers()), "a new worker", 20
            )
            served = seen.served
            until(lambda before=served: seen.served > before + 20, "requests are served again")
    # Only what the killed ones held in their hands may have been lost: a connection of each client for each kill.
    assert len(seen.failures) <= 4 * 4
    assert all("200" not in failure for failure in seen.failures)
    for victim in killed:
        server.logged(str(victim))
