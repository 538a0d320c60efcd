"""One connection's life: how long it lasts, how long its parts may take, what is read and what is not."""

from __future__ import annotations

import socket

import gevent
import pytest
from unit.kernel.http_requests import GET, ROOT, chunked, post
from unit.kernel.talk import Server, parse_replies

from prefork_ssl.kernel import directives as core
from prefork_ssl.kernel.directives import ReadLimit
from prefork_ssl.kernel.request import BodyError, Request, Response

MEGABYTE = 1 << 20


def hello(_request: Request) -> Response:
    return Response(200, [("Content-Type", "text/plain")], b"hello")


def bodies(data: bytes) -> list[str]:
    return [reply.body.decode() for reply in parse_replies(data)]


# --- how long a connection lasts ---


def test_keep_alive_off():
    replies = Server(settings={core.KEEP_ALIVE: False}).replies(GET * 2)
    assert [reply.headers["connection"] for reply in replies] == ["close"]


def test_as_many_requests_as_allowed():
    replies = Server(settings={core.MAX_KEEP_ALIVE_REQUESTS: 3}).replies(GET * 5)
    assert [reply.headers.get("connection") for reply in replies] == [None, None, "close"]


def test_any_number_of_requests():
    assert len(Server(settings={core.MAX_KEEP_ALIVE_REQUESTS: 0}).replies(GET * 200)) == 200


def test_a_draining_worker_ends_connections_with_their_next_response():
    server = Server()
    client = server.connect()
    client.send(GET)
    assert "connection" not in parse_replies(client.read())[0].headers
    server.draining = True
    client.send(GET)
    (reply,) = parse_replies(client.read_to_end(end_first=False))
    assert reply.headers["connection"] == "close"


def test_a_connection_is_idle_only_between_requests():
    client = Server().connect()
    client.settle()
    assert not client.wire.idle  # the first request may be on its way
    client.send(GET)
    assert client.wire.idle
    client.send(GET[:10])
    assert not client.wire.idle


def test_an_idle_connection_ends_in_silence():
    client = Server(settings={core.KEEP_ALIVE_TIMEOUT: 0.02}).connect()
    client.send(GET)
    client.wait_for_deadline()
    assert bodies(client.read_to_end(end_first=False)) == [ROOT]


def test_a_new_connection_without_a_request_ends_in_silence():
    server = Server(settings={core.REQUEST_READ_TIMEOUT: {"header": ReadLimit(0.02)}})
    client = server.connect()
    client.settle()
    client.wait_for_deadline()
    assert client.read_to_end(end_first=False) == b""
    assert server.logged == []


# --- how long the parts of a request may take ---


def test_half_a_request_is_answered_408():
    server = Server(settings={core.REQUEST_READ_TIMEOUT: {"header": ReadLimit(0.02)}})
    client = server.connect()
    client.send(GET[:10])
    client.wait_for_deadline()
    (reply,) = parse_replies(client.read_to_end(end_first=False))
    assert (reply.status, reply.headers["connection"]) == (408, "close")
    assert [(line, status) for line, status, _ in server.logged] == [("GET / HTTP", 408)]


def test_bytes_that_arrive_buy_time_but_not_for_ever():
    limit = ReadLimit(timeout=0.02, longest=0.06, rate=100)
    client = Server(settings={core.REQUEST_READ_TIMEOUT: {"header": limit}}).connect()
    now = client.wire.now
    client.send(b"G")
    first = client.wire.deadline - now()
    client.send(b"ET / HTTP/1.1\r\n")  # 15 bytes at 100 a second: more than is left until the longest
    second = client.wire.deadline - now()
    assert first <= 0.03 < second <= 0.06


def test_a_body_that_stops_arriving_is_answered_408():
    client = Server(settings={core.REQUEST_READ_TIMEOUT: {"body": ReadLimit(0.02)}}).connect()
    client.send(post(b"Content-Length: 10\r\n", b"hello"))
    client.wait_for_deadline()
    (reply,) = parse_replies(client.read_to_end(end_first=False))
    assert (reply.status, reply.headers["connection"]) == (408, "close")


def test_the_time_of_a_slow_handler_is_not_the_clients():
    resumed = []

    def slow(request: Request) -> Response:
        request.body.read(1)
        gevent.sleep(0.05)
        resumed.append(request.transport.wire.now())
        return hello(request) if request.body.read(100) else Response(500)

    client = Server(slow, {core.REQUEST_READ_TIMEOUT: {"body": ReadLimit(0.04)}}).connect()
    client.send(post(b"Content-Length: 10\r\n", b"h"))
    with gevent.Timeout(10):
        while not resumed:
            gevent.sleep(0.001)
    client.settle()
    assert client.wire.deadline - resumed[0] > 0.03
    client.send(b"elloworld")
    assert bodies(client.read_to_end()) == ["hello"]


