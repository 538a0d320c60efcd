"""The language of values, taken apart: text, and what a request puts in its place.

    %%  %t  %D  %l  %{NAME}e  %{NAME}s        everywhere
    $0 to $9                                   in replacements: what the groups of the expression have matched

A backslash takes the meaning from another one, and in replacements from $.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from prefork_ssl.config.errors import BadArgument


@dataclass(frozen=True, slots=True)
class Item:
    """Something that the request knows. `name` is "" without braces."""

    letter: str
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """What a group of a regular expression has matched; 0 is the whole match."""

    number: int


Piece = str | Item | Group
Format = tuple[Piece, ...]

_PIECE = re.compile(
    r"""
      (?P<percent>%%)
    | %\{(?P<name>[^}]*)\}(?P<kind>[A-Za-z]?)
    | %(?P<letter>.?)
    | \$(?P<group>[0-9])
    | \\(?P<escaped>.?)
    | (?P<text>[^%$\\]+|\$)
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_NAMED = "es"  # with a name in braces
_PLAIN = "tDl"
_KNOWN = "known are %%, %t, %D, %l, %{NAME}e and %{NAME}s"
# What mod_headers tells of a server whose processes each have one request at a time.
_SHARES = {"i": "idle", "b": "busy"}


def parse_format(text: str) -> Format:
    """The pieces of a value. Raises BadArgument."""
    return _parse(text, None)


def parse_replacement(text: str, groups: int) -> Format:
    """The pieces of what replaces a match of an expression with so many groups. Raises BadArgument."""
    return _parse(text, groups)


def _parse(text: str, groups: int | None) -> Format:
    """`groups` is None where $ means nothing."""
    if _CONTROL.search(text):
        raise BadArgument("a header field cannot have control characters", "write a blank instead")
    return tuple(_piece(match, groups) for match in _PIECE.finditer(text))


def _piece(match: re.Match[str], groups: int | None) -> Piece:
    if match["percent"]:
        return "%"
    if match["text"]:
        return match["text"]
    if match["group"]:
        return match[0] if groups is None else _group(int(match["group"]), groups)
    if match["escaped"] is not None:
        return _unescaped(match["escaped"], in_replacement=groups is not None)
    return _item(match)


def _group(number: int, groups: int) -> Group:
    if number > groups:
        raise BadArgument(
            f"${number} stands for no group of the regular expression", "put what is meant in parentheses"
        )
    return Group(number)


def _unescaped(character: str, *, in_replacement: bool) -> str:
    if character and character in "nrt":
        raise BadArgument(f"a header field cannot have a \\{character}", "write a blank instead")
    ordinary = "\\$" if in_replacement else "\\"
    return character if character and character in ordinary else f"\\{character}"


def _item(match: re.Match[str]) -> Item:
    name, letter = match["name"], match["kind"] if match["letter"] is None else match["letter"]
    if name is None and letter in _SHARES:
        raise BadArgument(
            f"%{letter} is not known: a worker takes any number of requests, so that no share of it is"
            f" {_SHARES[letter]}",
            "%l gives the load averages",
        )
    if not letter or letter not in (_PLAIN if name is None else _NAMED):
        raise BadArgument(f"{match[0]!r} is not a format", f"write %% for a percent sign; {_KNOWN}")
    if name == "":
        raise BadArgument(f"{match[0]} needs a name in braces")
    return Item(letter, name or "")
