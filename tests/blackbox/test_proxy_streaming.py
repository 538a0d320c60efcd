"""What goes through the proxy while it comes: heads before bodies, events one by one, slow uploads, what is said before
and behind an answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.backend import ALL, Visit, answer, backend, ok, serving
from blackbox.server import Server
from blackbox.test_proxy_passing import chunks, fields_of

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
HEADS = {
    "sized": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    "chunked": CHUNKED + b"Content-Type: text/event-stream\r\n\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
}
BODIES = {"sized": b"hello", "chunked": b"5\r\nhello\r\n0\r\n\r\n", "until the end": b"hello"}


class Tap:
    """Reads from a connection until what it waits for has come."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.data = b""

    def until(self, end: bytes) -> bytes:
        """All up to and with `end`; what is behind it stays."""
        while end not in self.data:
            data = self.sock.recv(65536)
            assert data, f"ended before {end!r}: {self.data!r}"
            self.data += data
        found, _, self.data = self.data.partition(end)
        return found + end


@contextmanager
def connected(server: Server, authority: Authority, scheme: str) -> Iterator[socket.socket]:
    if scheme == "https":
        with clients.tls(server.https, clients.tls_context(authority.cert), seconds=20) as secure:
            yield secure
    else:
        with clients.connect(server.http, 20) as sock:
            yield sock


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("framing", HEADS)
def test_a_head_does_not_wait_for_its_body(
    new_server: Callable[..., Server], authority: Authority, framing: str, scheme: str
):
    """The backend sends the body only when the client has told it, by a second request, that it has the head."""
    released: list[bytes] = []

    def script(visit: Visit) -> None:
        if b"/release" in (head := visit.head()):
            released.append(head)
            visit.say(ok())
            return
        visit.say(HEADS[framing])
        while not released:
            time.sleep(0.01)
        visit.say(BODIES[framing])

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        with connected(server, authority, scheme) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            tap = Tap(sock)
            assert tap.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
            assert not tap.data
            assert clients.get(server.http, "/release").body == b"ok"
            tap.until(b"hello")


def test_events_arrive_one_by_one(new_server: Callable[..., Server], authority: Authority):
    """Each is sent after the client has told that it has the one before."""
    told: list[int] = []

    def script(visit: Visit) -> None:
        if b"/told" in visit.head():
            told.append(1)
            visit.say(ok())
            return
        visit.say(HEADS["chunked"])
        for number in range(5):
            visit.say(b"b\r\ndata: %03d\n\n\r\n" % number)
            while len(told) <= number:
                time.sleep(0.01)
        visit.say(b"0\r\n\r\n")

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        with connected(server, authority, "https") as sock:
            sock.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            tap = Tap(sock)
            for number in range(5):
                tap.until(b"data: %03d\n\n" % number)
                assert not tap.data.strip()
                clients.get(server.http, "/told")
            tap.until(b"0\r\n\r\n")


