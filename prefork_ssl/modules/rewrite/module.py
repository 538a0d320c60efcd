"""rewrite_module: only wiring, which hook calls which function."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Problem
from prefork_ssl.config.tree import Configuration, DirectorySection, Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Handler, Hooks, ResponsePhase, Translate
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.rewrite.answers import decorate
from prefork_ssl.modules.rewrite.binding import bind_rules, lookups
from prefork_ssl.modules.rewrite.checking import check, has_prefix
from prefork_ssl.modules.rewrite.directives import DIRECTIVES, REWRITE_MAP, scope_of
from prefork_ssl.modules.rewrite.directory import DirectoryRules
from prefork_ssl.modules.rewrite.engine import Engine
from prefork_ssl.modules.rewrite.expansion import Names
from prefork_ssl.modules.rewrite.guard import guarded
from prefork_ssl.modules.rewrite.map_sources import MapFile
from prefork_ssl.modules.rewrite.maps import TABLES, MapTables
from prefork_ssl.modules.rewrite.rule_line import RuleLine
from prefork_ssl.modules.rewrite.scope import (
    Force,
    force_of_directory,
    force_of_host,
    scopes_of_directory,
)
from prefork_ssl.modules.rewrite.server import ServerRules
from prefork_ssl.modules.rewrite.trace import Trace, trace_of

if TYPE_CHECKING:
    from prefork_ssl.kernel.process.worker import Worker


def _map_files(configuration: Configuration) -> Iterator[tuple[str, MapFile]]:
    for host in configuration.all_hosts:
        for name, source in host.settings[REWRITE_MAP].items():
            if isinstance(source, MapFile):
                yield name, source


def _prepare(generation: Generation) -> None:
    tables = MapTables()
    for name, source in _map_files(generation.configuration):
        try:
            tables.add(source)
        except OSError as error:
            message = f"RewriteMap {name}: {source.path} cannot be read: {error.strerror}"
            raise ConfigError([Problem(message, source.origin)]) from None
    generation.keep(TABLES, tables)


def _worker_start(worker: Worker) -> None:
    worker.generation[TABLES].follow(worker.generation.logs.server)


def _worker_stop(worker: Worker) -> None:
    worker.generation[TABLES].leave()


def _engine(generation: Generation, host: Host, force: Force, trace: Trace | None) -> Engine:
    maps = lookups(host.settings[REWRITE_MAP], generation[TABLES])
    return Engine(bind_rules(force.lines, Names(generation.modules, maps), trace), trace)


def _translate(generation: Generation, host: Host) -> Translate | None:
    force = force_of_host(host, generation.configuration.server, scope_of)
    if not force.engine or not force.lines:
        return None
    log = generation.logs.for_host(host)
    trace = trace_of(log, "")
    return guarded(ServerRules(host, _engine(generation, host, force, trace), trace), log)


def _fixup(generation: Generation, host: Host, settings: Settings) -> Handler | None:
    force = force_of_directory(settings, host, scope_of)
    section = _section(host, settings)
    if not force.engine or not force.lines or section is None:
        return None
    log = generation.logs.for_host(host)
    trace = trace_of(log, section.name)
    return guarded(DirectoryRules(host, section, force, _engine(generation, host, force, trace), trace), log)


def _section(host: Host, settings: Settings) -> DirectorySection | None:
    """The innermost section that says something of rewriting, if paths can be relative to it."""
    origin = next((scope.origin for scope in scopes_of_directory(settings, host, scope_of)), None)
    for section in host.sections:
        if origin is not None and scope_of(section.settings).origin == origin and has_prefix(section):
            return section
    return None


def _response(generation: Generation, host: Host, _settings: Settings) -> ResponsePhase | None:
    """Only hosts that have T or CO anywhere have anything to do for each response."""
    server = generation.configuration.server
    scopes = [scope_of(section.settings).lines for section in host.sections]
    lines = itertools.chain(force_of_host(host, server, scope_of).lines, *scopes)
    rules = (line for line in lines if isinstance(line, RuleLine))
    return decorate if any(rule.flags.type or rule.flags.cookies for rule in rules) else None


module = Module(
    name="rewrite",
    directives=DIRECTIVES,
    hooks=Hooks(
        check=check,
        prepare=_prepare,
        worker_start=_worker_start,
        worker_stop=_worker_stop,
        translate=_translate,
        fixup=_fixup,
        response=_response,
    ),
)
