"""Where a thing stands in the configuration, and what can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# What would break a line or steer a terminal, and bytes that were not UTF-8 (as surrogates).
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# Characters of an excerpt that are shown on each side of the place.
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in the configuration. `file` is a path, or a name such as "-C (command line)"; `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text in a language of its own, such as an expression, and where in it something is wrong; `column` counts
    characters from 0, and is the length of the text if its end is what is wrong."""

    text: str
    column: int

    @property
    def lines(self) -> tuple[str, str]:
        """What is around the column, and a caret below it."""
        start = max(0, self.column - _AROUND)
        before, after = self.text[start : self.column], self.text[self.column :]
        shown = ("... " if start else "") + _printable(before)
        rest = _printable(after[:_AROUND]) + (" ..." if len(after) > _AROUND else "")
        return f"    {shown}{rest}", f"    {' ' * len(shown)}^"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration, and what to do about it (`hint`, one sentence or nothing).

    As a string it is one line, whatever characters the configuration has. `lines` are that and the excerpt, if any.
    """

    message: str
    origin: Origin | None = None
    hint: str = ""
    excerpt: Excerpt | None = None

    def __str__(self) -> str:
        place = f"{self.origin}: " if self.origin else ""
        remedy = f" ({self.hint})" if self.hint else ""
        return _printable(f"{place}{self.message}{remedy}")

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything that there is to show."""
        return (str(self), *self.excerpt.lines) if self.excerpt else (str(self),)


class ConfigError(Exception):
    """The configuration cannot be used. `problems` holds everything found, in the order of the text, never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(line for problem in self.problems for line in problem.lines))


class BadArgument(ValueError):
    """A directive's argument is wrong. Raised by argument parsers; the builder adds the directive and its origin."""

    def __init__(self, message: str, hint: str = "", excerpt: Excerpt | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.excerpt = excerpt


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", text)
