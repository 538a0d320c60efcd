"""The head of a response as bytes: status line, Date, Server, the response's own fields, framing.

What is the same for every response of a second is made once in that second; a field's name is looked at once in the
life of the process.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

_REASONS = {status.value: status.phrase for status in HTTPStatus}

# Fields that only the server writes, since they frame the message or speak of the connection; those that replace ours.
_FRAMING = frozenset(
    ("connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
_GENERAL = frozenset(("date", "server"))

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_REMEMBERED = 1024


class InvalidResponse(Exception):
    """A response that must not or cannot be sent. Nothing of it has left yet."""


def reason(status: int) -> str:
    """The status's reason phrase; "" for one that nobody registered."""
    return _REASONS.get(status, "")


class HeadWriter:
    """Makes heads for a server of this name (the Server field's value)."""

    __slots__ = ("_ordinary", "_second", "_server", "_starts")

    def __init__(self, server: str) -> None:
        self._server = f"Server: {server}\r\n"
        self._second = 0
        self._starts: dict[int, str] = {}
        self._ordinary: set[str] = set()

    def head(self, status: int, headers: list[tuple[str, str]], framing: str) -> bytes:
        """The head, ended by an empty line. `framing` is what the message's sender adds: whole lines.

        Raises InvalidResponse.
        """
        ordinary = self._ordinary
        for name, _value in headers:
            if name not in ordinary:
                return self._unusual_head(status, headers, framing)
        return self._encode(self._start(status), headers, framing)

    def _start(self, status: int) -> str:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._starts.clear()
        start = self._starts.get(status)
        if start is None:
            date = formatdate(second, usegmt=True)
            start = f"HTTP/1.1 {status} {reason(status)}\r\nDate: {date}\r\n{self._server}"
            self._starts[status] = start
        return start

    def _unusual_head(self, status: int, headers: list[tuple[str, str]], framing: str) -> bytes:
        """Learn new names; leave out what is not the response's to say; let it replace Date and Server (a proxy's)."""
        kept = []
        start = self._start(status)
        for name, value in headers:
            kind = name.lower()
            if kind in _GENERAL:
                start = _without(start, kind)
            elif kind in _FRAMING:
                continue
            else:
                self._learn(name)
            kept.append((name, value))
        return self._encode(start, kept, framing)

    def _learn(self, name: str) -> None:
        if not _TOKEN.fullmatch(name):
            raise InvalidResponse(f"{name!r} is no name of a header field")
        if len(self._ordinary) < _REMEMBERED:
            self._ordinary.add(name)

    def _encode(self, start: str, headers: list[tuple[str, str]], framing: str) -> bytes:
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        count = len(headers)
        if lines.count("\n") != count or lines.count("\r") != count or "\0" in lines:
            raise InvalidResponse(f"a value has CR, LF or NUL: {_broken(headers)!r}")
        try:
            return f"{start}{lines}{framing}\r\n".encode("latin-1")
        except UnicodeEncodeError:
            raise InvalidResponse(f"a value is not latin-1: {_broken(headers)!r}") from None


def _without(start: str, kind: str) -> str:
    lines = start.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lower().startswith(f"{kind}:"))


def _broken(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [field for field in headers if re.search(r"[\r\n\0]|[^\0-\xff]", field[1])]
