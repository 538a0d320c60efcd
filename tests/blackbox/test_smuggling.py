"""Requests that two parsers could read in two ways: refused, and what follows them on the connection is never read."""

import re

import pytest
from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.server import Server

# What an attacker wants to be taken for a second request.
HIDDEN = b"GET /hidden.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"

HOST = b"Host: localhost\r\n"

REFUSED = {
    "length and chunks": b"POST / HTTP/1.1\r\n%bContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n%bContent-Length: 0\r\nContent-Length: 47\r\n\r\n",
    "a list of lengths": b"POST / HTTP/1.1\r\n%bContent-Length: 0, 47\r\n\r\n",
    "signed length": b"POST / HTTP/1.1\r\n%bContent-Length: +0\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\n%bContent-Length: -1\r\n\r\n",
    "hexadecimal length": b"POST / HTTP/1.1\r\n%bContent-Length: 0x0\r\n\r\n",
    "empty length": b"POST / HTTP/1.1\r\n%bContent-Length: \r\n\r\n",
    "coding misspelt": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding twice": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding after chunked": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "coding before chunked": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "coding with a tab": b"POST / HTTP/1.1\r\n%bTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "coding in 1.0": b"POST / HTTP/1.0\r\n%bTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "space before the colon": b"POST / HTTP/1.1\r\n%bContent-Length : 0\r\n\r\n",
    "folded line": b"POST / HTTP/1.1\r\n%bX: a\r\n Content-Length: 47\r\n\r\n",
    "line without colon": b"GET / HTTP/1.1\r\n%bnonsense\r\n\r\n",
    "empty name": b"GET / HTTP/1.1\r\n%b: value\r\n\r\n",
    "bare carriage return": b"GET / HTTP/1.1\r\n%bX: a\rContent-Length: 47\r\n\r\n",
    "bare line feeds": b"POST / HTTP/1.1\n%bContent-Length: 0\n\n",
    "a nul": b"GET / HTTP/1.1\r\n%bX: a\0b\r\n\r\n",
    "control character in a name": b"GET / HTTP/1.1\r\n%bX\x01: a\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n%bHost: other\r\n\r\n",
    "no version": b"GET /\r\n%b\r\n",
    "no version, bare line feed": b"GET /\n%b\r\n",
    "version 0.9": b"GET / HTTP/0.9\r\n%b\r\n",
    "version 2.0": b"GET / HTTP/2.0\r\n%b\r\n",
    "version 1.2 in words": b"GET / HTTP/1.x\r\n%b\r\n",
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "lower case protocol": b"GET / http/1.1\r\n%b\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\n%b\r\n",
    "blank in the target": b"GET /a b HTTP/1.1\r\n%b\r\n",
    "tab in the line": b"GET\t/ HTTP/1.1\r\n%b\r\n",
    "authority form": b"GET localhost:80 HTTP/1.1\r\n%b\r\n",
    "chunk size with sign": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "chunk size with 0x": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "chunk size with a blank": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n0 \r\n\r\n",
    "chunk size too large": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n\r\n",
    "chunk size missing": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n\r\n",
    "chunk longer than its size": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "bare line feed in an extension": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n",
    "length in a trailer": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(ONE_HOST)
    server.write("index.html", b"index")
    server.write("hidden.txt", b"HIDDEN CONTENT")
    return server.start()


RESPONSE = re.compile(rb"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
def test_ambiguous_requests_are_refused_and_end_the_connection(server: Server, sent: bytes) -> None:
    answer = clients.exchange(server.http, sent.replace(b"%b", HOST) + HIDDEN)
    assert b"HIDDEN CONTENT" not in answer
    assert len(RESPONSE.findall(answer)) == 1
    reply = clients.parse(answer)
    assert reply.status in (400, 405, 501, 505)
    # 405 is about a head without fault. It was sent before anybody looked into the body, and then that was the end.
    assert reply.status == 405 or reply.headers["connection"] == "close"


# Wrong, but nobody can mistake where they end.
WRONG = {
    "host with a path": b"GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
    "host with a blank": b"GET / HTTP/1.1\r\nHost: local host\r\n\r\n",
    "host with a user": b"GET / HTTP/1.1\r\nHost: me@localhost\r\n\r\n",
    "fragment": b"GET /a#b HTTP/1.1\r\n%b\r\n",
    "asterisk form": b"GET * HTTP/1.1\r\n%b\r\n",
}


@pytest.mark.parametrize("sent", WRONG.values(), ids=WRONG.keys())
def test_wrong_requests_are_refused(server: Server, sent: bytes) -> None:
    answer = clients.exchange(server.http, sent.replace(b"%b", HOST))
    assert RESPONSE.findall(answer) == [b"400"]


UNDERSTOOD = {
    # Applications cannot tell such a name from the one with hyphens, so they never see it.
    "length with underscore": b"POST / HTTP/1.1\r\n%bContent_Length: 47\r\nContent-Length: 0\r\n\r\n",
    "chunk extension": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n",
    "trailer": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n",
    "coding in capitals": b"POST / HTTP/1.1\r\n%bTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
    "absolute form": b"GET http://localhost/ HTTP/1.1\r\n%b\r\n",
    "upgrade to what we do not speak": b"GET / HTTP/1.1\r\n%bConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    "blanks around a value": b"GET / HTTP/1.1\r\n%bX:  \t a \t\r\n\r\n",
}


@pytest.mark.parametrize("sent", UNDERSTOOD.values(), ids=UNDERSTOOD.keys())
def test_unusual_requests_are_understood_and_the_next_one_found(server: Server, sent: bytes) -> None:
    answer = clients.exchange(server.http, sent.replace(b"%b", HOST) + HIDDEN)
    assert clients.parse(answer).status in (200, 405)
    assert answer.count(b"HIDDEN CONTENT") == 1
