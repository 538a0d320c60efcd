"""Where a thing stands in the configuration, and what can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# What would break a line or steer a terminal, and bytes that were not UTF-8 (as surrogates).
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in the configuration. `file` is a path, or a name such as "-C (command line)"; `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration, and what to do about it (`hint`, one sentence or nothing).

    As a string it is one line, whatever characters the configuration has.
    """

    message: str
    origin: Origin | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.origin}: " if self.origin else ""
        remedy = f" ({self.hint})" if self.hint else ""
        return _UNPRINTABLE.sub(
            lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", f"{place}{self.message}{remedy}"
        )


class ConfigError(Exception):
    """The configuration cannot be used. `problems` holds everything found, in the order of the text, never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class BadArgument(ValueError):
    """A directive's argument is wrong. Raised by argument parsers; the builder adds the directive and its origin."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
