"""Texts with references: $1, %1, %{NAME}, ${map:key|default}. A backslash makes the next character an ordinary one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.template import Group, joined
from prefork_ssl.config.template import Template as TemplateOf

_PART = re.compile(
    r"""
      \\(?P<escaped>.)
    | \$(?P<rule>[0-9])
    | %(?P<condition>[0-9])
    | %\{(?P<variable>[^{}]*)\}
    | (?P<map>\$\{)
    | (?P<plain>[^\\$%]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_MAP = re.compile(r"(?P<name>[^:{}$%|]+):")


@dataclass(frozen=True, slots=True)
class ConditionGroup:
    """%1: what a group of the last condition's pattern has found."""

    number: int


@dataclass(frozen=True, slots=True)
class Variable:
    """%{NAME}"""

    name: str


@dataclass(frozen=True, slots=True)
class MapEntry:
    """${map:key|default}"""

    map: str
    key: Template
    default: Template


# A Group, $1, is one of the rule's pattern.
Reference = Group | ConditionGroup | Variable | MapEntry
Template = TemplateOf[Reference]


def references(template: Template) -> Iterator[Reference]:
    """All that is no text, at any depth."""
    for part in template.parts:
        if not isinstance(part, str):
            yield part
        if isinstance(part, MapEntry):
            yield from references(part.key)
            yield from references(part.default)


def split(template: Template, mark: str, *, last: bool = False) -> tuple[Template, Template | None]:
    """What stands before and behind the first (or last) `mark` in a text; None if there is none."""
    parts = template.parts
    for place in range(len(parts) - 1, -1, -1) if last else range(len(parts)):
        part = parts[place]
        if isinstance(part, str) and mark in part:
            before, _, behind = part.rpartition(mark) if last else part.partition(mark)
            return joined((*parts[:place], before)), joined((behind, *parts[place + 1 :]))
    return template, None


def parse_template(text: str) -> Template:
    """Raises BadArgument."""
    parts: list[str | Reference] = []
    place = 0
    while place < len(text):
        found = _PART.match(text, place)
        assert found is not None  # noqa: S101 - the pattern takes any character
        place = found.end()
        if found["map"]:
            end = _closing(text, place)
            parts.append(_map_entry(text[place:end]))
            place = end + 1
        else:
            parts.append(_simple(found, text))
    return joined(parts)


def _simple(found: re.Match[str], text: str) -> str | Reference:
    if found["rule"]:
        return Group(int(found["rule"]))
    if found["condition"]:
        return ConditionGroup(int(found["condition"]))
    if found["variable"] is not None:
        return Variable(found["variable"])
    if found["plain"] == "%" and text[found.end() : found.end() + 1] == "{":
        raise BadArgument(f"no '}}' closes {text[found.start() :]!r}")
    return found["escaped"] or found["plain"]


def _closing(text: str, place: int) -> int:
    """Where the brace is that closes what has been opened before `place`."""
    depth = 1
    for index in range(place, len(text)):
        depth += (text[index] == "{") - (text[index] == "}")
        if not depth:
            return index
    raise BadArgument(f"no '}}' closes {text[place - 2 :]!r}")


def _map_entry(text: str) -> MapEntry:
    found = _MAP.match(text)
    if found is None:
        raise BadArgument(f"${{{text}}} must be ${{map:key}} or ${{map:key|default}}")
    rest = text[found.end() :]
    bar = next((place for place, letter in enumerate(rest) if letter == "|" and _outside(rest, place)), None)
    key, default = (rest, "") if bar is None else (rest[:bar], rest[bar + 1 :])
    return MapEntry(found["name"], parse_template(key), parse_template(default))


def _outside(text: str, place: int) -> bool:
    return text.count("{", 0, place) == text.count("}", 0, place)