def test_a_client_that_reads_nothing_is_given_up_after_timeout():
    server = Server(lambda _request: Response(200, body=b"x" * 20 * MEGABYTE), {core.TIMEOUT: 0.02})
    client = server.connect()
    client.send(GET)
    client.wait_for_deadline()
    client.server.get(timeout=10)
    assert server.logged[0][2] < 20 * MEGABYTE


def test_a_client_that_reads_slowly_has_all_the_time_it_needs():
    server = Server(lambda _request: Response(200, body=b"x" * MEGABYTE), {core.TIMEOUT: 1})
    client = server.connect()
    client.send(GET)
    assert len(client.read_slowly(MEGABYTE, rate=MEGABYTE // 2)) == MEGABYTE
    client.read_to_end()
    assert server.logged == [("GET / HTTP/1.1", 200, MEGABYTE)]


# --- bodies ---


def test_100_continue_is_sent_when_the_body_is_read():
    client = Server().connect()
    client.send(post(b"Expect: 100-continue\r\nContent-Length: 5\r\n", b""))
    assert client.read() == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(b"hello" + GET)
    assert bodies(client.read_to_end()) == ["POST / None hello", ROOT]


def test_no_100_continue_if_the_body_came_by_itself():
    client = Server().connect()
    client.send(post(b"Expect: 100-continue\r\nContent-Length: 5\r\n", b"hello"))
    assert bodies(client.read_to_end()) == ["POST / None hello"]


def test_a_body_that_was_not_asked_for_ends_the_connection():
    """The client may or may not send it after the final response (RFC 9110 section 10.1.1)."""
    client = Server(hello).connect()
    client.send(post(b"Expect: 100-continue\r\nContent-Length: 30\r\n", b""))
    client.send(GET)
    (reply,) = parse_replies(client.read_to_end())
    assert (reply.body, reply.headers["connection"]) == (b"hello", "close")


@pytest.mark.parametrize(
    "request_",
    [post(b"Content-Length: 50000\r\n", b"x" * 50000), chunked(b"5\r\nhello\r\n" * 999 + b"0\r\n\r\n")],
)
def test_a_body_that_nobody_read_is_read_past(request_):
    assert [reply.body for reply in Server(hello).replies(request_ + GET)] == [b"hello", b"hello"]


def test_a_long_body_that_nobody_read_ends_the_connection_but_not_the_response():
    """On TCP, closing with unread bytes resets the connection and may lose the response."""
    client = Server(hello).connect(tcp=True)
    client.send(post(b"Content-Length: 900000\r\n", b"x" * 900000))
    client.send(GET)
    (reply,) = parse_replies(client.read_to_end())
    assert (reply.body, reply.headers["connection"]) == (b"hello", "close")


def test_who_ends_the_connection_and_sends_on_gets_the_response_nevertheless():
    client = Server(hello).connect(tcp=True)
    client.sock.send(b"GET / HTTP/1.0\r\n\r\n" + b"x" * 100000)
    assert [reply.body for reply in parse_replies(client.read_to_end())] == [b"hello"]


def test_a_long_chunked_body_that_nobody_read_ends_the_connection():
    client = Server(hello).connect(tcp=True)
    client.send(chunked((b"1000\r\n" + b"x" * 4096 + b"\r\n") * 100))
    assert [reply.body for reply in parse_replies(client.read_to_end())] == [b"hello"]


@pytest.mark.parametrize(
    "request_",
    [post(b"Content-Length: 101\r\n", b"x" * 101), chunked((b"5\r\nhello\r\n" * 21) + b"0\r\n\r\n")],
    ids=["sized", "chunked"],
)
def test_limit_request_body(request_):
    replies = Server(settings={core.LIMIT_REQUEST_BODY: 100}).replies(request_ + GET)
    assert [(reply.status, reply.headers.get("connection")) for reply in replies] == [(413, "close")]
    assert len(Server(settings={core.LIMIT_REQUEST_BODY: 0}).replies(request_ + GET)) == 2


def test_reading_on_after_an_error_gives_the_same_error():
    def stubborn(request: Request) -> Response:
        statuses = []
        for _ in range(2):
            try:
                while request.body.read(10):
                    pass
            except BodyError as error:
                statuses.append(error.status)
        return Response(200, body=str(statuses).encode())

    (reply,) = Server(stubborn).replies(chunked(b"5\r\nhello\r\nx"))
    assert (reply.body, reply.headers["connection"]) == (b"[400, 400]", "close")


def test_reading_in_small_pieces():
    def sip(request: Request) -> Response:
        sizes = iter(lambda: request.body.read(3), b"")
        return Response(200, body=b"|".join(sizes) + request.body.read(3))

    assert Server(sip).replies(post(b"Content-Length: 8\r\n", b"abcdefgh"))[0].body == b"abc|def|gh"


def test_a_client_that_leaves_within_the_body():
    server = Server()
    client = server.connect(tcp=True)
    client.send(post(b"Content-Length: 10\r\n", b"hello"))
    client.wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\0" * 8)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    client.server.get(timeout=10)
    assert [(line, status) for line, status, _ in server.logged] == [("POST / HTTP/1.1", 400)]
    assert "Traceback" not in server.errors()
