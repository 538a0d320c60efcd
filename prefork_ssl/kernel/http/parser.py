"""llhttp at work on one connection: heads and bodies in, their parts out.

The parser is given one message at a time, never a byte of the next: a head as a whole, then as much of the body as
belongs to it. The end of a chunked body is found by handing it over up to each CRLF CRLF, with which the last chunk or
the trailer section always ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httptools

from prefork_ssl.kernel.http.head import NAMES
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


class Message:
    """What llhttp has found, which calls its methods. `method` and `target` are as sent; `complete` tells whether the
    end of the message has been seen, `body` is what nobody has taken yet. `headers` become trailers behind the body.

    It knows no parser, so that both are freed as soon as the connection is.
    """

    __slots__ = ("body", "complete", "headers", "method", "target")

    def __init__(self) -> None:
        self.method = b""
        self.target = b""
        self.headers: HeaderList = []
        self.body: list[bytes] = []
        self.complete = False

    def on_url(self, url: bytes) -> None:
        """The request target."""
        self.target = url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or trailer field."""
        key = NAMES[name]
        if key:
            self.headers.append((key, value.strip().decode("latin-1")))

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self.body.append(data)

    def on_message_complete(self) -> None:
        """The end of the message."""
        self.complete = True


class MessageParser:
    """The parser of one connection. `message` is the one that is being parsed. `upgrading` tells that its head asks for
    another protocol."""

    __slots__ = ("_allowed", "_llhttp", "message", "upgrading")

    def __init__(self) -> None:
        self.message = Message()
        self._llhttp = httptools.HttpRequestParser(self.message)
        self._allowed = 0
        self.upgrading = False

    def parse_head(self, head: bytes) -> Message:
        """Parse one whole head. Raises RequestError."""
        message = self.message
        message.complete = False
        message.headers = []
        try:
            self._llhttp.feed_data(head)
        except httptools.HttpParserUpgrade:
            if head.startswith(b"CONNECT "):
                raise RequestError(405, "This server is no proxy.") from None
            # llhttp takes all that follows for another protocol. For us it is the body, or the next request.
            self.upgrading = True
        except httptools.HttpParserInvalidMethodError:
            if _TOKEN.match(head):
                raise RequestError(501, "This request method is not known here.") from None
            raise RequestError(400, "The request line does not begin with a method.") from None
        except httptools.HttpParserError as error:
            raise RequestError(400, f"The header is malformed: {error}.") from None
        message.method = self._llhttp.get_method()
        return message

    def stay_with_http(self, framing: bytes) -> None:
        """Go on in HTTP/1.1 after a head that asked for an upgrade, with its body if it has one.

        `framing` is the header line that frames the body. It reaches a new parser as the head of a message of which
        only the body is used. Take method, target and headers before.
        """
        self.upgrading = False
        self._llhttp = httptools.HttpRequestParser(self.message)
        self.message.headers = []
        self.message.complete = False
        self._llhttp.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)

    def expect_body(self) -> None:
        """Begin with the body: what llhttp calls headers from now on are trailers."""
        self.message.headers = []
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
            if self.message.complete:
                self._check_trailers()
                break
        pieces = self.message.body
        self._allowed += sum(map(len, pieces)) + _OVERHEAD_OF_CHUNK * len(pieces) - start
        if self._allowed < 0:
            raise BodyError(400, "The body has more chunk extensions or trailers than data.")
        return start

    def take_body(self) -> bytes:
        """The body parsed since the last call."""
        data = b"".join(self.message.body)
        self.message.body.clear()
        return data

    def _feed(self, data: bytes) -> None:
        try:
            self._llhttp.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise BodyError(400, f"The body is malformed: {error}.") from None

    def _check_trailers(self) -> None:
        for name, _value in self.message.headers:
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
