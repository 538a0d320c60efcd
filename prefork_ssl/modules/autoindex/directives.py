"""The directives of listings. Those about the icons of the old ones are known, and have no effect."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefork_ssl.config.arguments import Words, many, one, text
from prefork_ssl.config.directives import Context, Directive, Place, append, prepend
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.autoindex.descriptions import Description, parse_description
from prefork_ssl.modules.autoindex.index_options import IndexOptions, inside, parse_index_options, together
from prefork_ssl.modules.autoindex.ordering import Column, Order

# A ";" or "," would end the source in Content-Security-Policy.
_STYLE_SHEET = re.compile(r"(?:https?:/)?/[^/\s;,][^\s;,]*")
_DIRECTIONS = {"ascending": False, "descending": True}
_COLUMNS = {
    "name": Column.NAME,
    "date": Column.MODIFIED,
    "size": Column.SIZE,
    "description": Column.DESCRIPTION,
}


@dataclass(frozen=True, slots=True)
class Ignored:
    """The names that are left out: hidden files, unless `afresh`, and those that fit the patterns."""

    patterns: tuple[str, ...] = ()
    afresh: bool = False

    def matcher(self) -> re.Pattern[str]:
        """Matches the names to leave out."""
        patterns = self.patterns if self.afresh else (".*", *self.patterns)
        return re.compile("|".join(map(fnmatch.translate, patterns)) or r"\Z.")


def _add_ignored(earlier: Ignored, later: Ignored) -> Ignored:
    return later if later.afresh else Ignored(earlier.patterns + later.patterns, earlier.afresh)


def _order(words: Words, _place: Place) -> Order:
    direction, column = (word.lower() for word in words)
    if direction not in _DIRECTIONS or column not in _COLUMNS:
        raise BadArgument(f"must be ascending or descending, and {', '.join(_COLUMNS)}")
    return Order(_COLUMNS[column], _DIRECTIONS[direction])


def _reset(word: str, _place: Place) -> Ignored:
    if word.lower() not in ("on", "off"):
        raise BadArgument(f"must be on or off, not {word!r}")
    return Ignored(afresh=word.lower() == "on")


def _insert(word: str, _place: Place) -> str:
    if "://" in word or word.rpartition("/")[2] in ("", ".", ".."):
        raise BadArgument("must be a file in the folder, or a path of this server that begins with '/'")
    return word


def _style_sheet(word: str, _place: Place) -> str:
    if not _STYLE_SHEET.fullmatch(word):
        raise BadArgument(f"{word!r} is neither a path that begins with one '/' nor a URL of http or https")
    return word


INDEX_OPTIONS: Directive[IndexOptions] = Directive(
    "IndexOptions",
    many("[+|-]option ...", parse_index_options),
    Context.ANYWHERE,
    IndexOptions(),
    "How folders are listed: FoldersFirst (on unless turned off), IgnoreCase, IgnoreClient, ShowForbidden (what the "
    "client may not ask for, too), VersionSort, and Suppress... with ColumnSorting, Description, Icon, LastModified "
    "or Size. Other options of Apache have no effect.",
    together,
    inside,
    default_text="FoldersFirst",
)
INDEX_ORDER_DEFAULT: Directive[Order] = Directive(
    "IndexOrderDefault",
    many("ascending|descending name|date|size|description", _order, least=2, most=2),
    Context.ANYWHERE,
    Order(),
    "The order of a listing for clients that ask for no other.",
    default_text="Ascending Name",
)
INDEX_IGNORE: Directive[Ignored] = Directive(
    "IndexIgnore",
    many("pattern ...", lambda words, _place: Ignored(words)),
    Context.ANYWHERE,
    Ignored(),
    "Names that listings leave out, with wildcards, beside those that begin with a dot.",
    _add_ignored,
    _add_ignored,
    default_text="none",
)
INDEX_IGNORE_RESET: Directive[Ignored] = Directive(
    "IndexIgnoreReset",
    one("on|off", _reset),
    Context.ANYWHERE,
    Ignored(),
    "On: what was left out so far is listed, also hidden files; IndexIgnore lines behind it begin anew.",
    part_of=INDEX_IGNORE,
    default_text="off",
)
HEADER_NAME = Directive(
    "HeaderName",
    one("file|/path", _insert),
    Context.ANYWHERE,
    "",
    "The file above a listing: in the folder, or by its URL path. HTML is put in as it is, other text as text.",
)
README_NAME = Directive(
    "ReadmeName",
    one("file|/path", _insert),
    Context.ANYWHERE,
    "",
    "The file below a listing, as with HeaderName.",
)
ADD_DESCRIPTION: Directive[tuple[Description, ...]] = Directive(
    "AddDescription",
    many("text file ...", parse_description, least=2),
    Context.ANYWHERE,
    (),
    "What a listing says about files: those with this extension or part of a name, or that a pattern fits.",
    append,
    prepend,
)
INDEX_STYLE_SHEET = Directive(
    "IndexStyleSheet",
    one("URL", _style_sheet),
    Context.ANYWHERE,
    "",
    "A style sheet for listings, which comes after their own.",
)
INDEX_HEAD_INSERT = Directive(
    "IndexHeadInsert", text, Context.ANYWHERE, "", "HTML for the head of listings, such as a <meta> element."
)


def _without_effect(name: str, about: str) -> Directive[Mapping[str, str]]:
    return Directive(
        name,
        many(about, lambda _words, _place: {}),
        Context.ANYWHERE,
        {},
        "Known for the sake of configurations that have it; listings have icons of their own.",
    )


WITHOUT_EFFECT = (
    _without_effect("AddIcon", "icon name ..."),
    _without_effect("AddIconByType", "icon type ..."),
    _without_effect("AddIconByEncoding", "icon encoding ..."),
    _without_effect("AddAlt", "text file ..."),
    _without_effect("AddAltByType", "text type ..."),
    _without_effect("AddAltByEncoding", "text encoding ..."),
    _without_effect("DefaultIcon", "URL-path"),
)

DIRECTIVES: tuple[Directive[Any], ...] = (
    INDEX_OPTIONS,
    INDEX_ORDER_DEFAULT,
    INDEX_IGNORE,
    INDEX_IGNORE_RESET,
    HEADER_NAME,
    README_NAME,
    ADD_DESCRIPTION,
    INDEX_STYLE_SHEET,
    INDEX_HEAD_INSERT,
    *WITHOUT_EFFECT,
)
