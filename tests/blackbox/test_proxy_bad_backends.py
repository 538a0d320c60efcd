"""Backends that break every rule, and clients that stop reading: the right status, one line in the log, and no harm."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from blackbox import clients, processes
from blackbox.backend import ALL, PROXY, Backend, Script, Visit, answer, backend, ok
from blackbox.ports import ReservedPort
from blackbox.server import Server
from blackbox.until import until

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def megabyte_of_headers(visit: Visit) -> None:
    visit.head()
    visit.say(b"HTTP/1.1 200 OK\r\n")
    for _ in range(16):
        visit.say(b"X-Filler: %b\r\n" % (b"x" * 65536))
    visit.say(b"\r\n")


# Path, script, status, words of the log line.
BROKEN: dict[str, tuple[Script, int, str]] = {
    "closes-at-once": (lambda visit: None, 502, "closed the connection without an answer"),
    "closes-unanswered": (answer(), 502, "closed the connection without an answer"),
    "closes-in-head": (answer(b"HTTP/1.1 200 OK\r\nX: 1\r\n"), 502, "within the header"),
    "never-answers": (answer(hold=True), 504, "sent nothing for 1 s"),
    "is-no-http": (answer(b"220 mail.example ESMTP\r\n\r\n"), 502, "no HTTP answer"),
    "http-0.9": (answer(b"<html>old</html>\r\n\r\n"), 502, "no HTTP answer"),
    "http-2": (answer(b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"), 502, "no HTTP answer"),
    "empty-line-first": (answer(b"\r\n" + ok()), 502, "no HTTP answer"),
    "bare-lf": (answer(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok\r\n\r\n"), 502, "no HTTP answer"),
    "folded": (answer(b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"), 502, "no HTTP answer"),
    "bare-cr": (
        answer(b"HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: x\r\nContent-Length: 0\r\n\r\n"),
        502,
        "no HTTP answer",
    ),
    "nul": (answer(b"HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 0\r\n\r\n"), 502, "no HTTP answer"),
    "blank-before-colon": (answer(b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"), 502, "no HTTP answer"),
    "two-lengths": (
        answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        502,
        "no HTTP answer",
    ),
    "length-and-chunks": (
        answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        502,
        "no HTTP answer",
    ),
    "signed-length": (answer(b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na"), 502, "no HTTP answer"),
    "endless-length": (answer(b"HTTP/1.1 200 OK\r\nContent-Length: %b\r\n\r\na" % (b"9" * 19)), 502, ""),
    "other-coding": (
        answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        502,
        "coding",
    ),
    "coding-twice": (
        answer(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        502,
        "coding",
    ),
    "chunks-in-1.0": (
        answer(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        502,
        "coding",
    ),
    "switches-unasked": (
        answer(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
        502,
        "nobody asked",
    ),
    "hundred-continues": (answer(b"HTTP/1.1 100 Continue\r\n\r\n" * 100), 502, "more than 10 interim"),
    "megabyte-of-headers": (megabyte_of_headers, 502, "more than 65536 bytes"),
    "status-000": (answer(b"HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n"), 502, "no HTTP answer"),
    "splits-in-chunk": (answer(CHUNKED + b"zz\r\nab\r\n0\r\n\r\n"), 502, "no HTTP answer"),
}

# What breaks after the answer has begun: the client must not take it for the whole.
CUT: dict[str, tuple[Script, str]] = {
    "says-too-much-length": (
        answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
        "7 bytes before the end",
    ),
    "no-last-chunk": (answer(CHUNKED + b"3\r\nabc\r\n"), "before the last chunk"),
    "bad-chunk-later": (answer(CHUNKED + b"3\r\nabc\r\n", b"-1\r\nx"), "no HTTP answer"),
    "stalls": (
        answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", hold=True),
        "sent nothing for 1 s",
    ),
    "many-extensions": (
        answer(CHUNKED + b"3\r\nabc\r\n" + b"1;%b\r\nx\r\n" % (b"e" * 40000)),
        "chunk extensions",
    ),
    "many-trailers": (answer(CHUNKED + b"3\r\nabc\r\n0\r\n" + b"T: x\r\n" * 20000 + b"\r\n"), "trailers"),
}

# What follows an answer is never taken for the next one.
SURPLUS = {
    "more-than-its-length": answer(ok() + ok(b"SMUGGLED"), hold=True),
    "after-last-chunk": answer(CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + ok(b"SMUGGLED"), hold=True),
    "body-of-204": answer(b"HTTP/1.1 204 No Content\r\n\r\n" + ok(b"SMUGGLED"), hold=True),
    "body-of-304": answer(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 8\r\n\r\nSMUGGLED", hold=True),
    "length-of-204": answer(b"HTTP/1.1 204 No Content\r\nContent-Length: 8\r\n\r\nSMUGGLED", hold=True),
}


SCRIPTS = {**SURPLUS, **{name: each[0] for name, each in (*BROKEN.items(), *CUT.items())}}


def by_path(visit: Visit) -> None:
    """Do what a request's path is the name of; answer others well."""
    while head := visit.head():
        script = SCRIPTS.get(head.split()[1].decode().strip("/"))
        if script is not None:
            visit.put_back(head)
            script(visit)
            return
        visit.say(ok())


