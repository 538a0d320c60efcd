"""Texts with references that are filled in later: what a regular expression has found, what is known of a request.

Each language of such texts, Apache has several, takes them apart and says what its references mean; the rest is here.
So is the plainest of them, that of AliasMatch and its like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Match, Pattern

Reference = TypeVar("Reference", covariant=True)
# What references are filled in from.
State = TypeVar("State")


@dataclass(frozen=True)  # without slots: Template[Group]() would raise TypeError in Python 3.11
class Template(Generic[Reference]):
    """Texts and references in their order. See `joined`: no two texts follow one another, and none is empty."""

    parts: tuple[str | Reference, ...] = ()

    @property
    def text(self) -> str | None:
        """The whole if there are no references, else None."""
        return None if any(not isinstance(part, str) for part in self.parts) else self.beginning

    @property
    def beginning(self) -> str:
        """The text before the first reference."""
        first = self.parts[0] if self.parts else ""
        return first if isinstance(first, str) else ""

    def bind(self, meaning: Callable[[Reference], Callable[[State], str]]) -> Callable[[State], str]:
        """The function that fills in the references: each with what the function that is its meaning gives."""
        texts, values = [""], []
        for part in self.parts:
            if isinstance(part, str):
                texts[-1] = part
            else:
                values.append(meaning(part))
                texts.append("")
        return _filling(texts, values)


def _filling(texts: list[str], values: list[Callable[[State], str]]) -> Callable[[State], str]:
    """What puts each value between two texts. Most have one value or none, and need not pay for more."""
    if not values:
        (text,) = texts
        return lambda _state: text
    if not any(texts) and len(values) == 1:
        return values[0]
    if len(values) == 1:
        (before, after), (value,) = texts, values
        return lambda state: f"{before}{value(state)}{after}"
    form = "%s".join(text.replace("%", "%%") for text in texts)
    return lambda state: form % tuple([value(state) for value in values])


def joined(parts: Iterable[str | Reference]) -> Template[Reference]:
    """The template of parts of which some may be empty, or texts that follow one another."""
    whole: list[str | Reference] = []
    for part in parts:
        if isinstance(part, str) and whole and isinstance(whole[-1], str):
            whole[-1] += part
        elif part != "":
            whole.append(part)
    return Template(tuple(whole))


@dataclass(frozen=True, slots=True)
class Group:
    """$1: what a group of a regular expression has found; 0 is the whole match."""

    number: int


_PART = re.compile(r"\$(?P<group>[0-9])|\\(?P<escaped>.)|(?P<plain>[^$\\]+|.)", re.DOTALL)


def parse_groups(text: str, pattern: Pattern) -> Template[Group]:
    """$0 to $9 in a text; a backslash makes the next character an ordinary one. Raises BadArgument for a group that
    `pattern` has not."""
    return joined(_part(found, pattern) for found in _PART.finditer(text))


def bind_groups(template: Template[Group], encode: Callable[[str], str] = str) -> Callable[[Match], str]:
    """The function that fills in what was found, each encoded; nothing for a group that had no part in it."""

    def meaning(group: Group) -> Callable[[Match], str]:
        number = group.number
        return lambda match: encode(match[number] or "")

    return template.bind(meaning)


def known_group(number: int, pattern: Pattern) -> Group:
    """Raises BadArgument for a group that `pattern` has not."""
    if number > pattern.groups:
        raise BadArgument(
            f"${number} stands for no group of the regular expression {pattern.pattern!r}",
            "put what is meant in parentheses",
        )
    return Group(number)


def _part(found: re.Match[str], pattern: Pattern) -> str | Group:
    return known_group(int(found["group"]), pattern) if found["group"] else found["escaped"] or found["plain"]
