"""What a request line asks for: the request-target taken apart (RFC 9112 section 3.2), its path made safe.

The path is decoded once, then freed of "." and ".." segments and of double slashes, so that what sections and modules
compare is what will be opened. What Apache refuses is refused: an encoded slash is 404 (AllowEncodedSlashes Off), an
encoded NUL, a broken escape and a path that climbs above the root are 400. A backslash is a character like others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from prefork_ssl.kernel.request import RequestError

_ABSOLUTE = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_HOST = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{0,255}))(?::[0-9]{0,5})?", re.IGNORECASE)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ENCODED_SLASH = re.compile(r"%2f", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """`authority` (host and port as written) is None unless the form is absolute; `query` is None without "?"."""

    authority: str | None
    path: str
    query: str | None


def parse_target(target: str) -> Target:
    """The target taken apart; path "*" means the server as a whole (OPTIONS *). Raises RequestError."""
    if target == "*":
        return Target(None, "*", None)
    if "#" in target:
        raise RequestError(400, "A request target has no fragment.")
    authority, rest = None, target
    if absolute := _ABSOLUTE.match(target):
        authority, rest = absolute[1], target[absolute.end() :]
    path, mark, query = rest.partition("?")
    if authority is not None:
        path = path or "/"
    if not path.startswith("/") or authority == "":
        raise RequestError(400, "The request target is neither a path nor an http URL.")
    return Target(authority, normalise(path), query if mark else None)


def normalise(path: str) -> str:
    """An encoded path (latin-1) decoded, with one slash between segments and none of them "." or "..".

    Bytes that are not UTF-8 become lone surrogates, as with os.fsdecode. Raises RequestError.
    """
    if "%" in path:
        path = _decode(path)
    elif not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "surrogateescape")
    if "//" in path or "/." in path:
        path = without_dots(path)
    return path


def _decode(path: str) -> str:
    if _BROKEN_ESCAPE.search(path):
        raise RequestError(400, "The URL has a broken percent-escape.")
    if _ENCODED_SLASH.search(path):
        raise RequestError(404, "The URL has an encoded slash.")
    decoded = unquote_to_bytes(path.encode("latin-1"))
    if b"\0" in decoded:
        raise RequestError(400, "The URL has an encoded NUL.")
    return decoded.decode("utf-8", "surrogateescape")


def without_dots(path: str) -> str:
    """A decoded path with one slash between segments and none of them "." or ".." (RFC 3986 section 5.2.4, but strict
    at the root). Raises RequestError."""
    segments = path.split("/")
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            if not kept:
                raise RequestError(400, "The URL climbs above the root.")
            kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    ending = "/" if kept and segments[-1] in ("", ".", "..") else ""
    return "/" + "/".join(kept) + ending


def climbs(path: str) -> bool:
    """Whether a path has parts that are "..". Those of requests have none: what is made of them may."""
    return ".." in path and ".." in path.split("/")


def host_name(field: str) -> str:
    """The name in a Host field or an authority: lower case, without port, brackets and trailing dot.

    Raises RequestError for what is no host (RFC 9112 section 3.2).
    """
    match = _HOST.fullmatch(field)
    if match is None:
        raise RequestError(400, "The Host field is not a host name or address.")
    return (match[1] or match[2]).lower().rstrip(".")
