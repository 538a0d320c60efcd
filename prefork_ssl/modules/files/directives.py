"""The directives about files: which one is meant, what type it has."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from typing import Any

from prefork_ssl.config.arguments import Words, choice_of, many, one
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.files.mime import (
    Types,
    media_type,
    parse_add_type,
    parse_mapping,
    parse_removal,
    parse_types_config,
    system_types,
    token,
)

# Extension, in lower case and without the dot -> what it means; None where that has been taken away.
Extensions = Mapping[str, str | None]

_REDIRECTS = {"on": 302, "off": 0, "permanent": 301, "temp": 302, "seeother": 303}


class Slash(enum.Enum):
    """What becomes of a request for a folder without the slash at the end: sent to the URL with it, 403, or 404."""

    ON = "on"
    OFF = "off"
    NOT_FOUND = "notfound"


def _index_names(words: Words, _place: Place) -> tuple[str, ...]:
    if words == ("disabled",):
        return ()
    for word in words:
        if word.startswith("/") or ".." in word.split("/"):
            raise BadArgument(f"{word!r} must be the name of a file in the directory")
    return words


def _redirect_status(word: str, _place: Place) -> int:
    if word.lower() in _REDIRECTS:
        return _REDIRECTS[word.lower()]
    if not re.fullmatch("3[0-9][0-9]", word, re.ASCII) or word == "304":
        raise BadArgument(f"must be {', '.join(_REDIRECTS)} or a status from 300 to 399, not {word!r}")
    return int(word)


def _fallback(word: str, _place: Place) -> str:
    if word.lower() == "disabled":
        return ""
    if not word.startswith("/") or word.startswith("//") or "?" in word:
        raise BadArgument(f"must be disabled, or a path that begins with '/' and has no '?', not {word!r}")
    return word


def _default_type(word: str, _place: Place) -> None:
    if word.lower() != "none":
        raise BadArgument(
            f"gives no type any more ({word})",
            "write ForceType in a section for all its files, or AddType for extensions",
        )


def _default_charset(word: str, _place: Place) -> str:
    if word.lower() in ("on", "off"):
        return {"on": "iso-8859-1", "off": ""}[word.lower()]
    return token(word, "charset")


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
DIRECTORY_INDEX_REDIRECT: Directive[int] = Directive(
    "DirectoryIndexRedirect",
    one("on|off|permanent|temp|seeother|3xx", _redirect_status),
    Context.ANYWHERE,
    False,
    "Sends clients who ask for a folder to its index file, in place of serving that under the folder's URL.",
)
DIRECTORY_SLASH = Directive(
    "DirectorySlash",
    choice_of({slash.value: slash for slash in Slash}),
    Context.ANYWHERE,
    Slash.ON,
    "Sends clients who ask for a folder without the slash at the end to the URL with it. Off: they get 403, or 404.",
)
FALLBACK_RESOURCE = Directive(
    "FallbackResource",
    one("/path|disabled", _fallback),
    Context.ANYWHERE,
    "",
    "The path of this server that answers, by any method, for files that do not exist: an application's, for example.",
)
TYPES_CONFIG: Directive[Types] = Directive(
    "TypesConfig",
    one("file", parse_types_config),
    Context.SERVER,
    system_types(),
    "The file that gives each file name extension its media type; default: what the system knows.",
    default_text="the types that the system knows",
)
DEFAULT_TYPE = Directive(
    "DefaultType",
    one("none", _default_type),
    Context.ANYWHERE,
    None,
    "Of Apache before 2.4; only none is left of it.",
)
FORCE_TYPE: Directive[str | None] = Directive(
    "ForceType",
    one("media-type|none", lambda word, _place: None if word.lower() == "none" else media_type(word)),
    Context.DIRECTORY,
    None,
    "The media type of all files here, whatever their names.",
)
ADD_DEFAULT_CHARSET: Directive[str] = Directive(
    "AddDefaultCharset",
    one("on|off|charset", _default_charset),
    Context.ANYWHERE,
    "",
    "The charset of files of type text/plain and text/html whose names tell none; on is iso-8859-1.",
)


def _extensions_pair(
    what: str, described: str, parse: Callable[[Words, Place], Extensions]
) -> tuple[Directive[Extensions], Directive[Extensions]]:
    """AddType and RemoveType, and their like: the later line and the inner scope win, extension by extension."""
    add = Directive(
        f"Add{what}",
        many(f"{described} extension ...", parse, least=2),
        Context.ANYWHERE,
        {},
        f"Gives file name extensions a {described}.",
        append,
        append,
    )
    remove = Directive(
        f"Remove{what}",
        many("extension ...", parse_removal),
        Context.ANYWHERE,
        {},
        f"Takes from extensions what Add{what} has given them outside or before.",
        part_of=add,
    )
    return add, remove


ADD_TYPE, REMOVE_TYPE = _extensions_pair("Type", "media-type", parse_add_type)
ADD_ENCODING, REMOVE_ENCODING = _extensions_pair(
    "Encoding", "content-coding", parse_mapping("content coding")
)
ADD_CHARSET, REMOVE_CHARSET = _extensions_pair("Charset", "charset", parse_mapping("charset"))
ADD_LANGUAGE, REMOVE_LANGUAGE = _extensions_pair("Language", "language", parse_mapping("language"))

DIRECTIVES: tuple[Directive[Any], ...] = (
    DIRECTORY_INDEX,
    DIRECTORY_INDEX_REDIRECT,
    DIRECTORY_SLASH,
    FALLBACK_RESOURCE,
    TYPES_CONFIG,
    DEFAULT_TYPE,
    FORCE_TYPE,
    ADD_DEFAULT_CHARSET,
    ADD_TYPE,
    REMOVE_TYPE,
    ADD_ENCODING,
    REMOVE_ENCODING,
    ADD_CHARSET,
    REMOVE_CHARSET,
    ADD_LANGUAGE,
    REMOVE_LANGUAGE,
)
