"""What the program tells of itself: -v, -V, -L, -l."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import version

from prefork_ssl.cli.flags import CONFIGURATION_FILE, SERVER_ROOT
from prefork_ssl.config.listing import list_directives
from prefork_ssl.kernel.directives import CORE_DIRECTIVES, ERROR_LOG, PID_FILE
from prefork_ssl.kernel.loader import Loader

_LIBRARIES = ("gevent", "greenlet", "httptools", "setproctitle")


def short_version() -> Iterator[str]:
    """-v: this program, Python, and what the modules bring (OpenSSL)."""
    yield f"Server version: prefork_ssl/{version('prefork_ssl')}"
    yield f"Server runs on: Python/{platform.python_version()} {' '.join(_tokens())}".rstrip()


def long_version() -> Iterator[str]:
    """-V: all versions, and the settings that hold without a configuration."""
    yield from short_version()
    yield f"Libraries:      {' '.join(f'{name}/{version(name)}' for name in _LIBRARIES)}"
    yield f"Architecture:   {platform.machine()}, {platform.system()} {platform.release()}"
    yield "Server MPM:     prefork, each process with an event loop (threaded: no, forked: yes)"
    yield "Defaults:"
    yield f' -d "{SERVER_ROOT}"'
    yield f' -f "{CONFIGURATION_FILE}"'
    yield f' PidFile "{PID_FILE.default}"'
    yield f' ErrorLog "{ERROR_LOG.default}"'


def directives() -> Iterator[str]:
    """-L: the directives of the core and of all installed modules."""
    installed = {name: module.directives for name, module in Loader().installed().items()}
    yield list_directives({"core": CORE_DIRECTIVES, **installed})


def built_in() -> Iterator[str]:
    """-l: what needs no LoadModule."""
    yield "Compiled in modules:"
    yield "  core"


def _tokens() -> list[str]:
    return list(dict.fromkeys(token for module in Loader().installed().values() for token in module.tokens))
