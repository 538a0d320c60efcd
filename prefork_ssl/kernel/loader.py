"""Finds modules: by name among those installed (entry points of group prefork_ssl.modules), or by where they are."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from operator import attrgetter
from typing import Any

from prefork_ssl.config.directives import Directive
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.apache.modules import BUILT_IN, DISPENSABLE, MODULE_REMEDIES, NAMES_ONLY
from prefork_ssl.kernel.apache.remedies import REMEDIES
from prefork_ssl.kernel.module import Module

_GROUP = "prefork_ssl.modules"


class Loader:
    """The modules of one reading of the configuration. What Python has imported once it does not import again."""

    def __init__(self) -> None:
        self._installed = {point.name: point.value for point in entry_points(group=_GROUP)}
        self._modules: dict[str, Module] = {}

    @property
    def known_names(self) -> list[str]:
        """What LoadModule finds by name."""
        return sorted(self._installed)

    def module(self, name: str) -> Module:
        """A module that `find` was asked for before. Raises KeyError."""
        return self._modules[name]

    def find(self, name: str, target: str | None = None) -> Sequence[Directive[Any]]:
        """Import the module `name`, which is at `target` ("package.module:attribute") if it is not installed by name,
        and give its directives. Raises BadArgument."""
        if target is None:
            target = self._installed.get(name)
        if target is None and name in BUILT_IN | NAMES_ONLY:
            self._modules[name] = Module(name=name.removesuffix("_module"))
            return ()
        if target is None:
            raise BadArgument(f"there is no module {name}", self._advice(name))
        self._modules[name] = module = _import(name, target)
        return module.directives

    def needs(self, name: str) -> Sequence[str]:
        """The modules that a module, which `find` was asked for before, is loaded with."""
        return self._modules[name].needs

    def is_dispensable(self, name: str) -> bool:
        """Whether the server does without this module of Apache."""
        return name in DISPENSABLE and name not in self._installed

    def remedy(self, name: str) -> str:
        """What to write in place of a directive or section of Apache's; "" if that is not known."""
        everywhere = [REMEDIES, *(module.remedies for module in self.installed().values())]
        return next((table[name.lower()] for table in everywhere if name.lower() in table), "")

    def known_directives(self) -> Mapping[str, str]:
        """For each directive of each installed module: its names -> the module's name."""
        return {
            known: name
            for name, module in self.installed().items()
            for directive in module.directives
            for known in directive.names
        }

    def installed(self) -> Mapping[str, Module]:
        """All installed modules that can be imported, by name."""
        modules = {}
        for name, target in self._installed.items():
            try:
                modules[name] = _import(name, target)
            except BadArgument:
                continue  # nobody has asked for it; LoadModule tells what is wrong with it
        return modules

    def _advice(self, name: str) -> str:
        if name in MODULE_REMEDIES:
            return MODULE_REMEDIES[name]
        near = difflib.get_close_matches(name, self._installed, 1)
        return f"did you mean {near[0]}?" if near else f"there are {', '.join(self.known_names)}"


def _import(name: str, target: str) -> Module:
    path, _, attribute = target.partition(":")
    try:
        module = attrgetter(attribute)(import_module(path))
    except Exception as error:
        raise BadArgument(f"module {name} cannot be imported from {target}: {error}") from error
    if not isinstance(module, Module):
        raise BadArgument(f"{target} is not a module of prefork_ssl, but a {type(module).__name__}")
    return module
