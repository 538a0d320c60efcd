"""A generation: a configuration made ready to serve, and everything that modules prepared for it.

The master builds one, forks workers from it, and lets go of it when the last of them has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from prefork_ssl.config.tree import Configuration
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
    service while this one is prepared (None at start), and is let go of afterwards."""

    number: int
    configuration: Configuration
    modules: tuple[Module, ...]
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
