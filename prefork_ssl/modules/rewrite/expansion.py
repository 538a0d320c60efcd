"""Templates as functions of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Match
from prefork_ssl.config.template import Group
from prefork_ssl.modules.rewrite.flags import Escaping
from prefork_ssl.modules.rewrite.rule_line import Substitution
from prefork_ssl.modules.rewrite.state import State
from prefork_ssl.modules.rewrite.template import ConditionGroup, MapEntry, Reference, Template, Variable
from prefork_ssl.modules.rewrite.variables import Expand, variable

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module

Encode = Callable[[str], str]

# A question mark that is part of a path. No request has this character in its path.
_MASK = "\0"
# RFC 3986 section 3.4, and "%" of what is encoded already.
_QUERY_CHARACTERS = "/?:@!$&'()*+,;=-._~%"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A map: `find` gives what is under a key, None if there is nothing. `trusted`: that is the administrator's own
    text, and not made of the key."""

    find: Callable[[str], str | None]
    trusted: bool


@dataclass(frozen=True, slots=True)
class Names:
    """What references can refer to: variables of these modules, and maps by name."""

    modules: Sequence[Module]
    maps: Mapping[str, Lookup]


@dataclass(frozen=True, slots=True)
class _Treatment:
    """What happens to texts that clients have a hand in: `of_rule` to what the rule's groups have found, `of_condition`
    to what a condition's have, `of_all` to these and to variables."""

    of_rule: Encode | None = None
    of_condition: Encode | None = None
    of_all: Encode | None = None


def bind(template: Template, names: Names) -> Expand:
    """The function that gives the text. Raises BadArgument for names that nobody knows."""
    return _template(template, names, _Treatment())


def bind_substitution(
    substitution: Substitution, names: Names, escaping: Escaping | None, *, marks: bool
) -> Callable[[State], tuple[str, str | None]]:
    """The function that gives the new path (or URL), and the query if there is to be another. Raises BadArgument.

    A question mark that a client has encoded (%3F) is part of a path, and begins no query; with `marks` it does. One
    that a map of the administrator's has always does.
    """
    encode = encoder(escaping) if escaping else None
    path = _template(substitution.path, names, _Treatment(encode, encode, None if marks else _masked))
    query = None
    if substitution.query is not None:
        query = _template(substitution.query, names, _Treatment(encode or _percent_encoded, encode))
    if not marks and not any(isinstance(part, MapEntry) for part in substitution.path.parts):
        return lambda state: (_unmasked(path(state)), _quoted(query(state)) if query else None)

    def substitute(state: State) -> tuple[str, str | None]:
        before, mark, behind = path(state).partition("?")
        more = query(state) if query else None
        texts = [text for text in (behind if mark else None, more) if text is not None]
        return _unmasked(before), _quoted(_unmasked("?".join(texts))) if texts else None

    return substitute


def _masked(text: str) -> str:
    return text.replace("?", _MASK)


def _unmasked(text: str) -> str:
    return text.replace(_MASK, "?")


def _percent_encoded(text: str) -> str:
    """A path is decoded: in a query, its percent signs must not seem to encode anything."""
    return text.replace("%", "%25")


def _quoted(query: str) -> str:
    return quote(query, safe=_QUERY_CHARACTERS, errors="surrogateescape")


def _template(template: Template, names: Names, treatment: _Treatment) -> Expand:
    return template.bind(lambda reference: _meaning(reference, names, treatment))


def _meaning(reference: Reference, names: Names, treatment: _Treatment) -> Expand:
    match reference:
        case Group(number):
            return _then(lambda state: _group(state.rule, number), treatment.of_rule, treatment.of_all)
        case ConditionGroup(number):
            return _then(
                lambda state: _group(state.condition, number), treatment.of_condition, treatment.of_all
            )
        case Variable(name):
            return _then(variable(name, names.modules), treatment.of_all)
        case MapEntry():
            return _looked_up(reference, names, treatment)


def _group(found: Match | None, number: int) -> str:
    if found is None:
        return ""
    try:
        return found[number] or ""
    except IndexError:
        return ""


def _then(expand: Expand, *changes: Encode | None) -> Expand:
    """The text after these changes, those that there are."""
    for change in changes:
        if change is not None:
            expand = _changed(expand, change)
    return expand


def _changed(expand: Expand, change: Encode) -> Expand:
    return lambda state: change(expand(state))


def _looked_up(entry: MapEntry, names: Names, treatment: _Treatment) -> Expand:
    lookup = names.maps.get(entry.map)
    if lookup is None:
        known = ", ".join(names.maps)
        raise BadArgument(
            f"there is no RewriteMap {entry.map}", f"there are {known}" if known else "RewriteMap makes one"
        )
    key, default = bind(entry.key, names), _template(entry.default, names, treatment)
    found = _or_default(lookup.find, key, default)
    if lookup.trusted:
        return found
    return _then(found, treatment.of_all)


def _or_default(find: Callable[[str], str | None], key: Expand, default: Expand) -> Expand:
    def expand(state: State) -> str:
        value = find(key(state))
        return default(state) if value is None else value

    return expand


def encoder(escaping: Escaping) -> Encode:
    """What B does: everything but letters, digits and _ is encoded, or only some characters."""
    only, but = frozenset(escaping.only), frozenset(escaping.but)
    blank = "+" if escaping.plus else "%20"

    def encoded(character: str) -> str:
        if character in but or (only and character not in only):
            return character
        return blank if character == " " else _percent(character)

    return lambda text: "".join(map(encoded, text))


def _percent(character: str) -> str:
    if character == "_" or (character.isascii() and character.isalnum()):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
