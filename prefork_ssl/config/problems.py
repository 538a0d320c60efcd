"""What is wrong is gathered while reading goes on, so that one run tells everything."""

from __future__ import annotations

import operator

from prefork_ssl.config.errors import BadArgument, ConfigError, Excerpt, Problem
from prefork_ssl.config.nodes import Line


class Problems:
    """Problems by their place in the text, in whatever order they are found."""

    def __init__(self) -> None:
        self._found: list[tuple[int, Problem]] = []

    def add(self, line: Line, message: str, hint: str = "", excerpt: Excerpt | None = None) -> None:
        """Something is wrong with `line`."""
        self._found.append((line.order, Problem(message, line.place.origin, hint, excerpt)))

    def add_argument(self, line: Line, error: ValueError | OSError, usage: str = "") -> None:
        """The arguments of `line` are wrong; `usage` is how it should look, "" if that is not known."""
        reason = _reason(error)
        hints = (reason.hint, _about_comments(line), f"syntax: {usage}" if usage else "")
        self.add(line, f"{line.name}: {reason}", "; ".join(filter(None, hints)), reason.excerpt)

    def raise_any(self) -> None:
        """Raise ConfigError with everything that was added, in the order of the text; do nothing without any."""
        if self._found:
            raise ConfigError(problem for _, problem in sorted(self._found, key=operator.itemgetter(0)))


def _about_comments(line: Line) -> str:
    return "a comment has a line of its own" if any(word.startswith("#") for word in line.words[1:]) else ""


def _reason(error: ValueError | OSError) -> BadArgument:
    match error:
        case BadArgument():
            return error
        case OSError():
            return BadArgument(f"{error.filename} cannot be used: {error.strerror}")
        case UnicodeError():
            return BadArgument("there are bytes in it that are not UTF-8")
    return BadArgument(str(error))
