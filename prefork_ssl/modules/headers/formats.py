"""The language of values, taken apart: text, and what a request puts in its place.

    %%  %t  %D  %l  %{NAME}e  %{NAME}s        everywhere
    $0 to $9                                   in replacements: what the groups of the expression have matched

A backslash takes the meaning from another one, and in replacements from $.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Pattern
from prefork_ssl.config.template import Group, Template, joined, known_group
from prefork_ssl.kernel.octets import as_octets


@dataclass(frozen=True, slots=True)
class Item:
    """Something that the request knows. `name` is "" without braces."""

    letter: str
    name: str


# The texts in them are octets, as they are sent.
Format = Template[Item]
Replacement = Template[Item | Group]

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
    """A value. Raises BadArgument."""
    return joined(_piece(found, "\\") for found in _found(text))


def parse_replacement(text: str, pattern: Pattern) -> Replacement:
    """What replaces a match of `pattern`. Raises BadArgument."""
    return joined(
        known_group(int(found["group"]), pattern) if found["group"] else _piece(found, "\\$")
        for found in _found(text)
    )


def _found(text: str) -> Iterator[re.Match[str]]:
    if _CONTROL.search(text):
        raise BadArgument("a header field cannot have control characters", "write a blank instead")
    return _PIECE.finditer(text)


def _piece(found: re.Match[str], escapable: str) -> str | Item:
    """Text or an item; `escapable` are the characters that a backslash makes ordinary ones."""
    if found["percent"]:
        return "%"
    if found["text"] or found["group"]:
        return as_octets(found[0])
    if found["escaped"] is not None:
        return as_octets(_unescaped(found["escaped"], escapable))
    return _item(found)


def _unescaped(character: str, escapable: str) -> str:
    if character and character in "nrt":
        raise BadArgument(f"a header field cannot have a \\{character}", "write a blank instead")
    return character if character and character in escapable else f"\\{character}"


def _item(found: re.Match[str]) -> Item:
    name, letter = found["name"], found["kind"] if found["letter"] is None else found["letter"]
    if name is None and letter in _SHARES:
        raise BadArgument(
            f"%{letter} is not known: a worker takes any number of requests, so that no share of it is"
            f" {_SHARES[letter]}",
            "%l gives the load averages",
        )
    if not letter or letter not in (_PLAIN if name is None else _NAMED):
        raise BadArgument(f"{found[0]!r} is not a format", f"write %% for a percent sign; {_KNOWN}")
    if name == "":
        raise BadArgument(f"{found[0]} needs a name in braces")
    return Item(letter, name or "")
