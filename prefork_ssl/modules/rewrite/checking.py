"""What can be wrong with rules beyond one line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import Origin, Problem
from prefork_ssl.config.tree import Configuration, DirectorySection, Host, SectionKind
from prefork_ssl.kernel.hooks import Report
from prefork_ssl.modules.rewrite.binding import lookups, problems_of
from prefork_ssl.modules.rewrite.directives import REWRITE, REWRITE_MAP, scope_of
from prefork_ssl.modules.rewrite.expansion import Names
from prefork_ssl.modules.rewrite.rule_line import RuleLine
from prefork_ssl.modules.rewrite.scope import Line, Scope

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module

_WILDCARDS = re.compile(r"[*?\[\]^$|()\\+]")


def check(configuration: Configuration, modules: Sequence[Module], report: Report) -> None:
    """The check hook: names that nobody knows, rules where they cannot work, P without a proxy."""
    told: set[Problem] = set()
    for problem in _problems(configuration, modules):
        if problem not in told:
            told.add(problem)
            report(problem)


def _problems(configuration: Configuration, modules: Sequence[Module]) -> Iterator[Problem]:
    has_proxy = any(module.name == "proxy" for module in modules)
    seen: set[Origin | None] = set()  # what a virtual host has of the main server is right if that is
    for host in configuration.all_hosts:
        names = Names(modules, lookups(host.settings[REWRITE_MAP], None))
        for scope in _scopes(host):
            if scope.origin not in seen:
                seen.add(scope.origin)
                yield from problems_of(scope.lines, names)
                yield from () if has_proxy else _proxied(scope.lines)
        yield from _misplaced(host)


def _scopes(host: Host) -> Iterator[Scope]:
    yield scope_of(host.settings)
    for section in _sections(host.sections):
        yield scope_of(section.settings)


def _sections(sections: Iterable[DirectorySection]) -> Iterator[DirectorySection]:
    for section in sections:
        yield section
        yield from _sections(section.files)


def _proxied(lines: Iterable[Line]) -> Iterator[Problem]:
    for line in lines:
        if isinstance(line, RuleLine) and line.flags.proxy:
            yield Problem(
                "RewriteRule: flag P needs proxy_module, which is not loaded",
                line.origin,
                "add the line: LoadModule proxy_module",
            )


def _misplaced(host: Host) -> Iterator[Problem]:
    for section in _sections(host.sections):
        if REWRITE in section.settings and scope_of(section.settings).lines and not has_prefix(section):
            yield Problem(
                "RewriteRule: in this section there is nothing that paths could be relative to",
                scope_of(section.settings).lines[0].origin,
                "write it in a <Directory>, a <Location> with a plain path, or outside",
            )


def has_prefix(section: DirectorySection) -> bool:
    """Whether what a section is for has a beginning that is a directory or a URL path."""
    if section.kind is SectionKind.LOCATION:
        return section.name.startswith("/") and not _WILDCARDS.search(section.name)
    return section.kind is SectionKind.DIRECTORY
