"""llhttp at work on one answer of a backend."""

from __future__ import annotations

import httptools

from prefork_ssl.modules.proxy.failures import BackendFailure


class ReplyParser:
    """llhttp at work on one answer: `headers` as they came, then pieces of the body until `complete`. `surplus`: bytes
    came behind it."""

    __slots__ = ("_llhttp", "complete", "headers", "pieces", "surplus")

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.complete = False
        self.surplus = False
        self._llhttp: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Parse on. Raises BackendFailure."""
        try:
            self._llhttp.feed_data(data)  # type: ignore[union-attr]
        except httptools.HttpParserUpgrade:
            return
        except httptools.HttpParserError as error:
            if self.complete:
                self.surplus = True
                return
            raise BackendFailure(502, f"sent what is no HTTP answer: {error}") from None

    def expect_body(self, framing: bytes) -> None:
        """Begin behind the head of an answer whose body is framed by this header line."""
        self.feed(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % framing)
        self.headers.clear()

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self._llhttp.get_status_code())  # type: ignore[union-attr]

    def free(self) -> None:
        """Undo the circle of the parser and its callbacks."""
        self._llhttp = None

    def on_message_begin(self) -> None:
        """Called by llhttp."""
        self.surplus = self.complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by llhttp."""
        self.headers.append((name, value))

    def on_body(self, data: bytes) -> None:
        """Called by llhttp."""
        if not self.complete:
            self.pieces.append(data)

    def on_message_complete(self) -> None:
        """Called by llhttp."""
        self.complete = True
