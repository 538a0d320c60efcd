"""Reading the configuration that the command line names: wholly to serve, or just enough to find a running server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from prefork_ssl.cli.flags import Flags
from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.defines import Defines
from prefork_ssl.config.directives import Directive
from prefork_ssl.config.nodes import Line
from prefork_ssl.config.problems import Problems
from prefork_ssl.config.syntax import Reader
from prefork_ssl.config.tree import Configuration
from prefork_ssl.config.vocabulary import Vocabulary
from prefork_ssl.kernel.apache.remarks import remarks
from prefork_ssl.kernel.directives import CORE_DIRECTIVES, PID_FILE, UNCHECKED_DIRECTIVES
from prefork_ssl.kernel.generation import check_configuration, load_order
from prefork_ssl.kernel.loader import Loader
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.process.privileges import worker_identity


def read(flags: Flags) -> tuple[Configuration, Loader]:
    """The configuration, and where its modules are. Raises ConfigError."""
    loader = Loader()
    configuration = read_configuration(
        flags.file,
        server_root=flags.server_root,
        core=UNCHECKED_DIRECTIVES if flags.any_document_root else CORE_DIRECTIVES,
        modules=loader,
        defines=flags.defines,
        before=flags.before,
        after=flags.after,
    )
    return configuration, loader


def check(flags: Flags) -> tuple[Configuration, tuple[Module, ...]]:
    """The configuration and its modules, with everything checked that needs no key, log or socket.

    Raises ConfigError.
    """
    configuration, loader = read(flags)
    modules = load_order(configuration, loader)
    check_configuration(configuration, modules)
    worker_identity(configuration.server.settings)
    return configuration, modules


def examine(configuration: Configuration, modules: Sequence[Module]) -> Iterator[str]:
    """Lines that warn: of what has no effect, and what modules find when they open what the server would use. Raises
    ConfigError."""
    yield from remarks(configuration)
    for module in modules:
        if module.hooks.examine is not None:
            yield from module.hooks.examine(configuration)


def find_pid_file(flags: Flags) -> Path:
    """Where the pid file is, whatever else is wrong with the configuration."""
    vocabulary = Vocabulary((), _Nameless())
    reader = Reader(flags.server_root, Defines(flags.defines, os.environ), vocabulary, Problems())
    reader.read("-C (command line)", "\n".join(flags.before))
    # Without a file the default holds, as with one that has no PidFile line.
    with suppress(OSError):
        reader.read_file(flags.file)
    reader.read("-c (command line)", "\n".join(flags.after))
    lines = [node for node in reader.nodes if isinstance(node, Line) and _names_pid_file(node)]
    return lines[-1].place.path(lines[-1].words[0]) if lines else reader.server_root / PID_FILE.default


def _names_pid_file(line: Line) -> bool:
    return line.name.lower() == PID_FILE.name.lower() and bool(line.words)


class _Nameless:
    """Every module exists, and none has a directive: nothing is imported just to find a file."""

    def find(self, _name: str, _target: str | None = None) -> Sequence[Directive[Any]]:
        return ()

    def needs(self, _name: str) -> Sequence[str]:
        return ()

    def is_dispensable(self, _name: str) -> bool:
        return False

    def remedy(self, _name: str) -> str:
        return ""

    def known_directives(self) -> Mapping[str, str]:
        return {}
