"""One open file as an HTTP response: unchanged, whole, or parts of it (RFC 9110 sections 13 to 15)."""

from __future__ import annotations

from typing import NamedTuple

from prefork_ssl.kernel.request import Body, FileBody, Request, Response
from prefork_ssl.modules.files.conditions import range_still_fits, refusal
from prefork_ssl.modules.files.open_files import OpenFile
from prefork_ssl.modules.files.ranges import MultipartRanges, Span, parse_range
from prefork_ssl.modules.files.validators import Validators, http_date


class Representation(NamedTuple):
    """A regular file, open for reading; `encoding` is a content coding or "".

    `negotiated` tells whether another client might get another representation under the same URL.
    """

    file: OpenFile
    content_type: str | None
    encoding: str = ""
    negotiated: bool = False


def respond(request: Request, representation: Representation) -> Response:
    """The response to a GET or HEAD. It takes over the file: closed at once, or given to the body."""
    found = representation.file.validators
    headers = [("Last-Modified", http_date(found.modified)), ("ETag", found.etag)]
    if representation.negotiated:
        headers.append(("Vary", "Accept-Encoding"))
    refused = refusal(request, found)
    if refused is not None:
        representation.file.close()
        return Response(refused, headers[1:], b"" if refused == 304 else None)
    headers.append(("Accept-Ranges", "bytes"))
    if representation.encoding:
        headers.append(("Content-Encoding", representation.encoding))
    spans = _wanted_spans(request, representation.file.size, found)
    if spans is None:
        return _whole(request, representation, headers)
    return _parts(representation, headers, spans)


def _wanted_spans(request: Request, size: int, found: Validators) -> list[Span] | None:
    """What Range asks for; None for the whole file."""
    field = request.header("range")
    if field is None or request.method != "GET":
        return None
    condition = request.header("if-range")
    if condition is not None and not range_still_fits(condition, found):
        return None
    return parse_range(field, size)


def _whole(request: Request, representation: Representation, headers: list[tuple[str, str]]) -> Response:
    if representation.content_type:
        headers.append(("Content-Type", representation.content_type))
    size = representation.file.size
    if request.method == "HEAD":
        representation.file.close()
        return Response(200, headers, None, length=size)
    return Response(200, headers, _body(representation.file, Span(0, size)), length=size)


def _parts(representation: Representation, headers: list[tuple[str, str]], spans: list[Span]) -> Response:
    size = representation.file.size
    if not spans:
        representation.file.close()
        return Response(416, [("Content-Range", f"bytes */{size}")])
    if len(spans) > 1:
        return _multipart(representation, headers, spans)
    (span,) = spans
    headers.append(("Content-Range", span.content_range(size)))
    if representation.content_type:
        headers.append(("Content-Type", representation.content_type))
    return Response(206, headers, _body(representation.file, span), length=span.end - span.start)


def _multipart(representation: Representation, headers: list[tuple[str, str]], spans: list[Span]) -> Response:
    body = MultipartRanges(representation.file, spans, representation.content_type)
    headers.append(("Content-Type", f"multipart/byteranges; boundary={body.boundary}"))
    return Response(206, headers, body, length=body.length)


def _body(file: OpenFile, span: Span) -> Body:
    if file.data is None:
        return FileBody(file.fd, span.start, span.end - span.start)
    return file.data[span.start : span.end]
