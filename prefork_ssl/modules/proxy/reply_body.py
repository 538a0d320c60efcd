"""The body of a backend's answer, read as fast as the client takes it.

Each kind gives pieces until the body has ended, and its close() ends the backend's connection in one way or the other,
however much was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prefork_ssl.kernel.request import HeaderList, RequestError, Unfinished
from prefork_ssl.modules.proxy.connection import BackendConnection
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.reply_head import ReplyHead, trailers_of
from prefork_ssl.modules.proxy.reply_parser import ReplyParser

# What chunk extensions and trailers may have together: this much, and as much again for each piece of data.
_OVERHEAD = 16384
_OVERHEAD_OF_CHUNK = 32


class ReplyBody:
    """An iterator over the body. `finish` is called once, at the end: with whether the body was read whole and the
    connection can be used again. `trailers` are the fields behind it, as soon as it has ended."""

    def __init__(
        self, pieces: Iterator[bytes], name: str, finish: Callable[[bool], None], trailers: HeaderList
    ) -> None:
        self.trailers = trailers
        self._pieces = pieces
        self._name = name
        self._finish = finish
        self._whole = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self._whole = True
            raise
        except BackendFailure as failure:
            raise Unfinished(failure.status, f"{self._name} {failure}") from failure
        except RequestError as error:
            raise Unfinished(error.status, f"the request's body was not whole: {error.note}") from error

    def close(self) -> None:
        """Safe to call twice."""
        finish, self._finish = self._finish, _nothing
        finish(self._whole)


def pieces_of(head: ReplyHead, connection: BackendConnection, trailers: HeaderList) -> Iterator[bytes]:
    """The body's pieces. The first is what came together with the head, even if that is nothing: the client need not
    wait for the head until the body begins. `trailers` gets the fields behind the body, if it has any."""
    if head.length is not None:
        return _sized(connection, head.length)
    return _chunked(connection, trailers) if head.chunked else _endless(connection)


def _sized(connection: BackendConnection, left: int) -> Iterator[bytes]:
    data, connection.pending = connection.pending, b""
    while True:
        if len(data) > left:
            data, connection.pending = data[:left], data[left:]
        left -= len(data)
        yield data
        if not left:
            return
        data = connection.read()
        if not data:
            raise BackendFailure(502, f"closed the connection {left} bytes before the end of its answer")


def _chunked(connection: BackendConnection, trailers: HeaderList) -> Iterator[bytes]:
    parser = ReplyParser()
    parser.expect_body(b"Transfer-Encoding: chunked")
    try:
        yield from _parsed(connection, parser)
        trailers += trailers_of(parser.headers)
    finally:
        parser.free()


def _parsed(connection: BackendConnection, parser: ReplyParser) -> Iterator[bytes]:
    data, connection.pending = connection.pending, b""
    allowed = _OVERHEAD
    while True:
        parser.feed(data)
        pieces = parser.pieces
        parser.pieces = []
        allowed += sum(map(len, pieces)) + _OVERHEAD_OF_CHUNK * len(pieces) - len(data)
        if allowed < 0:
            raise BackendFailure(502, "sent more chunk extensions or trailers than data")
        yield pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if parser.complete:
            connection.pending = b"?" if parser.surplus else b""
            return
        data = connection.read()
        if not data:
            raise BackendFailure(502, "closed the connection before the last chunk of its answer")


def _endless(connection: BackendConnection) -> Iterator[bytes]:
    data, connection.pending = connection.pending, b""
    yield data
    while data := connection.read():
        yield data


def _nothing(_whole: bool) -> None:
    return
