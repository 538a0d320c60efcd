"""What directives take: the common kinds of arguments, ready to be named in a declaration.

Each is an Arguments object: the syntax as the manual prints it, and a parser from the words of the line to a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from prefork_ssl.config.directives import Arguments, Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.words import whole_text

T = TypeVar("T")
Words = tuple[str, ...]


def one(syntax: str, convert: Callable[[str, Place], T]) -> Arguments[T]:
    """Exactly one word."""

    def parse(words: Words, place: Place) -> T:
        if len(words) != 1:
            raise BadArgument(f"takes one argument, {syntax}, and was given {len(words) or 'none'}")
        return convert(words[0], place)

    return Arguments(syntax, parse)


def many(
    syntax: str, convert: Callable[[Words, Place], T], *, least: int = 1, most: int | None = None
) -> Arguments[T]:
    """From `least` to `most` words (None: any number)."""

    def parse(words: Words, place: Place) -> T:
        if len(words) < least or (most is not None and len(words) > most):
            raise BadArgument(
                f"takes {syntax}, and was given {len(words) or 'no'} argument{'s' * (len(words) != 1)}"
            )
        return convert(words, place)

    return Arguments(syntax, parse)


def language(syntax: str, convert: Callable[[str, Place], T]) -> Arguments[T]:
    """Everything that follows the name, as it is written, in a language of its own."""

    def parse(words: Words, place: Place) -> T:
        if len(words) > 1:  # the line was taken apart as any other
            raise BadArgument("stands before the LoadModule line of its module", "move LoadModule to the top")
        return convert("".join(words), place)

    return Arguments(syntax, parse, whole_text)


def choice(**values: T) -> Arguments[T]:
    """One of the given words, in any case: choice(on=True, off=False)."""
    return choice_of(values)


def choice_of(values: Mapping[str, T]) -> Arguments[T]:
    """One of the mapping's keys, in any case. Keys are in lower case."""
    syntax = "|".join(values)

    def convert(word: str, _place: Place) -> T:
        try:
            return values[word.lower()]
        except KeyError:
            raise BadArgument(f"must be {syntax}, not {word!r}") from None

    return one(syntax, convert)


def integer(syntax: str, least: int = 0, most: int | None = None) -> Arguments[int]:
    """A whole number within bounds."""

    def convert(word: str, _place: Place) -> int:
        if not (word.isascii() and word.isdigit()):
            raise BadArgument(f"must be a whole number, not {word!r}")
        number = int(word) if len(word) < 20 else 10**20
        if number < least or (most is not None and number > most):
            bounds = f"at least {least}" if most is None else f"from {least} to {most}"
            raise BadArgument(f"must be {bounds}, not {word}")
        return number

    return one(syntax, convert)


_UNITS = {"ms": 0.001, "s": 1.0, "mi": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def duration(word: str, unit: str = "s") -> float:
    """Seconds from a number with Apache's time units ("30", "500ms", "2min", "12h"); `unit` holds if none is given.

    Raises BadArgument.
    """
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    suffix = word[len(digits) :].lower() or unit
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12) or suffix not in _UNITS:
        raise BadArgument(f"must be a time such as 30, 500ms or 2min, not {word!r}")
    return int(digits) * _UNITS[suffix]


seconds: Arguments[float] = one("seconds", lambda word, _place: duration(word))
on_off: Arguments[bool] = choice(on=True, off=False)


def _path(word: str, place: Place) -> Path:
    if not word or "\0" in word:
        raise BadArgument("must be a path")
    return place.path(word)


def _existing_file(word: str, place: Place) -> Path:
    path = _path(word, place)
    if path.is_dir():
        raise BadArgument(f"{path} is a directory, not a file")
    if not path.exists():
        raise BadArgument(f"file {path} does not exist or cannot be reached")
    return path


def _existing_directory(word: str, place: Place) -> Path:
    path = _path(word, place)
    if not path.is_dir():
        raise BadArgument(f"directory {path} does not exist or cannot be reached")
    return path


path: Arguments[Path] = one("path", _path)
existing_file: Arguments[Path] = one("file", _existing_file)
existing_directory: Arguments[Path] = one("directory", _existing_directory)
text: Arguments[str] = one("text", lambda word, _place: word)
