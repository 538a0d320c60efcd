"""The head of a backend's answer, strictly: llhttp parses it, and what it lets pass and nobody should is refused here.

    anything before the status line, HTTP/0.9, HTTP/2.0      refused
    a head of more than HEAD_SIZE bytes                      refused
    a status that is not from 100 to 599                     refused
    Transfer-Encoding in HTTP/1.0, or other than chunked     refused
    a change of protocol that nobody asked for               refused
    more than MOST_INTERIM answers 1xx before the answer     refused

What belongs to the backend's connection alone does not reach the client (RFC 9110 section 7.6.1).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from functools import lru_cache

from prefork_ssl.kernel.request import HeaderList
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.reply_parser import ReplyParser

# Bytes that an answer's status line and header section may have together.
HEAD_SIZE = 65536
# Apache's AP_MAX_INTERIM_RESPONSES.
MOST_INTERIM = 10

_VERSIONS = (b"HTTP/1.1 ", b"HTTP/1.0 ")
_BODILESS = frozenset((204, 304))
# Digits of a Content-Length: more is more than there is in the world.
_DIGITS = 18


class _Kind(enum.IntEnum):
    ORDINARY = 0
    LENGTH = 1
    CODING = 2
    CONNECTION = 3
    UPGRADE = 4
    HOP = 5


_KINDS = {
    "content-length": _Kind.LENGTH,
    "transfer-encoding": _Kind.CODING,
    "connection": _Kind.CONNECTION,
    "upgrade": _Kind.UPGRADE,
    "keep-alive": _Kind.HOP,
    "proxy-connection": _Kind.HOP,
    "te": _Kind.HOP,
    "trailer": _Kind.HOP,
}
# Fields that a client must have before the body: they say what to do with it, or with the answer, or who may have it
# (RFC 9110 section 6.5.1).
_NO_TRAILERS = frozenset(
    (
        "age",
        "authentication-info",
        "cache-control",
        "content-encoding",
        "content-location",
        "content-range",
        "content-type",
        "date",
        "expires",
        "location",
        "pragma",
        "proxy-authenticate",
        "proxy-authentication-info",
        "retry-after",
        "server",
        "set-cookie",
        "vary",
        "www-authenticate",
    )
)
# Names as they came -> as text, and their kind. Backends choose them, so the size is bounded.
_NAMES: dict[bytes, tuple[str, _Kind]] = {}
_REMEMBERED = 1024


class ReplyHead:
    """`headers` are those for the client: a list that must not be changed. `length` of the body in bytes; None if it is
    `chunked`, or else ends with the connection. `bodiless`: there is none, whatever the fields say. `keep`: the
    connection can be used again when the body has ended. `upgrade`: the protocol in which the connection goes on."""

    __slots__ = ("bodiless", "chunked", "headers", "keep", "length", "status", "upgrade")

    def __init__(self, head: bytes, asked_for_head: bool) -> None:
        """Raises BackendFailure."""
        if head[:9] not in _VERSIONS:
            raise BackendFailure(502, "sent what is no HTTP answer")
        persistent = head[7] == 0x31
        parser = ReplyParser()
        parser.feed(head)
        self.status = parser.status
        if not 100 <= self.status <= 599:
            raise BackendFailure(502, "sent what is no HTTP answer: its status is no status")
        self.headers: HeaderList = []
        self.length: int | None = None
        self.chunked = False
        self.keep = persistent
        self.upgrade = ""
        self._sort(parser.headers, persistent)
        self.bodiless = asked_for_head or self.status in _BODILESS or self.status < 200 or self.length == 0
        if self.length is None and not self.chunked and not self.bodiless:
            self.keep = False

    def _sort(self, fields: list[tuple[bytes, bytes]], persistent: bool) -> None:
        named: list[str] = []
        headers = self.headers
        for raw, value in fields:
            known = _NAMES.get(raw) or _learn(raw)
            text = value.decode("latin-1").strip()
            if not known[1]:
                headers.append((known[0], text))
            elif known[1] is _Kind.LENGTH:
                self.length = _length(text)
            elif known[1] is _Kind.CODING:
                self._code(text, persistent)
            elif known[1] is _Kind.CONNECTION:
                named += [option.strip() for option in text.lower().split(",")]
            elif known[1] is _Kind.UPGRADE:
                self.upgrade = text
        if named:
            self._obey(named)

    def _code(self, coding: str, persistent: bool) -> None:
        if self.chunked or coding.lower() != "chunked" or not persistent:
            raise BackendFailure(502, "sent an answer in a transfer coding other than chunked")
        self.chunked = True

    def _obey(self, named: list[str]) -> None:
        """RFC 9112 section 9.3, RFC 9110 section 7.6.1."""
        if "close" in named:
            self.keep = False
        elif "keep-alive" in named:
            self.keep = True
        others = set(named) - {"close", "keep-alive", "upgrade", ""}
        if others:
            self.headers = [field for field in self.headers if field[0].lower() not in others]


# Backends say the same again and again, at least within a second.
_remembered_head = lru_cache(maxsize=512)(ReplyHead)
_LONGEST_REMEMBERED = 1024


def read_head(head: bytes, method: str) -> ReplyHead:
    """A whole head, ended by an empty line, that answers a request with `method`. Raises BackendFailure."""
    if len(head) > _LONGEST_REMEMBERED:
        return ReplyHead(head, method == "HEAD")
    return _remembered_head(head, method == "HEAD")


def trailers_of(fields: Iterable[tuple[bytes, bytes]]) -> HeaderList:
    """The fields behind an answer's body, without those that must not be there."""
    trailers = []
    for raw, value in fields:
        name, kind = _NAMES.get(raw) or _learn(raw)
        if not kind and name.lower() not in _NO_TRAILERS:
            trailers.append((name, value.decode("latin-1").strip()))
    return trailers


def _length(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
        raise BackendFailure(502, "sent a Content-Length that is no length")
    return int(text)


def _learn(raw: bytes) -> tuple[str, _Kind]:
    name = raw.decode("latin-1")
    known = (name, _KINDS.get(name.lower(), _Kind.ORDINARY))
    if len(_NAMES) < _REMEMBERED and len(raw) < 64:
        _NAMES[raw] = known
    return known