@pytest.mark.parametrize(("version", "expected"), [("1.1", 2), ("1.0", 0)])
def test_what_is_said_before_an_answer(new_server: Callable[..., Server], version: str, expected: int):
    """All but 100 Continue, which is about the backend's connection; HTTP/1.0 has nothing of the kind."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: x\r\nX: y\r\n\r\n"
    early = b"HTTP/1.1 100 Continue\r\n\r\n" + hints + b"HTTP/1.1 102 Processing\r\n\r\n"
    with backend(serving(lambda _head: early + ok())) as back:
        server = new_server(ALL, backend=back).start()
        request = f"GET / HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        data = clients.exchange(server.http, request.encode())
        assert b" 100 " not in data
        *interim, final = data.split(b"HTTP/1.1 ")[1:]
        assert [each[:3] for each in interim] == [b"103", b"102"][:expected]
        assert final.startswith(b"200 OK\r\n")
        assert final.endswith(b"\r\n\r\nok")
        if expected:
            assert interim[0] == b"103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"


TRAILERS = b"2\r\nok\r\n0\r\nX-Checksum: 5\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\nConnection: x\r\n\r\n"


@pytest.mark.parametrize("wanted", [True, False])
def test_what_is_said_behind_an_answer(new_server: Callable[..., Server], wanted: bool):
    """Trailers are for those who want them, and the backend learns who does."""
    seen: list[bytes] = []
    body = TRAILERS.replace(b"Content-Length: 9\r\n", b"")  # llhttp refuses it
    with backend(serving(lambda _head: CHUNKED + b"\r\n" + body, seen)) as back:
        server = new_server(ALL, backend=back).start()
        lines = "TE: trailers\r\nConnection: TE\r\n" if wanted else "TE: trailers\r\n"
        with clients.connect(server.http) as sock:
            for _ in range(2):
                sock.sendall(f"GET / HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
                tap = Tap(sock)
                tap.until(b"2\r\nok\r\n0\r\n")
                if wanted:
                    assert tap.until(b"\r\n\r\n") == b"X-Checksum: 5\r\n\r\n"
                else:
                    tap.until(b"\r\n")
        assert back.visits == 1
        assert (fields_of(seen[0]).get("te") == "trailers") is wanted
        # HTTP/1.0 has no place for them.
        data = clients.exchange(server.http, f"GET / HTTP/1.0\r\n{lines}\r\n".encode())
        assert data.endswith(b"\r\n\r\nok")


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_uploads_may_take_longer_than_a_backend_may_be_silent(
    new_server: Callable[..., Server], framing: str
):
    """The backend has nothing to say as long as the request is on its way; then its time begins."""

    def script(visit: Visit) -> None:
        while head := visit.head():
            size = 100_000 if framing == "length" else 0
            body = visit.body(size) if size else chunks(visit)
            if b"/silent" in head:
                visit.wait_for_end()
                return
            visit.say(ok(b"%d" % len(body)))

    frame = b"Content-Length: 100000" if framing == "length" else b"Transfer-Encoding: chunked"
    piece = b"x" * 20_000 if framing == "length" else b"4e20\r\n%b\r\n" % (b"x" * 20_000)
    end = b"" if framing == "length" else b"0\r\n\r\n"
    with backend(script) as back:
        server = new_server(ALL + "ProxyTimeout 1\n", backend=back).start()
        for path, pause, status in ((b"/", 1.5, 200), (b"/silent", 0, 504)):
            head = b"POST %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%b\r\n\r\n" % (path, frame)
            with clients.connect(server.http, 20) as sock:
                sock.sendall(head + piece)
                time.sleep(pause)
                sock.sendall(piece * 3)
                time.sleep(pause)
                sock.sendall(piece + end)
                reply = clients.parse(clients.drain(sock))
            assert reply.status == status
            assert status != 200 or reply.body == b"100000"


def test_no_continue_within_an_answer(new_server: Callable[..., Server]):
    """A backend says "go on", and in the same breath answers at length."""
    size = 30_000_000

    def script(visit: Visit) -> None:
        visit.head()
        visit.say(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        visit.say(bytes(size))

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        with clients.connect(server.http, 20) as sock:
            sock.sendall(
                b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
            )
            tap = Tap(sock)
            assert tap.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
            received = len(tap.data)
            while received < size and (data := sock.recv(1 << 20)):
                assert b"Continue" not in data
                received += len(data)
            assert received == size


def test_an_answer_that_ends_behind_its_head(new_server: Callable[..., Server], tmp_path: Path):
    """The head has left: the connection is cut, and one line tells why."""
    with backend(answer(HEADS["sized"])) as back:
        server = new_server(ALL, backend=back).start()
        with clients.connect(server.http) as sock:
            sock.sendall(b"GET /cut HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert clients.parse(clients.drain(sock)).body == b""
        server.logged("closed the connection 5 bytes before the end")
        assert server.log().count("/cut ") == 1
