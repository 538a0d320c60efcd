"""What a compiled regular expression can be asked, whichever engine runs it."""

from __future__ import annotations

from typing import Protocol


class Match(Protocol):
    """What was found. Group 0 is the whole; places are counted in characters."""

    def __getitem__(self, group: int | str, /) -> str | None: ...
    def groups(self) -> tuple[str | None, ...]: ...
    def start(self, group: int = 0, /) -> int: ...
    def end(self, group: int = 0, /) -> int: ...


class Pattern(Protocol):
    """A regular expression. Patterns that were written alike are equal."""

    @property
    def pattern(self) -> str:
        """The expression as it was written."""

    @property
    def groups(self) -> int:
        """How many groups it has."""

    @property
    def search(self) -> Search:
        """Finds it in a text."""


class Search(Protocol):
    """The first match in a text that begins at `start` or later. Raises OutOfTime."""

    def __call__(self, text: str, start: int = 0, /) -> Match | None: ...


class OutOfTime(Exception):
    """It would take too long to tell whether a text matches: somebody has made it for that. There is no answer then,
    and who asked must not go on as if there were."""

    def __init__(self, pattern: str, seconds: float) -> None:
        super().__init__(
            f"the regular expression {pattern!r} has not been through with what a client sent after {seconds:g} s"
        )
        self.pattern = pattern