@pytest.fixture(scope="module")
def back() -> Iterator[Backend]:
    with backend(by_path) as server:
        yield server


@pytest.fixture(scope="module")
def server(new_module_server: Callable[..., Server], back: Backend) -> Server:
    return new_module_server(ALL + "ProxyTimeout 1\n", backend=back).start()


def told(server: Server, name: str) -> list[str]:
    return [line for line in server.log().splitlines() if f"/{name} " in line]


@pytest.mark.parametrize("name", BROKEN)
def test_broken_answers(server: Server, name: str):
    _, status, words = BROKEN[name]
    reply = clients.get(server.http, f"/{name}")
    assert reply.status == status
    until(lambda: told(server, name), "a line in the error log")
    assert len(told(server, name)) == 1
    assert words in told(server, name)[0]
    assert clients.get(server.http, "/good").body == b"ok"


@pytest.mark.parametrize("name", CUT)
def test_answers_that_break_off(server: Server, name: str):
    with clients.connect(server.http) as sock:
        sock.sendall(f"GET /{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        data = clients.drain(sock)
    reply = clients.parse(data) if data else None
    if reply is not None and reply.status == 200:
        whole = reply.body.endswith(b"0\r\n\r\n") or len(reply.body) == int(
            reply.headers.get("content-length", -1)
        )
        assert not whole
    until(lambda: told(server, name), "a line in the error log")
    assert len(told(server, name)) == 1
    assert CUT[name][1] in told(server, name)[0]
    assert clients.get(server.http, "/good").body == b"ok"


@pytest.mark.parametrize("name", SURPLUS)
def test_what_follows_an_answer(server: Server, name: str):
    for _ in range(3):
        assert b"SMUGGLED" not in clients.exchange(
            server.http, f"GET /{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )
        assert clients.get(server.http, "/good").body == b"ok"


def test_nobody_there(new_server: Callable[..., Server]):
    port = ReservedPort()
    server = new_server(PROXY + "ProxyPass / http://127.0.0.1:@backend/\n", backend=port).start()
    assert clients.get(server.http, "/x").status == 503
    assert "Connection refused" in server.logged("could not be connected to")
    port.release()


def test_connections_that_died_while_they_were_kept(new_server: Callable[..., Server]):
    """A request that may be sent twice is sent on a new connection; another is not, once it may have been seen."""

    def script(visit: Visit) -> None:
        visit.head()
        visit.say(ok())
        if visit.number in (1, 3):  # the next request is read, and the connection closed
            visit.head()
        else:
            visit.head()
            visit.say(ok())

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        assert clients.get(server.http, "/").body == b"ok"
        assert clients.get(server.http, "/again").body == b"ok"
        assert back.visits == 2
        assert clients.get(server.http, "/last").body == b"ok"
        assert clients.get(server.http, "/first-of-3").body == b"ok"
        assert back.visits == 3
        assert clients.get(server.http, "/", method="POST").status == 502
        assert back.visits == 3


def test_limits_of_a_pool(new_server: Callable[..., Server]):
    def script(visit: Visit) -> None:
        while head := visit.head():
            if b"/slow" in head:
                visit.wait_for_end()
            visit.say(ok())

    with backend(script) as back:
        server = new_server(
            PROXY + "ProxyPass / http://127.0.0.1:@backend/ max=1 acquire=100 timeout=3\n", backend=back
        ).start()
        with clients.connect(server.http) as sock:
            sock.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            until(lambda: back.visits == 1, "the backend has the first request")
            assert clients.get(server.http, "/x").status == 503
            server.logged("has all its connections (max=) in use")
            assert b" 504 " in sock.recv(1000)
        assert clients.get(server.http, "/x").body == b"ok"


def test_a_backend_left_alone(new_server: Callable[..., Server]):
    port = ReservedPort()
    server = new_server(PROXY + "ProxyPass / http://127.0.0.1:@backend/ retry=60\n", backend=port).start()
    assert clients.get(server.http, "/").status == 503
    assert clients.get(server.http, "/").status == 503
    server.logged("is left alone for retry=")
    port.release()


SIZE = 300_000_000


def test_clients_that_stop_reading(new_server: Callable[..., Server]):
    """What the client does not take, the backend cannot send."""
    sent = [0]

    def script(visit: Visit) -> None:
        visit.head()
        visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        while sent[0] < SIZE:
            visit.say(b"x" * 100_000)
            sent[0] += 100_000

    with backend(script) as back:
        server = new_server(ALL + "Timeout 2\n", backend=back).start()
        before = processes.resident(server.workers()[0])
        with clients.connect(server.http) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sock.recv(1000)
            until(lambda: back.problems, "the backend's connection is cut", 20)
        assert sent[0] < SIZE / 10
        assert processes.resident(server.workers()[0]) - before < 16 << 20


def test_backends_that_stop_reading(new_server: Callable[..., Server]):
    """What the backend does not take, the client cannot send; and an early answer is heard."""

    def script(visit: Visit) -> None:
        head = visit.head()
        if b"/stalls" in head:
            time.sleep(3)
        elif b"/early" in head:
            visit.say(b"HTTP/1.1 413 Too Much\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
            visit.body(1_000_000)

    with backend(script) as back:
        server = new_server(ALL + "ProxyTimeout 1\n", backend=back).start()
        before = processes.resident(server.workers()[0])
        for path, status in (("/stalls", 504), ("/early", 413)):
            with clients.connect(server.http) as sock:
                sock.sendall(
                    b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                    % (path.encode(), SIZE)
                )
                sock.settimeout(0.2)
                sent = 0
                try:
                    while sent < SIZE:
                        sent += sock.send(b"x" * 100_000)
                except OSError:
                    pass
                assert sent < SIZE / 10
                sock.settimeout(10)
                assert clients.parse(clients.drain(sock)).status == status
        assert processes.resident(server.workers()[0]) - before < 16 << 20


def test_clients_that_leave_in_the_middle(new_server: Callable[..., Server]):
    """The backend must not take half a body for a whole one."""
    bodies: list[bytes] = []
    ended: list[bool] = []

    def script(visit: Visit) -> None:
        visit.head()
        try:
            bodies.append(visit.rest())
        finally:
            ended.append(True)

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        with clients.connect(server.http) as sock:
            sock.sendall(
                b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
            )
            until(lambda: back.visits, "the backend has the request")
            sock.shutdown(socket.SHUT_WR)
            clients.drain(sock)
        until(lambda: ended, "the backend's connection has ended")
        assert not any(body.endswith(b"0\r\n\r\n") for body in bodies)


def test_expectations(new_server: Callable[..., Server]):
    seen: list[bytes] = []

    def script(visit: Visit) -> None:
        head = visit.head()
        seen.append(head)
        if b"/refused" in head:
            visit.say(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
            return
        if b"/wanted" in head:
            visit.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        visit.say(ok(visit.body(5)))

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        for path in ("refused", "wanted", "silent"):
            with clients.connect(server.http) as sock:
                sock.sendall(
                    b"POST /%b HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
                    % path.encode()
                )
                first = sock.recv(1000)
                if path == "refused":
                    assert clients.parse(first).status == 403
                    continue
                assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
                sock.sendall(b"hello")
                assert clients.parse(sock.recv(1000)).body == b"hello"
        assert all(b"Expect: 100-continue" in head for head in seen)
