"""The sections that make virtual hosts and directory settings: where they may stand, and what they take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from prefork_ssl.config.addresses import host_address
from prefork_ssl.config.arguments import Words, many, one
from prefork_ssl.config.directives import Arguments, Context, Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Pattern
from prefork_ssl.config.patterns import directory_pattern, directory_wildcard, file_pattern, location_pattern
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.config.tree import HostAddress, SectionKind

T = TypeVar("T")


@dataclass(frozen=True, eq=False, slots=True)
class SectionForm(Generic[T]):
    """A section's declaration. `inside` names the sections in which it may stand, "" outside all of them; `contents`
    is the context of the directives in it."""

    name: str
    arguments: Arguments[T]
    inside: tuple[str, ...]
    contents: Context
    doc: str

    @property
    def usage(self) -> str:
        """How the opening line is written."""
        return f"{self.name[:-1]} {self.arguments.syntax}>"


@dataclass(frozen=True, slots=True)
class Target:
    """What a directory section is for. `depth` is the length of a <Directory>'s path, by which these are sorted."""

    kind: SectionKind
    name: str
    pattern: Pattern
    depth: int = 0


TargetOf = Callable[[str, Place], Target]


def _directory(text: str, place: Place) -> Target:
    wildcard = directory_wildcard(text, place.server_root)
    return Target(SectionKind.DIRECTORY, text, directory_pattern(wildcard), wildcard.count("/"))


def _files(text: str, _place: Place) -> Target:
    return Target(SectionKind.FILES, text, file_pattern(text))


def _location(text: str, _place: Place) -> Target:
    return Target(SectionKind.LOCATION, text, location_pattern(text))


def _matching(kind: SectionKind) -> TargetOf:
    return lambda text, _place: Target(kind, text, compile_regex(text))


def _or_tilde(plain: TargetOf, matching: TargetOf) -> Callable[[Words, Place], Target]:
    """One plain argument, or `~ regex`, which is the Match form of the section."""

    def convert(words: Words, place: Place) -> Target:
        if len(words) == 1:
            return plain(words[0], place)
        if words[0] != "~":
            raise BadArgument("takes one argument, and was given 2", "quote what has blanks in it")
        return matching(words[1], place)

    return convert


_directory_match = _matching(SectionKind.DIRECTORY_MATCH)
_files_match = _matching(SectionKind.FILES)
_location_match = _matching(SectionKind.LOCATION)

_ANY_HOST = ("", "<VirtualHost>")
_WITH_FILES = (*_ANY_HOST, "<Directory>", "<DirectoryMatch>")

VIRTUAL_HOST: SectionForm[tuple[HostAddress, ...]] = SectionForm(
    "<VirtualHost>",
    many("address[:port] ...", lambda words, _place: tuple(dict.fromkeys(map(host_address, words)))),
    ("",),
    Context.VIRTUAL_HOST,
    "A host of its own for connections to these addresses; * is any address.",
)
_DIRECTORY_SECTIONS: tuple[SectionForm[Target], ...] = (
    SectionForm(
        "<Directory>",
        many("path|wildcard|~ regex", _or_tilde(_directory, _directory_match), most=2),
        _ANY_HOST,
        Context.DIRECTORY,
        "Holds for the files in a directory and in all below it.",
    ),
    SectionForm(
        "<DirectoryMatch>",
        one("regex", _directory_match),
        _ANY_HOST,
        Context.DIRECTORY,
        "Holds for the files in directories whose path, with a slash at its end, has what the expression matches.",
    ),
    SectionForm(
        "<Files>",
        many("name|wildcard|~ regex", _or_tilde(_files, _files_match), most=2),
        _WITH_FILES,
        Context.DIRECTORY,
        "Holds for files of a name, in whatever directory or in the surrounding section's.",
    ),
    SectionForm(
        "<FilesMatch>",
        one("regex", _files_match),
        _WITH_FILES,
        Context.DIRECTORY,
        "Holds for files whose name has what the expression matches.",
    ),
    SectionForm(
        "<Location>",
        many("URL-path|wildcard|~ regex", _or_tilde(_location, _location_match), most=2),
        _ANY_HOST,
        Context.DIRECTORY,
        "Holds for a URL path and all below it; with wildcards for whole paths only.",
    ),
    SectionForm(
        "<LocationMatch>",
        one("regex", _location_match),
        _ANY_HOST,
        Context.DIRECTORY,
        "Holds for URL paths that have what the expression matches.",
    ),
)

_ALL: tuple[SectionForm[Any], ...] = (VIRTUAL_HOST, *_DIRECTORY_SECTIONS)
SECTIONS = {form.name.lower(): form for form in _ALL}
