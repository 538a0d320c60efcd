"""A generation: a configuration made ready to serve, and everything that modules prepared for it.

The master builds one, forks workers from it, and lets go of it when the last of them has ended.
"""

from __future__ import annotations

import graphlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from prefork_ssl.config.errors import ConfigError, Problem
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.apache.remarks import remarks
from prefork_ssl.kernel.dispatch.hosts import HostTable, check_hosts
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.log.logs import Logs
from prefork_ssl.kernel.module import Module

T = TypeVar("T")


class Key(Generic[T]):
    """A typed key under which a module keeps what it prepared: CONTEXTS = Key[ContextTable]("ssl contexts")."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Key({self.name!r})"


@dataclass(eq=False)
class Generation:
    """`number` counts from 1; `modules` are in the order in which their hooks run; `previous` is the generation in
    service while this one is prepared (None at start, and afterwards)."""

    number: int
    configuration: Configuration
    modules: tuple[Module, ...]
    logs: Logs
    hosts: HostTable
    previous: Generation | None = None
    _kept: dict[Key[Any], Any] = field(default_factory=dict)

    def keep(self, key: Key[T], value: T) -> None:
        """Keep what a module prepared under its key."""
        self._kept[key] = value

    def __getitem__(self, key: Key[T]) -> T:
        return self._kept[key]  # type: ignore[no-any-return]

    def get(self, key: Key[T]) -> T | None:
        """What is kept under the key, or None."""
        return self._kept.get(key)


class ModuleSource(Protocol):
    """Where loaded modules are found by the name that LoadModule gave."""

    def module(self, name: str) -> Module: ...


def load_order(configuration: Configuration, source: ModuleSource) -> tuple[Module, ...]:
    """The configuration's modules in the order in which their hooks run: each behind those named in its `after`, and
    otherwise as LoadModule has them. Raises ConfigError if that is a circle."""
    modules = {name: source.module(name) for name in configuration.modules}
    sorter = graphlib.TopologicalSorter(
        {name: [other for other in module.after if other in modules] for name, module in modules.items()}
    )
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ConfigError([Problem(f"these modules each want to run after the next: {circle}")]) from None
    return tuple(modules[name] for name in _in_order(sorter, list(modules)))


def _in_order(sorter: graphlib.TopologicalSorter[str], wanted: list[str]) -> list[str]:
    ordered: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready.extend(sorter.get_ready())
        name = min(ready, key=wanted.index)
        ready.remove(name)
        sorter.done(name)
        ordered.append(name)
    return ordered


def check_configuration(configuration: Configuration, modules: Sequence[Module]) -> None:
    """Look for contradictions without opening a key, a log or a socket. Raises ConfigError with everything found."""
    problems: list[Problem] = []
    check_hosts(configuration, problems.append)
    for module in modules:
        if module.hooks.check is not None:
            module.hooks.check(configuration, modules, problems.append)
    if problems:
        raise ConfigError(problems)


def build(
    configuration: Configuration, source: ModuleSource, number: int, previous: Generation | None = None
) -> Generation:
    """Make a configuration ready to serve: order and check, open the logs, let the modules prepare.

    Raises ConfigError, and has then left everything that `previous` uses as it was.
    """
    modules = load_order(configuration, source)
    check_configuration(configuration, modules)
    generation = Generation(
        number, configuration, modules, Logs(configuration), HostTable(configuration), previous
    )
    try:
        _prepare(generation)
    except BaseException:
        generation.logs.close()
        raise
    generation.previous = None
    return generation


def _prepare(generation: Generation) -> None:
    for remark in remarks(generation.configuration):
        generation.logs.server.write(Level.WARN, remark)
    for module in generation.modules:
        if module.hooks.prepare is not None:
            module.hooks.prepare(generation)
