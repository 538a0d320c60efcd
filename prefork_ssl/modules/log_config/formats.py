"""The language of LogFormat: text and % directives, taken apart once and made into one function for each host.

    %letter     %{argument}letter     %200,304letter     %!200letter     %>letter and %<letter

Apache's > and < choose between a request and what it was redirected to within the server; here the log is always told
of the request as the client sent it and of the response that the client got.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.log_config.items import ITEMS, Item, Surroundings

Format = Callable[[Request, Response], bytes]

_PIECE = re.compile(
    r"""
      %% (?# a percent sign )
    | % (?P<statuses>!?[0-9]{3}(?:,[0-9]{3})*)? [<>]* (?:\{(?P<argument>[^}]*)\})? [<>]* (?P<letter>[A-Za-z])
    | (?P<bad>%.{0,3})
    | (?P<text>[^%]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([nt\\])")
_ESCAPED = {"n": "\n", "t": "\t", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Directive:
    """A % directive as written. `argument` is "" without braces. It holds for `statuses`, or for all others if
    `negated`; without any, always."""

    letter: str
    argument: str
    statuses: frozenset[int]
    negated: bool


Piece = str | Directive


@lru_cache(maxsize=256)  # all hosts may have the same log
def parse_format(text: str) -> tuple[Piece, ...]:
    """The pieces of a format, in their order. Raises BadArgument."""
    return tuple(_piece(match) for match in _PIECE.finditer(text))


def _piece(match: re.Match[str]) -> Piece:
    if match["text"]:
        return _ESCAPE.sub(lambda escape: _ESCAPED[escape[1]], match["text"])
    if match["bad"]:
        raise BadArgument(f"{match['bad']!r} is not a log directive", "write %% for a percent sign")
    if not match["letter"]:
        return "%"
    statuses = match["statuses"] or ""
    directive = Directive(
        match["letter"],
        match["argument"] or "",
        frozenset(int(status) for status in statuses.removeprefix("!").split(",") if status),
        statuses.startswith("!"),
    )
    _check(match[0], directive)
    return directive


def _check(written: str, directive: Directive) -> None:
    letter = directive.letter
    if letter not in ITEMS:
        raise BadArgument(f"{written} is not a log directive", "known are %" + " %".join(sorted(ITEMS)))
    ITEMS[letter].check(written, directive.argument)


def compile_format(pieces: tuple[Piece, ...], surroundings: Surroundings) -> Format:
    """The function that makes a line, with its line feed, of a request and its response on this host."""
    template = ""
    items: list[Callable[[Request, Response], str]] = []
    for piece in pieces:
        item = piece if isinstance(piece, str) else _item(piece, surroundings)
        if isinstance(item, str):
            template += item.replace("%", "%%")
        else:
            template += "%s"
            items.append(item)
    template += "\n"

    def line(request: Request, response: Response) -> bytes:
        return (template % tuple([item(request, response) for item in items])).encode()

    return line


def _item(directive: Directive, surroundings: Surroundings) -> Item:
    item = ITEMS[directive.letter].make(directive.argument, surroundings)
    statuses, negated = directive.statuses, directive.negated
    if not statuses:
        return item

    def conditional(request: Request, response: Response) -> str:
        if (response.status in statuses) is negated:
            return "-"
        return item if isinstance(item, str) else item(request, response)

    return conditional
