"""What belongs to the language itself and is obeyed while the text is read: some directives, and conditions."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from prefork_ssl.config.arguments import Words, many, one
from prefork_ssl.config.directives import Context, Directive, Place
from prefork_ssl.config.errors import BadArgument

_TARGET = re.compile(r"[\w.]+:[\w.]+")

# The Apache whose directives are understood here, for <IfVersion>.
APACHE_VERSION = (2, 4, 66)
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}")
_COMPARISONS: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _definition(words: Words, place: Place) -> tuple[str, str]:
    return _name(words[0], place), words[1] if len(words) > 1 else ""


def _name(word: str, _place: Place) -> str:
    if not word or ":" in word or "}" in word:
        raise BadArgument(f"the name of a variable has no ':' and no '}}', unlike {word!r}")
    return word


def _module(words: Words, _place: Place) -> tuple[str, str | None]:
    """The second word of an Apache configuration, "modules/mod_ssl.so", means nothing here."""
    return words[0], words[1] if len(words) > 1 and _TARGET.fullmatch(words[1]) else None


def _include(word: str, _place: Place) -> str:
    if not word:
        raise BadArgument("needs the name of a file")
    return word


def _directive(name: str, syntax: Any, doc: str) -> Directive[Any]:
    return Directive(name, syntax, Context.ANYWHERE, None, doc)


DEFINE = _directive(
    "Define", many("name [value]", _definition, most=2), "Sets what ${name} stands for in later lines."
)
UNDEFINE = _directive("UnDefine", one("name", _name), "Forgets a name set by Define or -D.")
INCLUDE = _directive(
    "Include", one("file|directory|wildcard", _include), "Reads more files here; they must exist."
)
INCLUDE_OPTIONAL = _directive(
    "IncludeOptional", one("file|directory|wildcard", _include), "Reads more files here, if there are any."
)
LOAD_MODULE = _directive(
    "LoadModule",
    many("name [package.module:attribute]", _module, most=2),
    "Makes the directives of a module known; the second word is for modules that are not installed by name.",
)
READING_DIRECTIVES = (DEFINE, UNDEFINE, INCLUDE, INCLUDE_OPTIONAL, LOAD_MODULE)


class Surroundings(Protocol):
    """What conditions are about: the state of the reading."""

    @property
    def names(self) -> Container[str]:
        """Names that are defined."""

    @property
    def modules(self) -> Container[str]:
        """Modules that are loaded."""

    @property
    def server_root(self) -> Path:
        """Where relative paths begin."""


@dataclass(frozen=True, eq=False, slots=True)
class Condition:
    """A section whose contents are read only if its arguments, or after a "!" their opposite, are true."""

    name: str
    subject: str
    is_true: Callable[[Words, Surroundings], bool]
    doc: str

    @property
    def usage(self) -> str:
        """How the opening line is written."""
        return f"{self.name[:-1]} [!]{self.subject}>"

    def holds(self, words: Words, surroundings: Surroundings) -> bool:
        """Whether the contents are to be read. Raises BadArgument."""
        if not words or words == ("!",):
            raise BadArgument("takes one argument")
        given = (words[0].removeprefix("!"), *words[1:])
        return self.is_true(tuple(filter(None, given)), surroundings) != words[0].startswith("!")


def _of_one(is_true: Callable[[str, Surroundings], bool]) -> Callable[[Words, Surroundings], bool]:
    def of_words(words: Words, surroundings: Surroundings) -> bool:
        if len(words) != 1:
            raise BadArgument("takes one argument")
        return is_true(words[0], surroundings)

    return of_words


def _is_version(words: Words, _surroundings: Surroundings) -> bool:
    """[operator] version, as in mod_version; parts that are not given are 0."""
    sign, version = ("=", *words) if len(words) == 1 else words[:2]
    if len(words) > 2 or sign not in _COMPARISONS or not _VERSION.fullmatch(version):
        raise BadArgument(f"needs one of {' '.join(_COMPARISONS)} and a version such as 2.4")
    parts = tuple(map(int, version.split(".")))
    return _COMPARISONS[sign](APACHE_VERSION, parts + (0,) * (3 - len(parts)))


def _module_loaded(text: str, surroundings: Surroundings) -> bool:
    """Apache also takes the name of a source file: mod_ssl.c is ssl_module."""
    source = re.fullmatch(r"mod_(\w+)\.c", text)
    return (f"{source[1]}_module" if source else text) in surroundings.modules


def _file_exists(text: str, surroundings: Surroundings) -> bool:
    try:
        return Path(surroundings.server_root, text).exists()
    except OSError:
        return False


CONDITIONS = {
    condition.name.lower(): condition
    for condition in (
        Condition(
            "<IfDefine>",
            "name",
            _of_one(lambda text, at: text in at.names),
            "Is read if -D or Define has set the name.",
        ),
        Condition(
            "<IfModule>", "module", _of_one(_module_loaded), "Is read if the module has been loaded before."
        ),
        Condition("<IfFile>", "path", _of_one(_file_exists), "Is read if the file or directory exists."),
        Condition(
            "<IfVersion>",
            "[=|==|>|>=|<|<=] version",
            _is_version,
            "Is read if the version of Apache whose directives this server understands, 2.4.66, compares so.",
        ),
    )
}
