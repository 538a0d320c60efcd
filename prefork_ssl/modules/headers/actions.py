"""What the actions do to a list of header fields: each makes a new list, or gives back the one that it got."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from prefork_ssl.config.matching import Pattern
from prefork_ssl.kernel.octets import as_text
from prefork_ssl.modules.headers.names import FRAMING
from prefork_ssl.modules.headers.values import Replace, Text

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import HeaderList, Request

Change = Callable[["Request", "HeaderList"], "HeaderList"]

# What commas part, but for those in quotes (RFC 9110 section 5.6.4).
_MEMBER = re.compile(r'(?:[^",]|"(?:\\.|[^"\\])*"?)+')


def set_field(name: str, names: Collection[str], text: Text) -> Change:
    """The field is there once, with this value. `names`, in lower case, are those that it replaces."""
    if text.constant is not None:
        field = (name, text.constant)
        return lambda _request, headers: [*[each for each in headers if each[0].lower() not in names], field]
    get = text.get
    return lambda request, headers: [*_others(headers, names), (name, get(request))]


def unset(names: Collection[str]) -> Change:
    """The field is not there."""
    return lambda _request, headers: _others(headers, names)


def set_if_empty(name: str, text: Text) -> Change:
    """The field is there."""
    kind, get = name.lower(), text.get

    def change(request: Request, headers: HeaderList) -> HeaderList:
        return headers if _has(headers, kind) else [*headers, (name, get(request))]

    return change


def add(name: str, text: Text) -> Change:
    """One more field of the name."""
    get = text.get
    return lambda request, headers: [*headers, (name, get(request))]


def append(name: str, text: Text) -> Change:
    """The value comes behind what the field has, after a comma."""
    kind, get = name.lower(), text.get
    return lambda request, headers: _appended(headers, name, kind, get(request))


def merge(name: str, text: Text) -> Change:
    """As append, unless the value is one of those that the field has."""
    kind, get = name.lower(), text.get

    def change(request: Request, headers: HeaderList) -> HeaderList:
        value = get(request)
        members = (member.strip() for held in _values(headers, kind) for member in _MEMBER.findall(held))
        return headers if value in members else _appended(headers, name, kind, value)

    return change


def edit(name: str, pattern: Pattern, replace: Replace, *, everywhere: bool) -> Change:
    """What the pattern finds is replaced in each field of the name: once, or `everywhere`."""
    kind = name.lower()

    def change(request: Request, headers: HeaderList) -> HeaderList:
        if not _has(headers, kind):
            return headers
        return [
            (each, _edited(value, request)) if each.lower() == kind else (each, value)
            for each, value in headers
        ]

    def _edited(value: str, request: Request) -> str:
        parts, place = [], 0
        match = pattern.search(value)
        while match is not None:
            start, end = match.start(), match.end()
            parts += [value[place:start], replace(request, match)]
            place = end
            # After an empty match, the next one may begin no sooner than at the next character.
            begin = end + (start == end)
            match = pattern.search(value, begin) if everywhere and begin <= len(value) else None
        return "".join([*parts, value[place:]]).strip(" ")

    return change


def echo(pattern: Pattern) -> Change:
    """The response gets the fields of the request whose names the pattern finds, but for those that frame it."""
    found = pattern.search

    def change(request: Request, headers: HeaderList) -> HeaderList:
        return headers + [field for field in request.headers if field[0] not in FRAMING and found(field[0])]

    return change


def note(name: str, text: Text) -> Change:
    """The field's value is kept among the request's notes, for logs."""
    kind, get = name.lower(), text.get

    def change(request: Request, headers: HeaderList) -> HeaderList:
        if _has(headers, kind):
            request.env[get(request)] = as_text(", ".join(_values(headers, kind)))
        return headers

    return change


def _others(headers: HeaderList, names: Collection[str]) -> HeaderList:
    return [field for field in headers if field[0].lower() not in names]


def _has(headers: HeaderList, kind: str) -> bool:
    return any(name.lower() == kind for name, _ in headers)


def _values(headers: HeaderList, kind: str) -> list[str]:
    return [value for name, value in headers if name.lower() == kind]


def _appended(headers: HeaderList, name: str, kind: str, value: str) -> HeaderList:
    for index, (each, held) in enumerate(headers):
        if each.lower() == kind:
            joined = ", ".join(filter(None, (held, value)))
            return [*headers[:index], (each, joined), *headers[index + 1 :]]
    return [*headers, (name, value)]
