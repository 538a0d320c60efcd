"""The directives that may be used at one moment of the reading, and help with those that may not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from prefork_ssl.config.directives import Block, Directive
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.config.language import CONDITIONS, READING_DIRECTIVES
from prefork_ssl.config.sections import SECTIONS


class ModuleFinder(Protocol):
    """How the language learns about modules, of which it knows none by name."""

    def find(self, name: str, target: str | None = None) -> Sequence[Directive[Any]]:
        """The directives of a module, by its name or, for one that is not known by name, by the object
        "package.module:attribute". Raises BadArgument that lists the known names."""

    def needs(self, name: str) -> Sequence[str]:
        """The modules without which this one, which has been found, is nothing."""

    def is_dispensable(self, name: str) -> bool:
        """Whether the server does without the module: what is meant for it is passed over."""

    def remedy(self, name: str) -> str:
        """What to write in place of a directive or section of other servers; "" if that is not known."""

    def known_directives(self) -> Mapping[str, str]:
        """For each directive of each known module, loaded or not: its names -> the module's name."""


class Vocabulary:
    """Core directives, and those of the modules that have been loaded so far."""

    def __init__(self, core: Sequence[Directive[Any]], finder: ModuleFinder) -> None:
        self._directives = {directive.name.lower(): directive for directive in core}
        self._blocks = _blocks_of(core)
        self._finder = finder
        self.modules: dict[str, None] = {}
        self.absent: dict[str, Origin] = {}

    def load(self, name: str, target: str | None, origin: Origin) -> None:
        """Add a module's directives, and those of modules that it needs; loading it again changes nothing. `origin` is
        the line that asks for it. Raises BadArgument."""
        if name in self.modules:
            return
        if target is None and self._finder.is_dispensable(name):
            self.absent.setdefault(name, origin)
            return
        directives = self._finder.find(name, target)
        added = {directive.name.lower(): directive for directive in directives}
        for clash in added.keys() & self._directives.keys():
            raise BadArgument(f"{name} brings another {added[clash].name}, which exists already")
        self._directives.update(added)
        self._blocks.update(_blocks_of(directives))
        self.modules[name] = None
        for other in self._finder.needs(name):
            self.load(other, None, origin)

    def find(self, name: str) -> Directive[Any] | None:
        """The directive of this name, in any case."""
        return self._directives.get(name.lower())

    def block(self, name: str) -> tuple[Directive[Any], Block[Any]] | None:
        """The block of this name, in any case, and the directive that it is made of."""
        return self._blocks.get(name.lower())

    def has_section(self, name: str) -> bool:
        """Whether there is a section of this name, in lower case: of whatever kind."""
        return name in SECTIONS or name in CONDITIONS or name in self._blocks

    def module_of(self, name: str) -> str:
        """The module, not loaded, that would make a directive or section known; "" if there is none."""
        return self._elsewhere.get(name.lower(), ("", ""))[1]

    def spelt(self, name: str) -> str:
        """The name of a directive of a module that is not loaded, as it is declared."""
        return self._elsewhere[name.lower()][0]

    def explain(self, name: str) -> tuple[str, str]:
        """What is wrong with a name that no module knows, and what to do: a message and a hint."""
        kind = "section" if name.startswith("<") else "directive"
        remedy = self._finder.remedy(name)
        if remedy:
            return f"there is no {kind} {name} here", remedy
        near = difflib.get_close_matches(name.lower(), self._names, 1)
        if near:
            return f"unknown {kind} {name}: did you mean {self._names[near[0]]}?", ""
        return f"unknown {kind} {name}", "-L lists all"

    @cached_property
    def _elsewhere(self) -> dict[str, tuple[str, str]]:
        """Directives of all known modules. Those of loaded ones are found before anyone looks here."""
        return {name.lower(): (name, module) for name, module in self._finder.known_directives().items()}

    @cached_property
    def _names(self) -> dict[str, str]:
        """All names that one could have meant."""
        directives = (*self._directives.values(), *READING_DIRECTIVES)
        declared = [name for directive in directives for name in directive.names]
        sections = [form.name for form in SECTIONS.values()] + [form.name for form in CONDITIONS.values()]
        others = {
            key: f"{name} of {module}, which is not loaded" for key, (name, module) in self._elsewhere.items()
        }
        return others | {name.lower(): name for name in declared + sections}


def _blocks_of(directives: Iterable[Directive[Any]]) -> dict[str, tuple[Directive[Any], Block[Any]]]:
    return {block.name.lower(): (directive, block) for directive in directives for block in directive.blocks}
