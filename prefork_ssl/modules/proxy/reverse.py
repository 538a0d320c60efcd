"""What a backend says of itself, as the client can use it: URLs in Location and its like, and where cookies hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prefork_ssl.kernel.request import HeaderList, Request

_URLS = frozenset(("location", "content-location", "uri"))
_COOKIE = "set-cookie"


@dataclass(frozen=True, slots=True)
class Mapping:
    """One ProxyPassReverse line: `url` at the backend is `path` here. Without `path` it was written in a section, and
    means the URLs of that."""

    path: str
    url: str

    def mapped(self, url: str) -> str | None:
        """The path here of a URL there, None if this line is not about it."""
        if not url.lower().startswith(self.url.lower()):
            return None
        rest = url[len(self.url) :]
        if self.url.endswith("/") or not rest or rest[0] in "/?#":
            return _joined(self.path, rest)
        return None


def _joined(path: str, rest: str) -> str:
    if path.endswith("/"):
        return path + rest.removeprefix("/")
    return path + rest if rest[:1] in ("", "/", "?", "#") else f"{path}/{rest}"


@dataclass(frozen=True, slots=True)
class CookieMapping:
    """What `attribute` (domain or path) of a cookie says there, and what it is to say here."""

    attribute: str
    there: str
    here: str

    def applied(self, cookie: str) -> str | None:
        """The cookie changed, None if this line is not about it."""
        match = re.search(rf"(;\s*{self.attribute}\s*=\s*)([^;]*)", cookie, re.IGNORECASE)
        if match is None:
            return None
        value = self._value(match[2].strip())
        return None if value is None else f"{cookie[: match.end(1)]}{value}{cookie[match.end() :]}"

    def _value(self, value: str) -> str | None:
        if self.attribute == "domain":
            return self.here if value.lower().lstrip(".") == self.there.lower().lstrip(".") else None
        return self.here + value[len(self.there) :] if value.startswith(self.there) else None


Rewrite = Callable[[Request, HeaderList], None]


def rewriting(mappings: Iterable[Mapping], cookies: Iterable[CookieMapping]) -> Rewrite | None:
    """The function that changes an answer's fields in place, None if there is nothing to change."""
    mappings, cookies = tuple(mappings), tuple(cookies)
    if not mappings and not cookies:
        return None

    def rewrite(request: Request, headers: HeaderList) -> None:
        for number, (name, value) in enumerate(headers):
            kind = name.lower()
            if kind in _URLS:
                headers[number] = (name, _reversed(request, value, mappings))
            elif kind == _COOKIE:
                headers[number] = (name, _reversed_cookie(value, cookies))

    return rewrite


def _reversed(request: Request, url: str, mappings: Iterable[Mapping]) -> str:
    for mapping in mappings:
        path = mapping.mapped(url)
        if path is not None:
            scheme = "https" if request.transport.secure else "http"
            host = request.fields.get("host")
            return f"{scheme}://{host}{path}" if host else path
    return url


def _reversed_cookie(cookie: str, cookies: Iterable[CookieMapping]) -> str:
    for attribute in ("domain", "path"):
        for mapping in cookies:
            changed = mapping.applied(cookie) if mapping.attribute == attribute else None
            if changed is not None:
                cookie = changed
                break
    return cookie
