"""What `prefork-ssl -t` finds in a configuration: its mistakes, and what the modules say of keys and certificates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.errors import ConfigError, Problem
from prefork_ssl.kernel.directives import CORE_DIRECTIVES
from prefork_ssl.kernel.generation import check_configuration, load_order
from prefork_ssl.kernel.loader import Loader
from prefork_ssl.kernel.process.privileges import worker_identity

# What a module says begins with how grave it is, or is a warning, and with the place, if it is about one.
_SEVERITY = re.compile(r"(error|warning|info): ")
_PLACE = re.compile(r"(\S.*?:\d+): ")


@dataclass(frozen=True)
class Finding:
    """One thing found: `severity` is error (the server would not start), warning or info; `place` may be empty."""

    severity: str
    place: str
    message: str


def check(file: Path, server_root: Path, defines: Mapping[str, str]) -> list[Finding]:
    """Read a configuration and let its modules open what the server would use.

    Args:
        file: the configuration; like `server_root` an absolute path.
        server_root: where relative paths begin until a ServerRoot line says otherwise.
        defines: names for <IfDefine> and ${NAME}, with their values.
    """
    try:
        return [_said(line) for line in _examine(file, server_root, defines)]
    except ConfigError as error:
        return [_error(problem) for problem in error.problems]


def _examine(file: Path, server_root: Path, defines: Mapping[str, str]) -> list[str]:
    loader = Loader()
    configuration = read_configuration(
        file, server_root=server_root, core=CORE_DIRECTIVES, modules=loader, defines=defines
    )
    modules = load_order(configuration, loader)
    check_configuration(configuration, modules)
    worker_identity(configuration.server.settings)
    examiners = [module.hooks.examine for module in modules if module.hooks.examine is not None]
    return [line for examine in examiners for line in examine(configuration)]


def _said(line: str) -> Finding:
    severity, rest = _split_off(_SEVERITY, line, "warning")
    place, message = _split_off(_PLACE, rest, "")
    return Finding(severity, place, message)


def _split_off(beginning: re.Pattern[str], text: str, otherwise: str) -> tuple[str, str]:
    """What the text begins with, and the rest; `otherwise` if it does not begin so."""
    found = beginning.match(text)
    return (found[1], text[found.end() :]) if found else (otherwise, text)


def _error(problem: Problem) -> Finding:
    place = str(problem.origin) if problem.origin else ""
    return Finding("error", place, str(problem).removeprefix(f"{place}: "))
