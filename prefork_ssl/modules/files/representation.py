"""One open file as an HTTP response: unchanged, whole, or parts of it (RFC 9110 sections 13 to 15)."""

from __future__ import annotations

from typing import NamedTuple

from prefork_ssl.kernel.http.conditions import CONDITIONS, range_still_fits, refusal
from prefork_ssl.kernel.http.validators import Validators, http_date
from prefork_ssl.kernel.request import Body, FileBody, Request, Response
from prefork_ssl.modules.files.encodings import prefers_gzip
from prefork_ssl.modules.files.naming import Content
from prefork_ssl.modules.files.open_files import OpenFile
from prefork_ssl.modules.files.ranges import MultipartRanges, Span, parse_range

# Fields of a request that may ask for something else than the whole file.
_SPECIAL = CONDITIONS | {"range"}


class Representation:
    """A regular file, open for reading, and the fields that tell of it in a response.

    `negotiated` tells whether another client might get another representation under the same URL.
    """

    __slots__ = ("content_type", "fields", "file", "media_type", "validation", "whole")

    def __init__(self, file: OpenFile, content: Content, *, negotiated: bool = False) -> None:
        self.file = file
        self.media_type = content.content_type
        self.content_type = [("Content-Type", content.content_type)] if content.content_type else []
        self.validation = [("ETag", file.validators.etag)]
        if negotiated:
            self.validation.append(("Vary", "Accept-Encoding"))
        modified = ("Last-Modified", http_date(file.validators.modified))
        self.fields = [modified, *self.validation, ("Accept-Ranges", "bytes")]
        if content.encoding:
            self.fields.append(("Content-Encoding", content.encoding))
        if content.language:
            self.fields.append(("Content-Language", content.language))
        self.whole = [*self.fields, *self.content_type]


class Offer(NamedTuple):
    """What there is under a path: the file, and the compressed copy beside it if it has one."""

    plain: Representation
    packed: Representation | None

    @property
    def in_memory(self) -> bool:
        """Whether it holds no descriptor, and so can be used again."""
        return all(copy.file.data is not None for copy in self if copy is not None)

    def close(self) -> None:
        """Nobody wants it."""
        for copy in self:
            if copy is not None:
                copy.file.close()

    def choose(self, request: Request) -> Representation:
        """What this client likes best; the other one is closed."""
        if self.packed is None:
            return self.plain
        if "no-gzip" not in request.env and prefers_gzip(request.fields.get("accept-encoding", "")):
            self.plain.file.close()
            return self.packed
        return self.without_copy()

    def without_copy(self) -> Representation:
        """The file itself; the compressed copy is closed."""
        if self.packed is not None:
            self.packed.file.close()
        return self.plain


def respond(request: Request, representation: Representation) -> Response:
    """The response to a GET or HEAD. It takes over the file: closed at once, or given to the body."""
    if _SPECIAL.isdisjoint(request.fields):
        return _whole(request, representation)
    found = representation.file.validators
    refused = refusal(request, found)
    if refused is not None:
        representation.file.close()
        response = Response(refused, representation.validation, b"" if refused == 304 else None)
        response.media_type = representation.media_type
        return response
    spans = _wanted_spans(request, representation.file.size, found)
    if spans is None:
        return _whole(request, representation)
    return _parts(representation, spans)


def _wanted_spans(request: Request, size: int, found: Validators) -> list[Span] | None:
    """What Range asks for; None for the whole file."""
    field = request.header("range")
    if field is None or request.method != "GET":
        return None
    condition = request.header("if-range")
    if condition is not None and not range_still_fits(condition, found):
        return None
    return parse_range(field, size)


def _whole(request: Request, representation: Representation) -> Response:
    file = representation.file
    if request.method == "HEAD":
        file.close()
        return Response(200, representation.whole, None, length=file.size)
    body = _part(file, Span(0, file.size)) if file.data is None else file.data
    return Response(200, representation.whole, body)


def _parts(representation: Representation, spans: list[Span]) -> Response:
    size = representation.file.size
    if not spans:
        representation.file.close()
        return Response(416, [("Content-Range", f"bytes */{size}")])
    if len(spans) > 1:
        return _multipart(representation, spans)
    (span,) = spans
    place = ("Content-Range", span.content_range(size))
    headers = [*representation.fields, place, *representation.content_type]
    return Response(206, headers, _part(representation.file, span))


def _multipart(representation: Representation, spans: list[Span]) -> Response:
    body = MultipartRanges(representation.file, spans, representation.content_type)
    kind = ("Content-Type", f"multipart/byteranges; boundary={body.boundary}")
    response = Response(206, [*representation.fields, kind], body, length=body.length)
    response.media_type = representation.media_type
    return response


def _part(file: OpenFile, span: Span) -> Body:
    if file.data is None:
        return FileBody(file.fd, span.start, span.end - span.start)
    return file.data[span.start : span.end]
