"""What is written in one scope (a server, a virtual host, a section), and what of the outer ones holds there.

The scopes of a host are the main server and the virtual host; those of a directory are the sections about it, from the
outermost on. Rules of hosts and of directories are never mixed.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Origin
from prefork_ssl.config.tree import Host
from prefork_ssl.modules.rewrite.condition_line import ConditionLine
from prefork_ssl.modules.rewrite.rule_line import RuleLine

Line = ConditionLine | RuleLine


class Option(enum.Enum):
    """RewriteOptions, by their names in lower case."""

    INHERIT = "inherit"
    INHERIT_BEFORE = "inheritbefore"
    INHERIT_DOWN = "inheritdown"
    INHERIT_DOWN_BEFORE = "inheritdownbefore"
    IGNORE_INHERIT = "ignoreinherit"
    ALLOW_NO_SLASH = "allownoslash"
    MERGE_BASE = "mergebase"


@dataclass(frozen=True, slots=True)
class Scope:
    """`engine`, `base` and `options` are None where the scope says nothing. `outer` is the scope around; `origin` the
    place of the first line, by which scopes are told apart."""

    engine: bool | None = None
    base: str | None = None
    options: frozenset[Option] | None = None
    lines: tuple[Line, ...] = ()
    origin: Origin | None = None
    outer: Scope | None = None

    def __str__(self) -> str:
        """As the list of directives shows a default."""
        return "none"

    def with_line(self, later: Scope) -> Scope:
        """One more line in the same scope."""
        options = self.options
        if later.options is not None:
            options = (options or frozenset()) | later.options
        return replace(
            self,
            engine=self.engine if later.engine is None else later.engine,
            base=self.base if later.base is None else later.base,
            options=options,
            lines=self.lines + later.lines,
        )

    def inside(self, outer: Scope) -> Scope:
        """The same in an outer scope."""
        return replace(self, outer=outer)


@dataclass(frozen=True, slots=True)
class Force:
    """What holds in a scope."""

    engine: bool = False
    base: str | None = None
    options: frozenset[Option] = frozenset()
    lines: tuple[Line, ...] = ()


ScopeOf = Callable[[Settings], Scope]


def force_of_host(host: Host, server: Host, scope_of: ScopeOf) -> Force:
    """What holds in the main server or in a virtual host."""
    main, own = scope_of(server.settings), scope_of(host.settings)
    force = _within(main, Force())
    if host is server:
        return force
    return _within(Scope() if own.origin == main.origin else own, force)


def force_of_directory(settings: Settings, host: Host, scope_of: ScopeOf) -> Force:
    """What the sections say that were merged over the host's settings."""
    force = Force()
    for scope in reversed(tuple(scopes_of_directory(settings, host, scope_of))):
        force = _within(scope, force)
    return force


def scopes_of_directory(settings: Settings, host: Host, scope_of: ScopeOf) -> Iterator[Scope]:
    """The sections' scopes, the innermost first."""
    outermost = scope_of(host.settings).origin
    scope: Scope | None = scope_of(settings)
    while scope is not None and scope.origin != outermost:
        yield scope
        scope = scope.outer


def _within(scope: Scope, outer: Force) -> Force:
    options = outer.options if scope.options is None else scope.options
    base = outer.base if scope.base is None and Option.MERGE_BASE in options else scope.base
    engine = outer.engine if scope.engine is None else scope.engine
    return Force(engine, base, options, _lines(scope, options, outer))


def _lines(scope: Scope, options: frozenset[Option], outer: Force) -> tuple[Line, ...]:
    down = frozenset() if Option.IGNORE_INHERIT in options else outer.options
    if Option.INHERIT in options or Option.INHERIT_DOWN in down:
        return scope.lines + outer.lines
    if Option.INHERIT_BEFORE in options or Option.INHERIT_DOWN_BEFORE in down:
        return outer.lines + scope.lines
    return scope.lines


@dataclass(frozen=True, slots=True)
class ConditionalRule:
    """A rule, and the conditions that stand before it."""

    conditions: tuple[ConditionLine, ...]
    rule: RuleLine


def grouped(lines: Iterable[Line]) -> Iterator[ConditionalRule]:
    """The rules, each with its conditions."""
    conditions: list[ConditionLine] = []
    for line in lines:
        if isinstance(line, ConditionLine):
            conditions.append(line)
        else:
            yield ConditionalRule(tuple(conditions), line)
            conditions = []
