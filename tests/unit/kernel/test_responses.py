"""How responses leave: framing, files, mistakes of handlers, and what the client and the log see of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import gevent
import pytest
from gevent.event import Event
from unit.kernel.http_requests import GET, H
from unit.kernel.talk import Client, Server, parse_replies

from prefork_ssl.kernel.request import FileBody, Request, Response

MEGABYTE = 1 << 20


class Pieces:
    """A body that knows whether it was closed."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.closed = 0

    def __iter__(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def close(self) -> None:
        self.closed += 1


def answering(*args, **kwargs) -> Server:
    return Server(lambda _request: Response(*args, **kwargs))


def test_unknown_length_is_chunked():
    pieces = Pieces(b"he", b"", b"llo")
    reply, second = answering(200, body=pieces).replies(GET * 2)
    assert reply.headers["transfer-encoding"] == "chunked"
    assert (reply.body, second.body, pieces.closed) == (b"hello", b"hello", 2)


def test_unknown_length_in_1_0_lasts_until_the_end():
    pieces = Pieces(b"he", b"llo")
    server = answering(200, body=pieces)
    (reply,) = server.replies(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + GET)
    assert (reply.body, reply.headers["connection"]) == (b"hello", "close")
    assert (pieces.closed, server.logged) == (1, [("GET / HTTP/1.0", 200, 5)])


def test_known_length():
    (reply,) = answering(200, body=Pieces(b"he", b"llo"), length=5).replies(GET)
    assert (reply.body, reply.headers["content-length"]) == (b"hello", "5")


def test_an_empty_body_has_a_length():
    reply, _ = answering(200, body=Pieces()).replies(GET * 2)
    assert (reply.body, reply.headers["content-length"]) == (b"", "0")


@pytest.mark.parametrize(("length", "end"), [(None, b"5\r\nhello\r\n0\r\n\r\n"), (5, b"hello")])
def test_an_empty_first_piece_lets_the_head_go(length, end):
    go_on = Event()

    def pieces() -> Iterator[bytes]:
        yield b""
        go_on.wait()
        yield b""
        yield b"hello"

    client = Server(lambda _request: Response(200, body=pieces(), length=length)).connect()
    client.sock.sendall(GET)
    while not (head := client.read_now()):
        gevent.sleep(0)
    assert head.endswith(b"\r\n\r\n")
    go_on.set()
    assert client.read_to_end() == end


def test_trailers():
    body = Pieces(b"he", b"llo")
    body.trailers = [("X-Sum", "5"), ("Content-Length", "9")]
    server = Server(lambda _request: Response(200, body=body))
    assert server.connect().talk(GET).endswith(b"\r\n0\r\nX-Sum: 5\r\n\r\n")
    assert server.connect().talk(GET.replace(b"1.1", b"1.0")).endswith(b"\r\n\r\nhello")


def test_trailers_that_cannot_be_sent():
    body = Pieces(b"hello")
    body.trailers = [("X-Sum", "5\r\nX-Evil: 6")]
    data = Server(lambda _request: Response(200, body=body)).connect().talk(GET)
    assert data.endswith(b"hello\r\n")
    assert b"Evil" not in data


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(status):
    pieces = Pieces(b"hello")
    server = answering(status, body=pieces, length=5)
    first, second = server.replies(GET * 2)
    assert (first.status, first.body, second.status) == (status, b"", status)
    assert "transfer-encoding" not in first.headers
    assert "content-length" not in first.headers
    assert pieces.closed == 2


@pytest.mark.parametrize("body", [b"hello", Pieces(b"hello")])
def test_head_has_the_fields_of_get_and_no_body(body):
    server = answering(200, [("X", "y")], body, length=5)
    client = server.connect()
    client.send(b"HEAD / HTTP/1.1\r\n" + H + b"\r\n")
    head = client.read()
    assert head.endswith(b"\r\n\r\n")
    assert b"Content-Length: 5\r\n" in head
    assert server.logged == [("HEAD / HTTP/1.1", 200, 0)]
    client.send(GET)
    assert parse_replies(client.read_to_end())[0].body == b"hello"


@pytest.mark.parametrize("size", [0, 5, 65536, 65537, 3 * MEGABYTE])
def test_files(tmp_path, size):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * (size // 256 + 1))

    def handler(_request: Request) -> Response:
        return Response(200, body=FileBody(os.open(path, os.O_RDONLY), 1, size))

    server = Server(handler)
    assert [reply.body for reply in server.replies(GET * 2)] == [path.read_bytes()[1 : size + 1]] * 2
    client = server.connect()
    client.send(b"HEAD / HTTP/1.1\r\n" + H + b"\r\n")
    assert b"Content-Length: %d\r\n" % size in client.read()
    client.close()


def until_reset(client: Client) -> bytes:
    """What arrives before the connection is reset; an orderly end would be a mistake."""
    received = b""
    try:
        while data := client.sock.recv(1000):
            received += data
    except ConnectionResetError:
        client.close()
        return received
    raise AssertionError("ended as if all were well")


def test_a_small_response_leaves_in_one_write():
    client = answering(200, body=b"hello").connect()
    writes = []
    client.wire.sock = _Recorder(client.wire.sock, writes)
    client.send(GET)
    assert [data.endswith(b"\r\n\r\nhello") for data in writes] == [True]


class _Recorder:
    """A socket that notes what is sent."""

    def __init__(self, sock, writes) -> None:
        self._sock = sock
        self._writes = writes

    def send(self, data) -> int:
        self._writes.append(bytes(data))
        return self._sock.send(data)

    def __getattr__(self, name):
        return getattr(self._sock, name)


# --- heads ---


def test_date_and_server():
    (reply,) = answering(200, body=b"").replies(GET)
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", reply.headers["date"])
    assert reply.headers["server"].startswith("prefork_ssl/")


def test_a_response_may_bring_its_own_date_and_server():
    given = [("Date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("server", "backend")]
    client = answering(200, given, b"").connect()
    client.send(GET)
    head = client.read()
    assert head.lower().count(b"date:") == head.lower().count(b"server:") == 1
    assert b"1970" in head
    assert b"server: backend" in head


def test_framing_is_the_servers_alone():
    given = [
        ("Content-Length", "99"),
        ("Transfer-Encoding", "gzip"),
        ("Connection", "x"),
        ("Keep-Alive", "y"),
    ]
    first, second = answering(200, given, b"hello").replies(GET * 2)
    assert first.body == second.body == b"hello"
    assert first.headers["content-length"] == "5"
    assert first.headers.keys().isdisjoint({"transfer-encoding", "connection", "keep-alive"})


@pytest.mark.parametrize(
    "field",
    [
        ("X", "a\r\nSet-Cookie: b"),
        ("X", "a\nb"),
        ("X", "a\rb"),
        ("X", "a\0b"),
        ("X", "\u20ac"),
        ("X\r\nY", "a"),
        ("X:", "a"),
        ("X Y", "a"),
        ("", "a"),
        ("X\u20ac", "a"),
        ("X", 5),
        ("X", ["a"]),
        ("X", "a", "b"),
        "X: a",
    ],
)
def test_fields_that_must_not_be_sent(field):
    pieces = Pieces(b"hello")
    server = answering(200, [("Y", "z"), field], pieces)
    first, second = server.replies(GET * 2)
    assert first.status == second.status == 500
    assert "y" not in first.headers
    assert pieces.closed == 2
    assert "InvalidResponse" in server.errors()
    assert [status for _, status, _ in server.logged] == [500, 500]


def test_many_names_of_fields_are_not_kept_for_ever():
    names = iter(range(3000))
    server = Server(lambda _request: Response(200, [(f"X-{next(names)}", "a")], b""))
    assert len(server.replies(GET * 90)) == 90
    assert len(server.dispatcher.writers["HTTP/1.1"]._heads._line.__self__) <= 1024


# --- bodies that fail ---


def test_a_body_that_fails_at_once_is_answered_500():
    pieces = Pieces(ValueError("secret"))
    server = answering(200, body=pieces)
    first, second = server.replies(GET * 2)
    assert first.status == second.status == 500
    assert b"secret" not in first.body
    assert "ValueError: secret" in server.errors()
    assert pieces.closed == 2


@pytest.mark.parametrize(("length", "pieces"), [(5, ()), (5, (b"hello!",))])
def test_a_body_of_another_length_is_answered_500_if_that_shows_at_once(length, pieces):
    (reply,) = answering(200, body=Pieces(*pieces), length=length).replies(GET)
    assert reply.status == 500


@pytest.mark.parametrize(
    ("length", "pieces"),
    [
        (None, (b"hel", ValueError("secret"))),
        (9, (b"hel", ValueError("secret"))),
        (9, (b"hel",)),
        (4, (b"hel", b"lo")),
    ],
)
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_response_that_breaks_off_is_no_whole_response(length, pieces, version):
    pieces = Pieces(*pieces)
    server = answering(200, body=pieces, length=length)
    client = server.connect(tcp=True)
    client.send(GET.replace(b"1.1", version) + GET)
    received = until_reset(client)
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.endswith((b"hel", b"3\r\nhel\r\n"))
    assert pieces.closed == 1
    assert server.errors().count("Traceback") >= 1
    assert server.logged[0][1:] == (200, 3)
    assert server.begun == server.ended == 1


def test_a_file_that_shrinks_ends_the_connection(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"hel")
    server = Server(lambda _request: Response(200, body=FileBody(os.open(path, os.O_RDONLY), 0, 5)))
    client = server.connect(tcp=True)
    client.send(GET * 2)
    received = until_reset(client)
    assert received.count(b"HTTP/1.1 ") == 1


def test_files_are_closed_whatever_happens(tmp_path):
    (tmp_path / "file").write_bytes(b"hello")
    opened = []

    def handler(request: Request) -> Response:
        opened.append(os.open(tmp_path / "file", os.O_RDONLY))
        headers = [("X", "a\nb")] if request.query == "bad" else []
        return Response(304 if request.query == "same" else 200, headers, FileBody(opened[-1], 0, 5))

    targets = (b"/", b"/?bad", b"/?same")
    Server(handler).replies(b"".join(b"GET " + target + b" HTTP/1.1\r\n" + H + b"\r\n" for target in targets))
    for descriptor in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
