"""The head of a response as bytes: status line, Date, Server, the response's own fields, framing.

What is the same for every response of a second is made once in that second. A field is looked at and made a line once;
most responses have those of responses before.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

from prefork_ssl.kernel.request import Request

_REASONS = {status.value: status.phrase for status in HTTPStatus}

# Fields that only the server writes, since they frame the message or speak of the connection; those that replace ours.
_FRAMING = frozenset(
    ("connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
_GENERAL = frozenset(("date", "server"))

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\0\r\n\u0100-\U0010ffff]*")

# Lines remembered, and the longest of them. Some fields have another value each time: then all are forgotten at once.
_REMEMBERED = 1024
_LONGEST = 256

Field = tuple[str, str]


class InvalidResponse(Exception):
    """A response that must not or cannot be sent. Nothing of it has left yet."""


def reason(status: int) -> str:
    """The status's reason phrase; "" for one that nobody registered."""
    return _REASONS.get(status, "")


def send_interim(request: Request, status: int, headers: Iterable[Field]) -> None:
    """Tell the client something before the response (RFC 9110 section 15.2); of 1xx statuses HTTP/1.0 knows none.

    Raises InvalidResponse, and what the transport raises.
    """
    if request.version != "HTTP/1.0" and "downgrade-1.0" not in request.env:
        head = f"HTTP/1.1 {status} {reason(status)}\r\n{field_lines(headers)}\r\n"
        request.transport.write(head.encode("latin-1"))


def field_lines(fields: Iterable[Field]) -> str:
    """Fields as lines, without those that frame a message. Raises InvalidResponse."""
    return "".join([_checked_line(name, value) for name, value in fields if name.lower() not in _FRAMING])


class HeadWriter:
    """Makes heads for a server of this name (the Server field's value) with this version in the status line."""

    __slots__ = ("_line", "_second", "_server", "_starts", "_version")

    def __init__(self, server: str, version: str = "HTTP/1.1") -> None:
        self._version = version
        self._server = f"Server: {server}\r\n"
        self._second = 0
        self._starts: dict[int | tuple[int, tuple[Field, ...]], str] = {}
        self._line = _Lines().__getitem__

    def head(self, status: int, headers: list[Field], framing: str) -> bytes:
        """The head, ended by an empty line. `framing` is what the message's sender adds: whole lines.

        Raises InvalidResponse.
        """
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._starts.clear()
        start = self._starts.get(status) or self._start(status)
        try:
            try:
                lines = "".join(map(self._line, headers))
            except _GeneralField:
                start, headers = self._with_general(status, headers)
                lines = "".join(map(self._line, headers))
        except (TypeError, ValueError) as error:
            raise InvalidResponse("a header field is something else than a pair of strings") from error
        return f"{start}{lines}{framing}\r\n".encode("latin-1")

    def _start(self, status: int) -> str:
        date = formatdate(self._second, usegmt=True)
        start = f"{self._version} {status} {reason(status)}\r\nDate: {date}\r\n{self._server}"
        self._starts[status] = start
        return start

    def _with_general(self, status: int, headers: Iterable[Field]) -> tuple[str, list[Field]]:
        """A response that was made elsewhere has a Date and a Server of its own, in place of ours: the start with
        these, and the other fields."""
        general: list[Field] = []
        others: list[Field] = []
        for field in headers:
            (general if field[0].lower() in _GENERAL else others).append(field)
        key = (status, tuple(general))
        start = self._starts.get(key)
        if start is None:
            start = self._start(status)
            for name, _ in general:
                start = _without(start, name.lower())
            start += "".join(_checked_line(name, value) for name, value in general)
            self._starts[key] = start
        return start, others


class _GeneralField(Exception):
    """One of _GENERAL, which do not go where the others go."""


class _Lines(dict[Field, str]):
    """The line of each field; "" for those that are not the response's to say. Raises InvalidResponse."""

    def __missing__(self, field: Field) -> str:
        name, value = field
        kind = name.lower()
        if kind in _GENERAL:
            raise _GeneralField
        line = "" if kind in _FRAMING else _checked_line(name, value)
        if len(line) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[field] = line
        return line


def _checked_line(name: str, value: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidResponse(f"{name!r} is no name of a header field")
    if not _VALUE.fullmatch(value):
        raise InvalidResponse(f"the value of {name} has CR, LF, NUL or what is not latin-1: {value!r}")
    return f"{name}: {value}\r\n"


def _without(start: str, kind: str) -> str:
    lines = start.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lower().startswith(f"{kind}:"))
