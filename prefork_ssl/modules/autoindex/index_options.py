"""IndexOptions: which of Apache's options mean something for this listing, and which only did for the old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument

_EFFECTIVE = {
    name.lower(): name
    for name in (
        "FoldersFirst",
        "IgnoreCase",
        "IgnoreClient",
        "ShowForbidden",
        "SuppressColumnSorting",
        "SuppressDescription",
        "SuppressIcon",
        "SuppressLastModified",
        "SuppressSize",
        "VersionSort",
    )
}
# About the listings of the nineties, or always so here.
_WITHOUT_EFFECT = frozenset(
    (
        "addaltclass",
        "charset",
        "descriptionwidth",
        "fancyindexing",
        "htmltable",
        "iconheight",
        "iconsarelinks",
        "iconwidth",
        "namewidth",
        "none",
        "scanhtmltitles",
        "suppresshtmlpreamble",
        "suppressrules",
        "trackmodified",
        "type",
        "useolddateformat",
        "xhtml",
    )
)
_USUAL = frozenset({"foldersfirst"})


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """What IndexOptions lines say together: options by name in lower case, on or off. Unless `absolute`, those of the
    scope outside hold where nothing is said."""

    absolute: bool = False
    switches: Mapping[str, bool] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether an option is on. Folders come first unless that is turned off."""
        return self.switches.get(name.lower(), name.lower() in _USUAL)


def parse_index_options(words: Words, _place: Place) -> IndexOptions:
    """The words of a line. One without + or - discards what was said before it (as in Apache). Raises BadArgument."""
    options = IndexOptions()
    for word in words:
        name, _, _value = word.lstrip("+-").lower().partition("=")
        if name not in _EFFECTIVE and name not in _WITHOUT_EFFECT:
            known = ", ".join(_EFFECTIVE.values())
            raise BadArgument(f"unknown option {word!r}", f"those that have an effect are {known}")
        signed = word[:1] in ("+", "-")
        kept = options.switches if signed or options.absolute else {}
        options = IndexOptions(options.absolute or not signed, {**kept, name: not word.startswith("-")})
    return options


def together(earlier: IndexOptions, later: IndexOptions) -> IndexOptions:
    """Of two lines in one scope, both hold."""
    return IndexOptions(earlier.absolute or later.absolute, {**earlier.switches, **later.switches})


def inside(outer: IndexOptions, inner: IndexOptions) -> IndexOptions:
    """Lines with + and - change what holds outside, lines without replace it."""
    return inner if inner.absolute else IndexOptions(outer.absolute, {**outer.switches, **inner.switches})
