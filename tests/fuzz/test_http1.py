"""Whatever arrives: no traceback, no hang, and nothing but valid HTTP goes back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.kernel.http_requests import BROKEN_BODIES, REFUSED, SERVED
from unit.kernel.talk import Server, echo, parse_replies, splits

from prefork_ssl.kernel.request import Request, Response

MODEST = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

TOKENS = [
    *(
        b"GET POST OPTIONS HEAD BREW / /a?b * http://h/ %2e%2e/ %00 \\ HTTP/1.1 HTTP/1.0 HTTP/0.9 HTTP/2.0".split()
    ),
    *(b" |\t|\r\n|\r\n\r\n|\r|\n|\0|\xff|:|;|0|5|a|ffffffffffffffff|hello|\x16\x03\x01".split(b"|")),
    *(
        b"Host: h|Host: h:80|Content-Length: 5|Content-Length: 0|Transfer-Encoding: chunked|Transfer-Encoding: gzip"
        b"|Expect: 100-continue|Connection: close|Connection: Upgrade|Upgrade: h2c|Connection: keep-alive|X_Y: z"
        b"|5\r\nhello|0\r\n|Range: bytes=0-1"
    ).split(b"|"),
    b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
]

CORPUS = [data for _name, data, *_answer in (*SERVED, *REFUSED, *BROKEN_BODIES) if len(data) < 1000]

# Messages whose responses have no body although they tell its length: a parser of responses must know of them.
HEAD = b"HEAD"


@pytest.fixture(scope="module")
def server() -> Server:
    def handler(request: Request) -> Response:
        return Response(200, body=iter([b"x", b"y"])) if request.path == "/a" else echo(request)

    return Server(handler)


def converse(server: Server, data: bytes, places: list[int]) -> None:
    client = server.connect()
    for piece in splits(data, places):
        client.send(piece)
    received = client.read_to_end()
    if HEAD not in data:
        replies = parse_replies(received)
        assert all(reply.complete for reply in replies[:-1])
        assert received == b"" or replies
        assert all(reply.status != 500 for reply in replies)
    assert received == b"" or received.startswith(b"HTTP/1.1 ")
    assert "Traceback" not in server.errors()
    assert server.begun == server.ended


places = st.lists(st.integers(0, 400), max_size=6)


@MODEST
@given(st.lists(st.sampled_from(TOKENS), max_size=30).map(b"".join), places)
def test_tokens_in_any_order(server, data, places):
    converse(server, data, places)


@MODEST
@given(st.binary(max_size=400), places)
def test_any_bytes(server, data, places):
    converse(server, data, places)


@MODEST
@given(st.sampled_from(CORPUS), st.integers(0, 300), st.binary(max_size=3), st.integers(0, 3), places)
def test_corpus_with_a_few_bytes_changed(server, data, place, patch, gone, places):
    place = min(place, len(data))
    converse(server, data[:place] + patch + data[place + gone :], places)


@MODEST
@given(st.lists(st.sampled_from(CORPUS), min_size=2, max_size=3), places)
def test_corpus_one_after_the_other(server, requests, places):
    converse(server, b"".join(requests), places)
