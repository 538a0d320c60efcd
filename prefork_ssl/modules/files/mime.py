"""Media types by file name extension, from Apache's mime.types and AddType."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument

# RFC 6838 section 4.2, with parameters as in RFC 9110 section 8.3.1.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}(\s*;\s*[\x20-\x7e]+)*")

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


def type_of(filename: str, types: Types, default: str | None = None) -> str | None:
    """The media type of the last extension; `default` where it has none or an unknown one.

    Only the last counts: page.html.unknown is not HTML.
    """
    name = filename[filename.rfind("/") + 1 :]
    dot = name.rfind(".")
    return types.get(name[dot + 1 :].lower(), default) if dot >= 0 else default


def _mapped(words: Words | list[str], where: str) -> dict[str, str]:
    media_type, *extensions = words
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise BadArgument(f"{where}{media_type!r} is not a media type", "write one such as text/html")
    return {extension.removeprefix(".").lower(): media_type for extension in extensions}
