"""RewriteMap lines: where a table is."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.kernel.expression.functions import FUNCTIONS


class FileKind(enum.Enum):
    """What the values of a file are: texts, or texts of which one is chosen."""

    TEXT = "txt"
    RANDOM = "rnd"


@dataclass(frozen=True, slots=True)
class MapFile:
    """txt:file, rnd:file"""

    kind: FileKind
    path: Path
    origin: Origin


@dataclass(frozen=True, slots=True)
class MapFunction:
    """int:function"""

    name: str


MapSource = MapFile | MapFunction

_FUNCTIONS = ("toupper", "tolower", "escape", "unescape")
_NOT_HERE = {
    "prg": "a program between a request and its answer would hold up all others",
    "dbm": "tables are text files here: they are in memory, and read again when they change",
    "dbd": "tables are text files here: they are in memory, and read again when they change",
    "fastdbd": "tables are text files here: they are in memory, and read again when they change",
}


def parse_map(words: Words, place: Place) -> Mapping[str, MapSource]:
    """name kind:source. Raises BadArgument."""
    name, text = words
    kind, colon, source = text.partition(":")
    if not name or set(name) & set(":{}|$%"):
        raise BadArgument(f"the name of a map has none of : {{ }} | $ %, unlike {name!r}")
    if not colon:  # Apache's default
        kind, source = "txt", text
    kind = kind.partition("=")[0].lower()
    if kind in _NOT_HERE:
        raise BadArgument(
            f"{kind}: is not offered, since {_NOT_HERE[kind]}", "write its entries to a file for txt:"
        )
    if kind == "int":
        return {name: _function(source)}
    if kind not in ("txt", "rnd"):
        raise BadArgument(f"does not know {kind}:", "known are txt:, rnd: and int:")
    return {name: _file(FileKind(kind), place.path(source), place.origin)}


def _function(name: str) -> MapFunction:
    if name.lower() not in _FUNCTIONS:
        near = difflib.get_close_matches(name.lower(), _FUNCTIONS, 1)
        raise BadArgument(
            f"there is no int:{name}",
            f"did you mean {near[0]}?" if near else f"known are {', '.join(_FUNCTIONS)}",
        )
    return MapFunction(name.lower())


def _file(kind: FileKind, path: Path, origin: Origin) -> MapFile:
    if not path.is_file():
        raise BadArgument(f"file {path} does not exist or cannot be reached")
    return MapFile(kind, path, origin)


def function_of(source: MapFunction) -> Callable[[str], str]:
    """What int: names, as in expressions."""
    function = FUNCTIONS[source.name]
    return lambda text: function(None, text)  # type: ignore[arg-type]  # these do not look at the request
