"""The body of a request, held in memory while its client is asked for a certificate.

A client that is still sending cannot answer; and what it sent before must be told from what it sends afterwards.
"""

from __future__ import annotations

from prefork_ssl.kernel.request import Request, RequestBody

_PIECE = 65536


class BodyTooLong(Exception):
    """There is more than may be held."""


class HeldBody:
    """A body that has arrived (see RequestBody). `limit` has been kept to."""

    def __init__(self, data: bytes, limit: int) -> None:
        self.length: int | None = len(data)
        self.received = len(data)
        self.limit = limit
        self._data = data
        self._at = 0

    def read(self, size: int) -> bytes:
        """See RequestBody."""
        data = self._data[self._at : self._at + max(size, 0)]
        self._at += len(data)
        return data


def hold_body(request: Request, most: int) -> None:
    """Read the whole body of a request, up to `most` bytes, for whoever reads it later.

    Whose client waits for "100 Continue" has not sent it yet: it is left alone. Raises BodyTooLong, BodyError.
    """
    body = request.body
    if body.length == 0 or isinstance(body, HeldBody) or _awaited(request):
        return
    if body.length is not None and body.length > most:
        raise BodyTooLong
    request.body = HeldBody(_read(body, most), body.limit)


def _awaited(request: Request) -> bool:
    return request.version == "HTTP/1.1" and "expect" in request.fields


def _read(body: RequestBody, most: int) -> bytes:
    held = bytearray()
    while piece := body.read(_PIECE):
        held += piece
        if len(held) > most:
            raise BodyTooLong
    return bytes(held)
