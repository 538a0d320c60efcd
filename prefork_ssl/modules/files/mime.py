"""What extensions of file names can be made to mean: media types, from Apache's mime.types and AddType, and charsets,
content codings and languages."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Mapping

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument

# RFC 6838 section 4.2, with parameters as in RFC 9110 section 8.3.1.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}(\s*;\s*[\x20-\x7e]+)*")
# RFC 9110 section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~\w-]+", re.ASCII)

# Extension, in lower case and without the dot -> media type.
Types = Mapping[str, str]


def system_types() -> Types:
    """What Python knows, and the system's own mime.types if it has one: in force without TypesConfig."""
    known = mimetypes.MimeTypes().types_map[True]
    return {extension.removeprefix("."): media_type for extension, media_type in known.items()}


def parse_types_config(word: str, place: Place) -> Types:
    """Read the file named by TypesConfig: lines of a media type and its extensions. Raises BadArgument."""
    path = place.path(word)
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeError) as error:
        raise BadArgument(f"cannot read {path}: {getattr(error, 'strerror', error)}") from None
    types: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if words:
            types.update(_mapped(words, f"{path}:{number}: "))
    return types


def parse_add_type(words: Words, _place: Place) -> Types:
    """AddType media-type extension ... Raises BadArgument."""
    return _mapped(words, "")


def parse_mapping(what: str) -> Callable[[Words, Place], Mapping[str, str]]:
    """The parser of lines with a token (a charset, a content coding ...) and its extensions."""

    def parse(words: Words, _place: Place) -> Mapping[str, str]:
        name, *extensions = words
        return dict.fromkeys(map(_extension, extensions), token(name, what))

    return parse


def parse_removal(words: Words, _place: Place) -> Mapping[str, None]:
    """Extensions that no longer mean what an outer scope or an earlier line says."""
    return dict.fromkeys(map(_extension, words))


def _mapped(words: Words | list[str], where: str) -> dict[str, str]:
    name, *extensions = words
    return dict.fromkeys(map(_extension, extensions), media_type(name, where))


def media_type(word: str, where: str = "") -> str:
    """The word, if it is a media type. Raises BadArgument; `where` is what the message begins with."""
    if not _MEDIA_TYPE.fullmatch(word):
        raise BadArgument(f"{where}{word!r} is not a media type", "write one such as text/html")
    return word


def _extension(word: str) -> str:
    return word.removeprefix(".").lower()


def token(word: str, what: str) -> str:
    """The word, if a header field can have it as the name of a charset or the like (`what`). Raises BadArgument."""
    if not _TOKEN.fullmatch(word):
        raise BadArgument(f"{word!r} is not a {what}")
    return word
