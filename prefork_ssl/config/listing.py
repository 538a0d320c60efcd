"""The directives as text, for -L: everything that their declarations tell."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prefork_ssl.config.directives import Block, Context, Directive
from prefork_ssl.config.language import CONDITIONS, READING_DIRECTIVES
from prefork_ssl.config.sections import SECTIONS
from prefork_ssl.config.words import quote

_CONTEXTS = {
    Context.SERVER: "server config",
    Context.VIRTUAL_HOST: "virtual host",
    Context.DIRECTORY: "directory",
}


@dataclass(frozen=True, slots=True)
class _Entry:
    usage: str
    doc: str
    contexts: str
    default: str
    module: str

    def __str__(self) -> str:
        facts = f"Context: {self.contexts}. Default: {self.default}. Module: {self.module}."
        return f"{self.usage}\n    {self.doc}\n    {facts}\n"


def list_directives(modules: Mapping[str, Sequence[Directive[Any]]]) -> str:
    """All directives and sections by name: how each is written, what it does, where it may stand, its default.

    `modules` are the directives by the name of their module; those of the language itself are added.
    """
    entries = [_of_directive(item, module) for module, items in modules.items() for item in items]
    entries += [
        _of_block(block, item, module)
        for module, items in modules.items()
        for item in items
        for block in item.blocks
    ]
    entries += [_of_directive(item, "core") for item in READING_DIRECTIVES]
    entries += [_of_section(item.usage, item.doc, tuple(_CONTEXTS.values())) for item in CONDITIONS.values()]
    entries += [_of_section(item.usage, item.doc, item.inside) for item in SECTIONS.values()]
    return "\n".join(
        str(entry) for entry in sorted(entries, key=lambda entry: entry.usage.lstrip("<").lower())
    )


def _of_directive(directive: Directive[Any], module: str) -> _Entry:
    default = directive.default_text or _shown(directive.default) or "none"
    return _Entry(directive.usage, directive.doc, _contexts_of(directive), default, module)


def _of_block(block: Block[Any], directive: Directive[Any], module: str) -> _Entry:
    return _Entry(block.name, block.doc, _contexts_of(directive), "none", module)


def _contexts_of(directive: Directive[Any]) -> str:
    return ", ".join(text for context, text in _CONTEXTS.items() if context & directive.contexts)


def _of_section(usage: str, doc: str, places: Sequence[str]) -> _Entry:
    return _Entry(
        usage, doc, ", ".join(place or _CONTEXTS[Context.SERVER] for place in places), "none", "core"
    )


def _shown(value: Any) -> str:
    """A default value as it would be written in a configuration; "" for one that is nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case enum.Enum():
            return value.name.lower()
        case float():
            return f"{value:g}"
        case str():
            return quote(value) if value else ""
        case Mapping():
            return " ".join(f"{key}:{_shown(item)}" if key else _shown(item) for key, item in value.items())
        case tuple() | frozenset():
            return " ".join(map(_shown, value))
    return str(value)
