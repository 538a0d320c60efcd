"""Redirections: a Location that no client byte can break out of, and a short page for those who read it."""

from __future__ import annotations

import html
from urllib.parse import quote

from prefork_ssl.kernel.request import Response

# RFC 3986 section 2: reserved and unreserved characters, and "%" of what is already encoded.
_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=-._~%"
# RFC 3986 section 3.3.
_PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"


def quote_path(path: str) -> str:
    """A decoded path (as in Request.path) as it stands in a URI."""
    return quote(path, safe=_PATH_CHARACTERS, errors="surrogateescape")


def quote_target(target: str) -> str:
    """A request target as it was received (latin-1), as it stands in a URI."""
    return quote(target.encode("latin-1"), safe=_URI_CHARACTERS)


def redirect(status: int, location: str) -> Response:
    """A response of `status` (3xx) that leads to `location`, a URI or a path; what a URI cannot hold is encoded.

    Several slashes at the beginning become one: //name would lead to another host (RFC 3986 section 4.2).
    """
    location = quote(location, safe=_URI_CHARACTERS, errors="surrogateescape")
    if location.startswith("//"):
        location = "/" + location.lstrip("/")
    link = html.escape(location)
    page = (
        f'<!DOCTYPE html>\n<title>{status}</title>\n<p>The document is at <a href="{link}">{link}</a>.</p>\n'
    )
    headers = [("Location", location), ("Content-Type", "text/html; charset=utf-8")]
    response = Response(status, headers, page.encode("ascii"))
    response.internal = True
    return response
