"""The head of a request, strictly: what llhttp accepts and RFC 9112 or prudence does not is refused here.

A head is the request line and the header section, up to and with the empty line. llhttp (through httptools) has already
refused: line ends other than CRLF, blanks before colons, folded lines, control characters, Content-Length beside
Transfer-Encoding or more than once, codings after chunked. What it lets pass, and what becomes of it:

    a request line without HTTP/1.x at its end, or with more than single spaces        400, 505
    Transfer-Encoding in HTTP/1.0                                                      400
    codings beside chunked                                                             501
    no Host field in HTTP/1.1; Host or Content-Type twice                              400
    any expectation but 100-continue                                                   417
    CONNECT (we are no proxy)                                                          405
    more lines or longer ones than LimitRequestFields and LimitRequestFieldSize allow  431
    field names with an underscore     dropped: CGI and WSGI cannot tell them from those with hyphens
"""

from __future__ import annotations

import re

from prefork_ssl.kernel.http.limits import Limits
from prefork_ssl.kernel.request import Request, RequestError

_VERSIONS = {b" HTTP/1.1\r\n": "HTTP/1.1", b" HTTP/1.0\r\n": "HTTP/1.0"}
_ANY_VERSION = re.compile(rb" HTTP/[0-9]\.[0-9]\Z")

# Fields that decide where a message goes or what it means, and so may not be given twice.
_SINGLE = ("host", "content-type")

# Clients choose field names, so the number and the length of those that are remembered are bounded.
_REMEMBERED = 1024
_LONGEST = 64


class _Names(dict[bytes, str]):
    """Field names in lower case by their bytes as received; "" for fields that are to be dropped."""

    def __missing__(self, raw: bytes) -> str:
        name = "" if b"_" in raw else raw.decode("latin-1").lower()
        if len(self) < _REMEMBERED and len(raw) < _LONGEST:
            self[raw] = name
        return name


NAMES = _Names()


def check_sizes(head: bytes, limits: Limits) -> None:
    """Refuse what is too long or too much. Raises RequestError."""
    if head.count(b"\r\n") > limits.lines:
        raise RequestError(431, "The request has too many header fields.")
    line, *fields = head.split(b"\r\n")
    if len(line) > limits.line:
        raise RequestError(414, "The request line is too long.")
    if max(map(len, fields)) > limits.field or len(head) > limits.head:
        raise RequestError(431, "A header field of the request is too long.")


def read_version(head: bytes, method: bytes, target: bytes) -> str:
    """The version at the end of the request line, which has one space before and behind the target.

    Raises RequestError.
    """
    at = len(method) + 1 + len(target)  # with one space between them, as neither has one
    version = _VERSIONS.get(head[at : at + 11])
    if version is None:
        raise _bad_line(head[: head.find(b"\r\n")])
    return version


def _bad_line(line: bytes) -> RequestError:
    if not _ANY_VERSION.search(line):
        return RequestError(400, "The request line does not end with a version of HTTP.")
    if line.endswith((b" HTTP/1.1", b" HTTP/1.0")):
        return RequestError(400, "The request line has more spaces than two.")
    return RequestError(505, "This server speaks HTTP/1.1 and HTTP/1.0.")


def check_fields(request: Request) -> None:
    """Refuse fields that contradict each other or ask for what we do not have. Raises RequestError."""
    fields = request.fields
    if len(fields) != len(request.headers):
        _check_single([name for name, _ in request.headers])
    if request.version == "HTTP/1.1":
        if "host" not in fields:
            raise RequestError(400, "The request has no Host field.")
        if "expect" in fields and fields["expect"].lower() != "100-continue":
            raise RequestError(417, "The only expectation known here is 100-continue.")
    elif "transfer-encoding" in fields:
        raise RequestError(400, "HTTP/1.0 has no Transfer-Encoding.")
    if "transfer-encoding" in fields and fields["transfer-encoding"].lower() != "chunked":
        raise RequestError(501, "Only the transfer coding chunked is known here.")


def _check_single(names: list[str]) -> None:
    for name in _SINGLE:
        if names.count(name) > 1:
            raise RequestError(400, f"The request has more than one {name.title()} field.")


def stays_open(version: str, connection: str | None) -> bool:
    """Whether the client wants to use the connection again (RFC 9112 section 9.3)."""
    if connection is None:
        return version == "HTTP/1.1"
    options = [option.strip() for option in connection.lower().split(",")]
    return "close" not in options and (version == "HTTP/1.1" or "keep-alive" in options)
