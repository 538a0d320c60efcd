"""Sends a response through a transport: one write if it is small, in bounded memory if it is large.

How the body is framed (RFC 9112 section 6): not at all after HEAD, 1xx, 204 and 304; by Content-Length if its length is
known; else chunked; and for HTTP/1.0 by the end of the connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prefork_ssl.kernel.http.response_head import HeadWriter, InvalidResponse, field_lines
from prefork_ssl.kernel.request import FileBody, Request, Response, Upgrade
from prefork_ssl.kernel.transport import SLICE, Transport

# Bodies and files up to this many bytes leave together with the head.
_SMALL = 65536

# Statuses whose responses have no body and no length (RFC 9110 sections 15.2, 15.3.5, 15.4.5).
_BODILESS = frozenset((*range(100, 200), 204, 304))


class BrokenBody(Exception):
    """The body failed (its error is the cause), or has another length than declared, after the response began to leave:
    the connection must be cut so that the client knows."""


class ResponseWriter:
    """Writes responses of a server of this name, whose status lines name this version. Holds no state of a
    connection."""

    __slots__ = ("_heads",)

    def __init__(self, server: str, version: str = "HTTP/1.1") -> None:
        self._heads = HeadWriter(server, version)

    def send(self, request: Request, response: Response, keep: bool) -> bool:
        """Send the response; returns whether the connection can be kept (`keep`, unless the framing needs its end).

        Counts in response.sent, and closes the body whatever happens. Raises InvalidResponse, BrokenBody, and what the
        transport raises.
        """
        body = response.body
        try:
            if response.status in _BODILESS or request.method == "HEAD":
                if response.upgrade is not None:
                    return self._send_switch(request, response, response.upgrade)
                return self._send_head(request, response, keep)
            if isinstance(body, bytes):
                return self._send_bytes(request, response, body, keep)
            if isinstance(body, FileBody):
                return self._send_file(request, response, body, keep)
            return self._send_pieces(request, response, body or (), keep)
        finally:
            if not isinstance(body, bytes):
                response.discard()

    def _head(self, request: Request, response: Response, keep: bool, framing: str) -> bytes:
        if not keep:
            framing += "Connection: close\r\n"
        elif request.reply_version == "HTTP/1.0":
            framing += "Connection: keep-alive\r\n"
        head = self._heads.head(response.status, response.headers, framing)
        response.head_size = len(head)
        return head

    def _send_switch(self, request: Request, response: Response, upgrade: Upgrade) -> bool:
        fields = f"Connection: Upgrade\r\nUpgrade: {upgrade.protocol}\r\n"
        request.transport.write(self._heads.head(response.status, response.headers, fields))
        return False

    def _send_head(self, request: Request, response: Response, keep: bool) -> bool:
        sized = response.length is not None and response.status not in _BODILESS
        framing = f"Content-Length: {response.length}\r\n" if sized else ""
        _sender(request.transport, keep)(self._head(request, response, keep, framing))
        return keep

    def _send_bytes(self, request: Request, response: Response, body: bytes, keep: bool) -> bool:
        if len(body) > _SMALL:
            return self._send_pieces(request, response, _slices(body), keep)
        size = len(body)
        head = self._head(request, response, keep, f"Content-Length: {size}\r\n")
        _sender(request.transport, keep)(head + body)
        response.sent = size
        return keep

    def _send_file(self, request: Request, response: Response, body: FileBody, keep: bool) -> bool:
        head = self._head(request, response, keep, f"Content-Length: {body.count}\r\n")
        if body.count <= _SMALL:
            data = _read_file(body)
            _sender(request.transport, keep)(head + data)
            response.sent = len(data)
        else:
            request.transport.write(head)
            _send_slices(request.transport, response, body)
        if response.sent != body.count:
            raise BrokenBody("the file became shorter while it was sent")
        return keep

    def _send_pieces(self, request: Request, response: Response, body: Iterable[bytes], keep: bool) -> bool:
        pieces = _checked(body, response.length)
        try:
            first = next(pieces, None)
        except BrokenBody as error:
            raise InvalidResponse(str(error)) from error.__cause__
        if first is None:
            response.length = 0
            return self._send_head(request, response, keep)
        framing = _framing(request, response)
        keep = keep and framing is not _UNTIL_CLOSE
        head = self._head(request, response, keep, framing.field.format(response.length))
        request.transport.write(head + framing.frame(first))
        response.sent = len(first)
        _send_rest(request.transport, response, pieces, framing.frame)
        end = framing.end(body)
        if end:
            request.transport.write(end)
        return keep


def _sender(transport: Transport, keep: bool) -> Callable[[bytes], None]:
    """What sends a whole response, the last on this connection unless `keep`."""
    return transport.write if keep else transport.finish


@dataclass(frozen=True, slots=True, eq=False)
class _Framing:
    """How pieces are sent: the header field that tells, what becomes of each piece, what follows the body."""

    field: str
    frame: Callable[[bytes], bytes]
    end: Callable[[Iterable[bytes]], bytes]


def _as_it_is(piece: bytes) -> bytes:
    return piece


def _as_chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


def _nothing(_body: Iterable[bytes]) -> bytes:
    return b""


def _last_chunk(body: Iterable[bytes]) -> bytes:
    """With the trailer section (RFC 9112 section 7.1.2)."""
    try:
        return f"0\r\n{field_lines(getattr(body, 'trailers', ()))}\r\n".encode("latin-1")
    except InvalidResponse as error:
        raise BrokenBody("the body has trailers that cannot be sent") from error


_SIZED = _Framing("Content-Length: {}\r\n", _as_it_is, _nothing)
_CHUNKED = _Framing("Transfer-Encoding: chunked\r\n", _as_chunk, _last_chunk)
_UNTIL_CLOSE = _Framing("", _as_it_is, _nothing)


def _framing(request: Request, response: Response) -> _Framing:
    if response.length is not None:
        return _SIZED
    return _CHUNKED if request.reply_version == "HTTP/1.1" else _UNTIL_CLOSE


def _send_rest(
    transport: Transport, response: Response, pieces: Iterator[bytes], frame: Callable[[bytes], bytes]
) -> None:
    """Send the pieces, and let other connections have their turn after each SLICE."""
    turn = SLICE
    for piece in pieces:
        if response.sent >= turn:
            transport.wire.wait_writable()
            turn = response.sent + SLICE
        transport.write(frame(piece))
        response.sent += len(piece)


def _send_slices(transport: Transport, response: Response, body: FileBody) -> None:
    """Send the file, a SLICE at a turn, until its end comes."""
    while response.sent < body.count:
        if response.sent:
            transport.wire.wait_writable()
        count = min(SLICE, body.count - response.sent)
        sent = transport.send_file(FileBody(body.fd, body.offset + response.sent, count))
        response.sent += sent
        if sent < count:
            return


def _read_file(body: FileBody) -> bytes:
    try:
        return os.pread(body.fd, body.count, body.offset)
    except OSError as error:
        raise InvalidResponse("the file cannot be read") from error


def _slices(body: bytes) -> Iterator[bytes]:
    return (body[start : start + SLICE] for start in range(0, len(body), SLICE))


def _checked(body: Iterable[bytes], length: int | None) -> Iterator[bytes]:
    """The first piece, and of the others those that are not empty; `length` bytes in all if that is given. Raises
    BrokenBody."""
    count, begun = 0, False
    try:
        for piece in body:
            count += len(piece)
            if length is not None and count > length:
                break
            if piece or not begun:
                begun = True
                yield piece
    except Exception as error:
        raise BrokenBody("the body failed") from error
    if length is not None and count != length:
        raise BrokenBody(
            f"the body has {'more' if count > length else 'less'} than the {length} bytes declared"
        )
