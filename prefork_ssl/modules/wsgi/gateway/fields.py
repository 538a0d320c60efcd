"""What an application's status and header fields must be (PEP 3333, "The start_response() Callable")."""

from __future__ import annotations

import re

from prefork_ssl.modules.wsgi.gateway.memo import Memo

Fields = list[tuple[str, str]]

_STATUS = re.compile(r"[2-5][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSAFE = re.compile(r"[\r\n\0]|[^\0-\xff]")

# They speak of one connection, not of the response (PEP 3333 refers to RFC 2616 section 13.5.1).
_HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    ]
)

# Names that were found to be good ones; applications may make them from what clients send.
_ordinary: set[str] = set()
_REMEMBERED = 1024


def _status(text: str) -> int:
    if not isinstance(text, str) or not _STATUS.fullmatch(text):
        raise ValueError(f"the status must be like '200 OK', not {text!r}")
    return int(text[:3])


def _length(value: str) -> int:
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20):
        raise ValueError(f"Content-Length must be a number of bytes, not {value!r}")
    return int(value)


# "404 Not Found" -> 404. Raises ValueError for what is no status that an application may give.
status_code = Memo(_status).__getitem__
_content_length = Memo(_length).__getitem__


def response_fields(headers: Fields) -> tuple[Fields, int | None]:
    """The fields without Content-Length, and what that says. Raises ValueError and TypeError."""
    kept = []
    length = None
    values = ""
    for field in headers:
        name, value = field
        if name in _ordinary:
            values += value
            kept.append(field)
        elif name.lower() == "content-length":
            length = _content_length(value)
        else:
            _learn(name)
            values += value
            kept.append(field)
    if not (values.isascii() and values.isprintable()):
        _check_values(kept)
    return kept, length


def check_hints(headers: Fields) -> None:
    """The fields of a response that is no last one. Raises ValueError and TypeError."""
    for name, _value in headers:
        _learn(name)
    _check_values(headers)


def _check_values(headers: Fields) -> None:
    """Refuse what would end a field and begin another."""
    for name, value in headers:
        if _UNSAFE.search(value):
            raise ValueError(f"the field {name} has CR, LF, NUL or a character beyond latin-1: {value!r}")


def _learn(name: str) -> None:
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header field")
    if name.lower() in _HOP_BY_HOP:
        raise ValueError(f"the field {name} is the server's business, not the application's")
    if len(_ordinary) < _REMEMBERED:
        _ordinary.add(name)
