"""The head of an answer: what of it is for the client, and how the body is framed."""

from __future__ import annotations

import pytest

from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.reply_head import read_head


def test_what_is_for_the_client():
    head = read_head(
        b"HTTP/1.1 200 OK\r\nServer: s\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\n"
        b"Keep-Alive: timeout=5\r\nTrailer: T\r\nContent-Length: 3\r\n\r\n",
        "GET",
    )
    assert head.headers == [("Server", "s"), ("Set-Cookie", "a"), ("Set-Cookie", "b")]
    assert (head.status, head.length, head.chunked, head.bodiless, head.keep) == (200, 3, False, False, False)


@pytest.mark.parametrize(
    ("lines", "method", "length", "chunked", "bodiless", "keep"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3", "GET", 3, False, False, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0", "GET", 0, False, True, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3", "HEAD", 3, False, True, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked", "GET", None, True, False, True),
        (b"HTTP/1.1 200 OK", "GET", None, False, False, False),
        (b"HTTP/1.1 304 X", "GET", None, False, True, True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3", "GET", 3, False, False, False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3", "GET", 3, False, False, True),
    ],
)
def test_framing(lines: bytes, method: str, length: int | None, chunked: bool, bodiless: bool, keep: bool):
    head = read_head(lines + b"\r\n\r\n", method)
    assert (head.length, head.chunked, head.bodiless, head.keep) == (length, chunked, bodiless, keep)


@pytest.mark.parametrize("status", [b"000", b"099", b"600", b"999", b"-10", b"2x0"])
def test_no_status(status: bytes):
    for _ in range(2):  # what is refused is not remembered
        with pytest.raises(BackendFailure):
            read_head(b"HTTP/1.1 %b X\r\nContent-Length: 0\r\n\r\n" % status, "GET")
