"""Functions by name: tolower(%{HTTP_HOST}), or within a string %{tolower:%{HTTP_HOST}} (Apache's manual, expr.html).

They get and give text (kernel/octets.py); those that work on bytes work on its UTF-8 form.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from prefork_ssl.kernel.expression import files
from prefork_ssl.kernel.octets import as_text

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request

Function = Callable[["Request", str], str]

# RFC 4514 and RFC 4515: what must be written as \xx in distinguished names or in search filters.
_LDAP_SPECIAL = re.compile(rb'[\x00-\x1f\x7f-\xff"*()\\+,;<=>/]|^[ #]| $')
_ESCAPED_SLASH = re.compile("%2f", re.IGNORECASE)


def _pure(function: Callable[[str], str]) -> Function:
    return lambda _request, text: function(text)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _unbase64(text: str) -> str:
    try:
        return _decode(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        return ""


def _unescape(text: str) -> str:
    """Encoded slashes stay as they are; with an encoded NUL in it, there is nothing."""
    if "%00" in text:
        return ""
    pieces = re.split("(%2f)", text, flags=re.IGNORECASE)
    return "".join(
        piece if _ESCAPED_SLASH.fullmatch(piece) else unquote(piece, errors="surrogateescape")
        for piece in pieces
    )


def _ldap(text: str) -> str:
    return _decode(_LDAP_SPECIAL.sub(lambda match: b"\\%02x" % match[0][0], _encode(text)))


def _field(request: Request, name: str) -> str:
    return as_text(request.fields.get(name.lower(), ""))


def _response_field(request: Request, name: str) -> str:
    """Before there is a response, it has no fields."""
    headers = request.response.headers if request.response else ()
    return as_text(", ".join(value for field, value in headers if field.lower() == name.lower()))


def _note(request: Request, name: str) -> str:
    return request.env.get(name, "")


FUNCTIONS: Mapping[str, Function] = {
    "req": _field,
    "req_novary": _field,
    "http": _field,
    "resp": _response_field,
    "note": _note,
    "reqenv": _note,
    "osenv": lambda _request, name: os.environ.get(name, ""),
    "env": lambda request, name: request.env.get(name) or os.environ.get(name, ""),
    "tolower": _pure(str.lower),
    "toupper": _pure(str.upper),
    "escape": _pure(lambda text: quote(text, errors="surrogateescape")),
    "unescape": _pure(_unescape),
    "base64": _pure(lambda text: base64.b64encode(_encode(text)).decode("ascii")),
    "unbase64": _pure(_unbase64),
    "md5": _pure(lambda text: hashlib.md5(_encode(text), usedforsecurity=False).hexdigest()),
    "sha1": _pure(lambda text: hashlib.sha1(_encode(text), usedforsecurity=False).hexdigest()),
    "ldap": _pure(_ldap),
    "file": _pure(files.contents),
    "filesize": _pure(files.size),
}
