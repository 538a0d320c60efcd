"""The directives about files: which one is meant, what type it has."""

from __future__ import annotations

from prefork_ssl.config.arguments import Words, many, one
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.files.mime import (
    Types,
    parse_add_type,
    parse_types_config,
    system_types,
)


def _index_names(words: Words, _place: Place) -> tuple[str, ...]:
    if words == ("disabled",):
        return ()
    for word in words:
        if word.startswith("/") or ".." in word.split("/"):
            raise BadArgument(f"{word!r} must be the name of a file in the directory")
    return words


def _more_names(earlier: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
    return earlier + later if later else ()


DIRECTORY_INDEX: Directive[tuple[str, ...]] = Directive(
    "DirectoryIndex",
    many("name ...|disabled", _index_names),
    Context.ANYWHERE,
    ("index.html",),
    "The files that stand for their directory; the first that exists is served.",
    _more_names,
)
TYPES_CONFIG: Directive[Types] = Directive(
    "TypesConfig",
    one("file", parse_types_config),
    Context.SERVER,
    system_types(),
    "The file that gives each file name extension its media type; default: what the system knows.",
)
ADD_TYPE: Directive[Types] = Directive(
    "AddType",
    many("media-type extension ...", parse_add_type, least=2),
    Context.ANYWHERE,
    {},
    "Gives file name extensions a media type; wins over TypesConfig.",
    append,
    append,
)

DIRECTIVES = (DIRECTORY_INDEX, TYPES_CONFIG, ADD_TYPE)
