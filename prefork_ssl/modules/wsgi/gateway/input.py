"""wsgi.input: the request's body as a file, read from the connection as the application asks for it."""

from __future__ import annotations

import io
from collections.abc import Callable

from prefork_ssl.kernel.request import NO_BODY, BodyError

Read = Callable[[int], bytes]


class InputLost(OSError):
    """What an application meets that reads a body which breaks off, breaks its framing, or is too long. An OSError,
    since that is what frameworks expect of a file."""


class BodyFile(io.RawIOBase):
    """The body, unbuffered. `read_body` is its read method, called wherever reading it is allowed. `error` is what was
    wrong with it."""

    def __init__(self, read_body: Read) -> None:
        self._read = read_body
        self.error: BodyError | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """At least one byte, unless the body has ended. Raises InputLost."""
        try:
            data = self._read(len(buffer))
        except BodyError as error:
            self.error = error
            raise InputLost(error.note) from error
        buffer[: len(data)] = data
        return len(data)

    def end(self) -> None:
        """The request is answered: what the connection brings from now on is not its body."""
        self._read = NO_BODY.read
