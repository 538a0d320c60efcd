"""llhttp at work on one connection: heads and bodies in, their parts out.

The parser is given one message at a time, never a byte of the next: a head as a whole, then as much of the body as
belongs to it. The end of a chunked body is found by handing it over up to each CRLF CRLF, with which the last chunk or
the trailer section always ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httptools

from prefork_ssl.kernel.http.head import field_name
from prefork_ssl.kernel.request import BodyError, HeaderList, RequestError

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ ")

# What chunked framing may add to a body: this much, and as much again for each piece of data that was handed out.
# It bounds chunk extensions and trailers.
_OVERHEAD = 16384
_OVERHEAD_OF_CHUNK = 32

# Trailers that would change how the message is read, routed or trusted (RFC 9110 section 6.5.1). Others are ignored.
_NO_TRAILERS = frozenset(
    [
        "authorization",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "cookie",
        "expect",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "max-forwards",
        "pragma",
        "proxy-authorization",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)


class _Sink:
    """What llhttp calls. It knows no parser, so that both are freed as soon as the connection is."""

    __slots__ = ("body", "complete", "headers", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: HeaderList = []
        self.body: list[bytes] = []
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.target = url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = field_name(name)
        if key:
            self.headers.append((key, value.strip().decode("latin-1")))

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        self.complete = True


class MessageParser:
    """The parser of one connection. After parse_head: `method`, `target`, `headers`, and whether the message is
    `complete`, that is, has no body (or `parse_body` has seen its end)."""

    __slots__ = ("_allowed", "_llhttp", "_sink", "headers", "method", "upgrading")

    def __init__(self) -> None:
        self._sink = _Sink()
        self._llhttp = httptools.HttpRequestParser(self._sink)
        self._allowed = 0
        self.method = b""
        self.headers: HeaderList = []
        self.upgrading = False

    @property
    def target(self) -> bytes:
        """The request target as sent."""
        return self._sink.target

    @property
    def complete(self) -> bool:
        """Whether the end of the message has been seen."""
        return self._sink.complete

    def parse_head(self, head: bytes) -> None:
        """Parse one whole head. Raises RequestError."""
        sink = self._sink
        sink.complete = False
        sink.headers = self.headers = []
        try:
            self._llhttp.feed_data(head)
        except httptools.HttpParserUpgrade:
            # llhttp takes all that follows for another protocol. For us it is the body, or the next request.
            self.upgrading = True
        except httptools.HttpParserInvalidMethodError:
            if _TOKEN.match(head):
                raise RequestError(501, "This request method is not known here.") from None
            raise RequestError(400, "The request line does not begin with a method.") from None
        except httptools.HttpParserError as error:
            raise RequestError(400, f"The header is malformed: {error}.") from None
        self.method = self._llhttp.get_method()

    def stay_with_http(self, framing: bytes) -> None:
        """Go on in HTTP/1.1 after a head that asked for an upgrade, with its body if it has one.

        `framing` is the header line that frames the body. It reaches a new parser as the head of a message of which
        only the body is used. Take method, target and headers before.
        """
        self.upgrading = False
        self._llhttp = httptools.HttpRequestParser(self._sink)
        self._sink.headers = []
        self._sink.complete = False
        self._llhttp.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)

    def expect_body(self) -> None:
        """Begin with the body: what llhttp calls headers from now on are trailers."""
        self._sink.headers = []
        self._allowed = _OVERHEAD

    def parse_sized(self, data: bytes, left: int) -> int:
        """Parse a body of which `left` bytes are still to come; returns how many of `data` belong to it."""
        piece = data[:left]
        self._feed(piece)
        return len(piece)

    def parse_chunked(self, data: bytes) -> int:
        """Parse on in a chunked body; returns how many bytes of `data` belong to it. Raises BodyError."""
        start = 0
        for end in _possible_ends(data):
            self._feed(data[start:end])
            start = end
            if self._sink.complete:
                self._check_trailers()
                break
        pieces = self._sink.body
        self._allowed += sum(map(len, pieces)) + _OVERHEAD_OF_CHUNK * len(pieces) - start
        if self._allowed < 0:
            raise BodyError(400, "The body has more chunk extensions or trailers than data.")
        return start

    def take_body(self) -> bytes:
        """The body parsed since the last call."""
        data = b"".join(self._sink.body)
        self._sink.body.clear()
        return data

    def _feed(self, data: bytes) -> None:
        try:
            self._llhttp.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise BodyError(400, f"The body is malformed: {error}.") from None

    def _check_trailers(self) -> None:
        for name, _value in self._sink.headers:
            if name in _NO_TRAILERS:
                raise BodyError(400, f"The field {name} is not allowed in a trailer section.")


def _possible_ends(data: bytes) -> Iterator[int]:
    """Every place of `data` where a chunked body may end. CRLF CRLF may have begun in the data before."""
    size = len(data)
    yield from range(1, min(4, size))
    found = data.find(b"\r\n\r\n")
    while found >= 0:
        yield found + 4
        found = data.find(b"\r\n\r\n", found + 2)
    yield size
