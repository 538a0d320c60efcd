"""The body of a request, read when somebody asks for it."""

from __future__ import annotations

from prefork_ssl.kernel.http.incoming import Incoming
from prefork_ssl.kernel.http.limits import PacedReader
from prefork_ssl.kernel.http.parser import MessageParser
from prefork_ssl.kernel.request import BodyError
from prefork_ssl.kernel.transport import Deadline

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class MessageBody:
    """A RequestBody that arrives on a connection.

    `awaited` is true while the client waits for "100 Continue", which it gets when the body is first read.
    """

    __slots__ = (
        "_error",
        "_incoming",
        "_offset",
        "_parser",
        "_reader",
        "_ready",
        "awaited",
        "length",
        "limit",
        "received",
    )

    def __init__(
        self,
        incoming: Incoming,
        parser: MessageParser,
        reader: PacedReader,
        length: int | None,
        awaited: bool,
    ) -> None:
        self.length = length
        self.limit = 0
        self.awaited = awaited
        self.received = 0
        self._incoming = incoming
        self._parser = parser
        self._reader = reader
        self._ready = b""
        self._offset = 0
        self._error: BodyError | None = None
        parser.expect_body()

    @property
    def complete(self) -> bool:
        """Whether the whole body has arrived."""
        return self._parser.message.complete and self._error is None

    def read(self, size: int) -> bytes:
        """At most `size` bytes, at least one unless the body has ended. Raises BodyError."""
        while self._offset >= len(self._ready):
            if self.complete or size <= 0:
                return b""
            self._receive()
        data = self._ready[self._offset : self._offset + size]
        self._offset += len(data)
        return data

    def discard(self, most: int) -> bool:
        """Read what is left, if it is not more than `most` bytes; whether the whole body has now arrived."""
        self.limit = 0
        try:
            while not self.complete and most >= 0:
                before = self.received
                self._receive()
                most -= self.received - before
        except BodyError:
            return False
        return self.complete

    def worth_reading(self, most: int) -> bool:
        """Whether what is left, if nobody wants it, should be read past: not if it is known to be more than `most`
        bytes, and not while the client may or may not send it."""
        left = 0 if self.length is None else self.length - self.received
        return left <= most and not self.awaited and self._error is None

    def _receive(self) -> None:
        if self._error is not None:
            raise self._error
        try:
            self._parse(self._incoming.pending or self._arrived())
        except BodyError as error:
            self._error, self._ready = error, b""
            raise

    def _parse(self, data: bytes) -> None:
        if self.length is None:
            used = self._parser.parse_chunked(data)
        else:
            used = self._parser.parse_sized(data, self.length - self.received)
        self._incoming.pending = data[used:]
        self._ready, self._offset = self._parser.take_body(), 0
        self.received += len(self._ready)
        if self.limit and self.received > self.limit:
            raise BodyError(413, "The request body is too long.")

    def _arrived(self) -> bytes:
        try:
            if self.awaited:
                self.awaited = False
                self._incoming.transport.write(_CONTINUE)
            data = self._reader.read()
        except Deadline:
            raise BodyError(408, "The request body did not arrive in time.") from None
        except OSError as error:
            raise BodyError(400, "The connection broke within the request body.") from error
        if not data:
            raise BodyError(400, "The request body ended early.")
        return data
