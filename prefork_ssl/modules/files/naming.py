"""From a file's name to the fields that tell of its content, by the rules that are in force where it is."""

from __future__ import annotations

from typing import NamedTuple

from prefork_ssl.config.directives import Settings
from prefork_ssl.modules.files.directives import (
    ADD_CHARSET,
    ADD_DEFAULT_CHARSET,
    ADD_ENCODING,
    ADD_LANGUAGE,
    ADD_TYPE,
    FORCE_TYPE,
    TYPES_CONFIG,
)

# Those that AddDefaultCharset is about, as in Apache.
_TEXTS = ("text/html", "text/plain")

# Names whose extensions have been read and are remembered; then all are forgotten at once.
_REMEMBERED = 1024


class Content(NamedTuple):
    """What the name tells. `content_type` is None where it tells no type; `encoding` (content codings in the order in
    which they were applied) and `language` are "" if there is none."""

    content_type: str | None = None
    encoding: str = ""
    language: str = ""


class Naming:
    """What extensions mean where these settings hold."""

    def __init__(self, settings: Settings) -> None:
        self._common = settings[TYPES_CONFIG]
        self._types = settings[ADD_TYPE]
        self._encodings = settings[ADD_ENCODING]
        self._charsets = settings[ADD_CHARSET]
        self._languages = settings[ADD_LANGUAGE]
        self._forced = settings[FORCE_TYPE]
        self._default_charset = settings[ADD_DEFAULT_CHARSET]
        self._known: dict[str, Content] = {}

    def content(self, filename: str) -> Content:
        """What the name tells, or ForceType instead."""
        name = filename[filename.rfind("/") + 1 :]
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[name] = self._read(name)
        return known

    def _read(self, name: str) -> Content:
        """What the extensions say together; of two types the last one holds.

        One that means nothing undoes those before it: page.html.bak is not HTML. (Apache takes it for HTML.)
        """
        media_type = charset = language = None
        encodings: list[str] = []
        for extension in _extensions(name):
            if not self._means_something(extension):
                media_type = charset = language = None
                encodings.clear()
            media_type = self._type(extension) or media_type
            charset = self._charsets.get(extension) or charset
            language = self._languages.get(extension) or language
            encodings += filter(None, [self._encodings.get(extension)])
        content_type = self._forced or _with_charset(media_type, charset)
        return Content(self._with_default(content_type), ", ".join(encodings), language or "")

    def _means_something(self, extension: str) -> bool:
        mappings = (self._encodings, self._charsets, self._languages)
        return bool(self._type(extension) or any(mapping.get(extension) for mapping in mappings))

    def _type(self, extension: str) -> str | None:
        """The type by extension. That of a content coding has one only if AddType says so: what mime.types calls
        application/gzip is told by Content-Encoding then."""
        added = self._types.get(extension)
        return added or (None if self._encodings.get(extension) else self._common.get(extension))

    def _with_default(self, content_type: str | None) -> str | None:
        if self._default_charset and content_type in _TEXTS:
            return _with_charset(content_type, self._default_charset)
        return content_type


def _extensions(name: str) -> list[str]:
    """In lower case. Dots at the beginning belong to the name: .png is no picture."""
    return [extension.lower() for extension in name.lstrip(".").split(".")[1:] if extension]


def _with_charset(media_type: str | None, charset: str | None) -> str | None:
    return f"{media_type}; charset={charset}" if media_type and charset else media_type
