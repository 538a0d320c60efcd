"""What HeaderName and ReadmeName put above and below a listing: what a request of the same client would get."""

from __future__ import annotations

import html
import os
from urllib.parse import urljoin

from prefork_ssl.kernel.http.conditions import CONDITIONS
from prefork_ssl.kernel.http.redirects import quote_path
from prefork_ssl.kernel.request import Body, FileBody, Request, Response

# Bytes of the longest file that is put in.
_LONGEST = 256 * 1024

# Of the client's request, what asks for another form of the listing than the whole.
_NOT_PASSED_ON = CONDITIONS | {
    "accept-encoding",
    "content-length",
    "expect",
    "if-range",
    "range",
    "transfer-encoding",
}


def insert(request: Request, name: str) -> str:
    """The file `name` as HTML; "" if there is none that this client may see, or it is no text.

    `name` is relative to the folder, or begins with a "/". A listing within a request for an insert has none.
    """
    if not name or request.previous is not None:
        return ""
    headers = [field for field in request.headers if field[0] not in _NOT_PASSED_ON]
    inner = request.inner("GET", urljoin(quote_path(request.path), quote_path(name)), headers)
    response = request.site.inner_response(inner)
    try:
        return _as_html(response)
    finally:
        response.discard()


def _as_html(response: Response) -> str:
    fields = {name.lower(): value for name, value in response.headers}
    media_type = fields.get("content-type", "text/plain").lower()
    if response.status != 200 or "content-encoding" in fields or not media_type.startswith("text/"):
        return ""
    text = _content(response.body).decode("utf-8", "replace")
    if media_type.startswith("text/html"):
        return text
    return f"<pre>{html.escape(text)}</pre>"


def _content(body: Body | None) -> bytes:
    """A body that is short enough and at hand, as those of files are; b"" otherwise."""
    if isinstance(body, FileBody):
        return os.pread(body.fd, body.count, body.offset) if body.count <= _LONGEST else b""
    return body if isinstance(body, bytes) and len(body) <= _LONGEST else b""
