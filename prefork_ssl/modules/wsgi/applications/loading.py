"""Importing applications into this process, and telling what went wrong."""

from __future__ import annotations

import importlib
import os
import site
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import StackSummary, TracebackException, extract_tb
from wsgiref.types import WSGIApplication

from prefork_ssl.config.errors import Problem
from prefork_ssl.config.tree import Configuration
from prefork_ssl.modules.wsgi.applications.source import NotAnApplication, Source
from prefork_ssl.modules.wsgi.directives import WSGI_APPLICATION, WSGI_PYTHON_PATH
from prefork_ssl.modules.wsgi.mounts import Mount, distinct_sources

# Frames that say nothing about the application.
_MACHINERY = (str(Path(__file__).parent), "<frozen importlib", str(importlib.__file__))


@dataclass(frozen=True, slots=True)
class Failure:
    """An application that could not be imported, and why."""

    mount: Mount
    error: BaseException

    @property
    def problem(self) -> Problem:
        """In one line, with a remedy where there is a common one."""
        cause = str(self.error) if isinstance(self.error, NotAnApplication) else _summary(self.error)
        return Problem(
            f"the application of {self.mount}, {self.mount.source}, cannot be imported: {cause}",
            self.mount.origin,
            _remedy(self.error),
        )

    @property
    def traceback(self) -> list[str]:
        """All lines of it, from the application's own code on."""
        told = TracebackException.from_exception(self.error)
        told.stack = StackSummary.from_list(
            [frame for frame in told.stack if not _is_machinery(frame.filename)]
        )
        return "".join(told.format()).splitlines()


class Applications:
    """The applications of one configuration; `callables` are those that this process has imported."""

    def __init__(self, configuration: Configuration) -> None:
        mounts = [
            mount for host in configuration.all_hosts for mount in host.settings[WSGI_APPLICATION].values()
        ]
        self.mounts: Mapping[Source, Mount] = distinct_sources(mounts)
        self.callables: dict[Source, WSGIApplication] = {}
        self._path = configuration.server.settings[WSGI_PYTHON_PATH]

    def load(self) -> list[Failure]:
        """Import all. What could not be imported is returned."""
        look_in_first(self._path)
        failures = []
        for source, mount in self.mounts.items():
            try:
                self.callables[source] = source.load()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the code is not ours
                failures.append(Failure(mount, error))
        return failures


def unreadable_library() -> Problem | None:
    """What keeps this process from importing anything: a Python in somebody's home, which workers may not enter."""
    if os.access(os.__file__, os.R_OK):
        return None
    return Problem(
        f"no application can be imported: Python's library, {Path(os.__file__).parent}, cannot be read by user "
        f"id {os.geteuid()}, which workers have",
        hint="choose another User, or install Python where all can read it",
    )


def look_in_first(folders: Sequence[Path]) -> None:
    """Put folders, and what their .pth files name, at the beginning of sys.path."""
    before = list(sys.path)
    for folder in folders:
        site.addsitedir(str(folder))
    added = [str(folder) for folder in folders] + [entry for entry in sys.path if entry not in before]
    sys.path[:] = dict.fromkeys(added + before)


def _summary(error: BaseException) -> str:
    """The last line of the traceback, and where it happened."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = [frame for frame in extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    return f"{text} ({frames[-1].filename}:{frames[-1].lineno})" if frames else text


def _remedy(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "WSGIPythonPath names the folders in which modules are looked for"
    if isinstance(error, PermissionError):
        return "the user that workers run as must be able to read it"
    return ""


def _is_machinery(filename: str) -> bool:
    return filename.startswith(_MACHINERY)
