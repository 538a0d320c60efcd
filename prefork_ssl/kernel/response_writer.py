"""Sends a response through a transport: one write if it is small, in bounded memory if it is large.

How the body is framed (RFC 9112 section 6): not at all after HEAD, 1xx, 204 and 304; by Content-Length if its length is
known; else chunked; and for HTTP/1.0 by the end of the connection.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from prefork_ssl.kernel.request import FileBody, Request, Response
from prefork_ssl.kernel.response_head import HeadWriter, InvalidResponse
from prefork_ssl.kernel.transport import SLICE

# Bodies up to this many bytes leave together with the head.
_SMALL = 65536
_SMALL_FILE = 32768

# Statuses whose responses have no body and no length (RFC 9110 sections 15.2, 15.3.5, 15.4.5).
_BODILESS = frozenset((*range(100, 200), 204, 304))


class BrokenBody(Exception):
    """The body failed (its error is the cause), or has another length than declared, after the response began to leave:
    the connection must be cut so that the client knows."""


class ResponseWriter:
    """Writes responses of a server of this name. Holds no state of a connection."""

    __slots__ = ("_heads",)

    def __init__(self, server: str) -> None:
        self._heads = HeadWriter(server)

    def send(self, request: Request, response: Response, keep: bool) -> bool:
        """Send the response; returns whether the connection can be kept (`keep`, unless the framing needs its end).

        Counts in response.sent, and closes the body whatever happens. Raises InvalidResponse, BrokenBody, and what the
        transport raises.
        """
        body = response.body
        try:
            if request.method == "HEAD" or response.status in _BODILESS:
                return self._send_head(request, response, keep)
            if isinstance(body, bytes):
                return self._send_bytes(request, response, body, keep)
            if isinstance(body, FileBody):
                return self._send_file(request, response, body, keep)
            return self._send_pieces(request, response, body or (), keep)
        finally:
            response.discard()

    def _head(self, request: Request, response: Response, keep: bool, framing: str) -> bytes:
        return self._heads.head(response.status, response.headers, f"{framing}{_connection(request, keep)}")

    def _send_head(self, request: Request, response: Response, keep: bool) -> bool:
        sized = response.length is not None and response.status not in _BODILESS
        framing = f"Content-Length: {response.length}\r\n" if sized else ""
        request.transport.write(self._head(request, response, keep, framing))
        return keep

    def _send_bytes(self, request: Request, response: Response, body: bytes, keep: bool) -> bool:
        write = request.transport.write
        head = self._head(request, response, keep, f"Content-Length: {len(body)}\r\n")
        if len(body) <= _SMALL:
            write(head + body)
            response.sent = len(body)
            return keep
        write(head)
        for start in range(0, len(body), SLICE):
            piece = body[start : start + SLICE]
            write(piece)
            response.sent += len(piece)
            request.transport.wire.wait_writable()
        return keep

    def _send_file(self, request: Request, response: Response, body: FileBody, keep: bool) -> bool:
        head = self._head(request, response, keep, f"Content-Length: {body.count}\r\n")
        if body.count <= _SMALL_FILE:
            data = _read_file(body)
            request.transport.write(head + data)
            response.sent = len(data)
        else:
            request.transport.write(head)
            response.sent = request.transport.send_file(body)
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
        framing, frame, end = "", _as_it_is, b""
        if response.length is not None:
            framing = f"Content-Length: {response.length}\r\n"
        elif request.version == "HTTP/1.1":
            framing, frame, end = "Transfer-Encoding: chunked\r\n", _as_chunk, b"0\r\n\r\n"
        else:
            keep = False
        write = request.transport.write
        write(self._head(request, response, keep, framing) + frame(first))
        response.sent = len(first)
        turn = SLICE
        for piece in pieces:
            write(frame(piece))
            response.sent += len(piece)
            if response.sent >= turn:
                request.transport.wire.wait_writable()
                turn = response.sent + SLICE
        if end:
            write(end)
        return keep


def _connection(request: Request, keep: bool) -> str:
    if not keep:
        return "Connection: close\r\n"
    return "" if request.version == "HTTP/1.1" else "Connection: keep-alive\r\n"


def _read_file(body: FileBody) -> bytes:
    try:
        return os.pread(body.fd, body.count, body.offset)
    except OSError as error:
        raise InvalidResponse("the file cannot be read") from error


def _checked(body: Iterable[bytes], length: int | None) -> Iterator[bytes]:
    """The pieces that are not empty, `length` bytes in all if that is given. Raises BrokenBody."""
    count = 0
    try:
        for piece in body:
            count += len(piece)
            if length is not None and count > length:
                break
            if piece:
                yield piece
    except Exception as error:
        raise BrokenBody("the body failed") from error
    if length is not None and count != length:
        raise BrokenBody(
            f"the body has {'more' if count > length else 'less'} than the {length} bytes declared"
        )


def _as_it_is(piece: bytes) -> bytes:
    return piece


def _as_chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)
