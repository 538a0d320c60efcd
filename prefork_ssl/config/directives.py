"""How a directive is declared: one object per directive, which is also the key to its value.

    TIMEOUT = Directive("Timeout", seconds, Context.HOST, 60.0, "Seconds that sending may stall.")
    ...
    settings[TIMEOUT]        # -> float, inferred

Everything that is known of a directive stands in its declaration: where it may be used, what it takes, what holds
when it is absent, a sentence for the manual, and how its values combine. Parsing, `-L`, error messages and the manual
read it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar, overload

from prefork_ssl.config.errors import Origin
from prefork_ssl.config.words import split_words

T = TypeVar("T")
D = TypeVar("D")
T_co = TypeVar("T_co", covariant=True)


class Context(enum.Flag):
    """Where a directive may stand, named as in Apache's manual."""

    SERVER = enum.auto()
    VIRTUAL_HOST = enum.auto()
    DIRECTORY = enum.auto()  # <Directory>, <Location>, <Files> and their Match forms

    HOST = SERVER | VIRTUAL_HOST
    ANYWHERE = SERVER | VIRTUAL_HOST | DIRECTORY


@dataclass(frozen=True, slots=True)
class Place:
    """What an argument parser may know of the line that it parses."""

    origin: Origin
    server_root: Path

    def path(self, text: str) -> Path:
        """`text` as an absolute path; relative ones are taken below ServerRoot."""
        return Path(self.server_root, text)


@dataclass(frozen=True, slots=True)
class Arguments(Generic[T_co]):
    """What a directive takes: `syntax` as the manual prints it ("on|off"), and how words become a value.

    `parse` gets the words of the line without quotes, or whatever else `split` makes of the text that follows the name.
    It raises BadArgument; any other ValueError and OSError means the same, and its text serves for a message.
    """

    syntax: str
    parse: Callable[[tuple[str, ...], Place], T_co]
    split: Callable[[str], tuple[str, ...]] = split_words


def replace(_earlier: Any, later: Any) -> Any:
    """The later or inner value holds."""
    return later


def append(earlier: Any, later: Any) -> Any:
    """Tuples: both hold, the earlier or outer first. Mappings: both hold, the later or inner wins."""
    return {**earlier, **later} if isinstance(earlier, Mapping) else earlier + later


def prepend(earlier: Any, later: Any) -> Any:
    """Tuples: both hold, the later or inner first (a virtual host's Alias is tried before the main server's)."""
    return later + earlier


@dataclass(frozen=True, eq=False, slots=True)
class Block(Generic[T]):
    """A section that says with the lines of one directive what a single line of it could: <RequireAll> is made of
    Require lines, and is one more requirement.

    `value` makes what the section says of what the lines in it say (the directive's default if there are none), and
    raises BadArgument. `name` is like "<RequireAll>".
    """

    name: str
    value: Callable[[T], T]
    doc: str


@dataclass(frozen=True, eq=False, slots=True)
class Directive(Generic[T]):
    """A directive's declaration. Compared by identity: it is the key of its value in Settings.

    `repeat` combines the values of two lines in one scope, `merge` an outer scope's value with an inner one's. `blocks`
    are the sections made of lines of this directive; they may stand where it may, and in one another. With `part_of`,
    what the lines say becomes part of the value of another directive, as if they were lines of that one.
    `default_text` is the default as it would be written, where `default` does not tell.
    """

    name: str
    arguments: Arguments[T]
    contexts: Context
    default: T
    doc: str
    repeat: Callable[[T, T], T] = replace
    merge: Callable[[T, T], T] = replace
    blocks: tuple[Block[T], ...] = ()
    part_of: Directive[T] | None = None
    default_text: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its own name, and those of its blocks."""
        return (self.name, *(block.name for block in self.blocks))

    @property
    def usage(self) -> str:
        """How a line with it is written."""
        return f"{self.name} {self.arguments.syntax}"


class Settings:
    """The values of one scope, by directive. Immutable; absent directives read as their defaults."""

    __slots__ = ("_origins", "_values")

    def __init__(
        self,
        values: Mapping[Directive[Any], Any] | None = None,
        origins: Mapping[Directive[Any], Origin] | None = None,
    ) -> None:
        self._values = MappingProxyType(dict(values or {}))
        self._origins = MappingProxyType(dict(origins or {}))

    def __getitem__(self, directive: Directive[T]) -> T:
        return self._values.get(directive, directive.default)  # type: ignore[no-any-return]

    def __contains__(self, directive: Directive[Any]) -> bool:
        """Whether the directive was given, here or in an outer scope."""
        return directive in self._values

    def __iter__(self) -> Iterator[Directive[Any]]:
        return iter(self._values)

    @overload
    def get(self, directive: Directive[T]) -> T | None: ...
    @overload
    def get(self, directive: Directive[T], default: D) -> T | D: ...
    def get(self, directive: Directive[T], default: D | None = None) -> T | D | None:
        """The value if the directive was given, else `default`."""
        return self._values.get(directive, default)  # type: ignore[no-any-return]

    def origin(self, directive: Directive[Any]) -> Origin | None:
        """Where the value in force was written (the last line, if it came from several); None for defaults."""
        return self._origins.get(directive)

    def same(self, other: Settings) -> bool:
        """Whether all values are equal, and were written in the same places."""
        return self._values == other._values and self._origins == other._origins

    def inside(self, outer: Settings) -> Settings:
        """These settings as the inner scope of `outer`: each directive's `merge` decides."""
        values = dict(outer._values)
        for directive, value in self._values.items():
            values[directive] = directive.merge(values[directive], value) if directive in values else value
        return Settings(values, {**outer._origins, **self._origins})
