"""Replacement texts in which $1 to $9 stand for what a regular expression's groups found, and $0 for all of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Match, Pattern

_PART = re.compile(r"\$(?P<group>[0-9])|\\(?P<escaped>.)|(?P<plain>[^$\\]+|.)", re.DOTALL)


class Template:
    """A replacement text; a backslash before $ or another backslash makes it an ordinary character."""

    def __init__(self, text: str, pattern: Pattern) -> None:
        """Raises BadArgument for a group that `pattern` has not."""
        parts = [_part(match) for match in _PART.finditer(text)]
        for part in parts:
            if isinstance(part, int) and part > pattern.groups:
                raise BadArgument(
                    f"${part} stands for no group of {pattern.pattern!r}", "put what is meant in parentheses"
                )
        self._parts = parts

    @property
    def beginning(self) -> str:
        """The text before the first group."""
        return "".join(
            str(part) for part in itertools.takewhile(lambda part: isinstance(part, str), self._parts)
        )

    def expand(self, match: Match, encode: Callable[[str], str] = str) -> str:
        """The text with the groups of `match`, each encoded, in their places."""
        return "".join(part if isinstance(part, str) else encode(match[part] or "") for part in self._parts)


def _part(match: re.Match[str]) -> str | int:
    return int(match["group"]) if match["group"] else match["escaped"] or match["plain"]
