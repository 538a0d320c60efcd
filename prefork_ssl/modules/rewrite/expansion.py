"""Templates as functions of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Match
from prefork_ssl.modules.rewrite.flags import Escaping
from prefork_ssl.modules.rewrite.rule_line import Substitution
from prefork_ssl.modules.rewrite.state import State
from prefork_ssl.modules.rewrite.template import (
    ConditionGroup,
    MapEntry,
    Part,
    RuleGroup,
    Template,
    Variable,
)
from prefork_ssl.modules.rewrite.variables import Expand, variable

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module

Encode = Callable[[str], str]

# A question mark that is part of a path. No request has this character in its path.
_MASK = "\0"
# RFC 3986 section 3.4, and "%" of what is encoded already.
_QUERY_CHARACTERS = "/?:@!$&'()*+,;=-._~%"


@dataclass(frozen=True, slots=True)
class Names:
    """What references can refer to: variables of these modules, and maps. A map is a function of the key; None: there
    is nothing under the key."""

    modules: Sequence[Module]
    maps: Mapping[str, Callable[[str], str | None]]


def bind(template: Template, names: Names, encode: Encode | None = None) -> Expand:
    """The function that gives the text, what groups have found encoded by `encode`. Raises BadArgument for names that
    nobody knows."""
    return _concatenated([_bound(part, names, encode) for part in template.parts])


def bind_substitution(
    substitution: Substitution, names: Names, escaping: Escaping | None, *, marks: bool
) -> Callable[[State], tuple[str, str | None]]:
    """The function that gives the new path (or URL), and the query if there is to be another.

    A question mark that a client has encoded (%3F) is part of a path, and begins no query; with `marks` it does. One
    that a map has always does.
    """
    encode = encoder(escaping) if escaping else None
    pieces = [_piece(part, names, encode, marks) for part in substitution.path.parts]
    path = _concatenated(pieces)
    query = bind(substitution.query, names, encode) if substitution.query is not None else None
    if not marks and not any(isinstance(part, MapEntry) for part in substitution.path.parts):
        return lambda state: (path(state).replace(_MASK, "?"), _quoted(query(state)) if query else None)

    def substitute(state: State) -> tuple[str, str | None]:
        before, mark, behind = path(state).partition("?")
        more = query(state) if query else None
        texts = [text for text in (behind if mark else None, more) if text is not None]
        return before.replace(_MASK, "?"), _quoted("?".join(texts)) if texts else None

    return substitute


def _piece(part: Part, names: Names, encode: Encode | None, marks: bool) -> Expand:
    expand = _bound(part, names, encode)
    if marks or isinstance(part, str | MapEntry):
        return expand
    return lambda state: expand(state).replace("?", _MASK)


def _quoted(query: str) -> str:
    return quote(query.replace(_MASK, "?"), safe=_QUERY_CHARACTERS, errors="surrogateescape")


def _concatenated(pieces: Sequence[Expand]) -> Expand:
    if len(pieces) == 1:
        return pieces[0]
    if len(pieces) == 2:
        first, second = pieces
        return lambda state: first(state) + second(state)
    return lambda state: "".join([piece(state) for piece in pieces])


def _bound(part: Part, names: Names, encode: Encode | None) -> Expand:
    match part:
        case str():
            return lambda _state: part
        case RuleGroup(number):
            return _encoded(lambda state: _group(state.rule, number), encode)
        case ConditionGroup(number):
            return _encoded(lambda state: _group(state.condition, number), encode)
        case Variable(name):
            return variable(name, names.modules)
        case MapEntry():
            return _looked_up(part, names, encode)


def _group(found: Match | None, number: int) -> str:
    if found is None:
        return ""
    try:
        return found[number] or ""
    except IndexError:
        return ""


def _encoded(expand: Expand, encode: Encode | None) -> Expand:
    return expand if encode is None else lambda state: encode(expand(state))


def _looked_up(entry: MapEntry, names: Names, encode: Encode | None) -> Expand:
    lookup = names.maps.get(entry.map)
    if lookup is None:
        known = ", ".join(names.maps)
        raise BadArgument(
            f"there is no RewriteMap {entry.map}", f"there are {known}" if known else "RewriteMap makes one"
        )
    key, default = bind(entry.key, names, encode), bind(entry.default, names, encode)

    def expand(state: State) -> str:
        value = lookup(key(state))
        return default(state) if value is None else value

    return expand


def encoder(escaping: Escaping) -> Encode:
    """What B does: everything but letters, digits and _ is encoded, or only some characters."""
    if escaping.only:
        chosen = frozenset(escaping.only)
        return lambda text: "".join(quote(each, safe="") if each in chosen else each for each in text)
    plus = escaping.plus

    def encode(text: str) -> str:
        encoded = "".join(each if each in escaping.but else _percent(each) for each in text)
        return encoded.replace("%20", "+") if plus and " " not in escaping.but else encoded

    return encode


def _percent(character: str) -> str:
    if character == "_" or (character.isascii() and character.isalnum()):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
