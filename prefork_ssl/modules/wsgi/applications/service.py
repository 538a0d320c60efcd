"""The applications of a generation: imported in time, and told when it ends."""

from __future__ import annotations

import atexit
import gc
import io
import sys
from collections.abc import Sequence

from prefork_ssl.config.errors import ConfigError
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.modules.wsgi.applications.loading import Applications, Failure, unreadable_library
from prefork_ssl.modules.wsgi.applications.news import News
from prefork_ssl.modules.wsgi.applications.patching import patch, wants_patches
from prefork_ssl.modules.wsgi.applications.preloading import preload
from prefork_ssl.modules.wsgi.applications.world import World
from prefork_ssl.modules.wsgi.directives import WSGI_PRELOAD


class Service:
    """`applications` are imported by `begin`, in a worker, unless they were before, in the master."""

    def __init__(self, generation: Generation) -> None:
        """In the master. Raises ConfigError if applications are to be imported here and cannot be."""
        self.applications = Applications(generation.configuration)
        self._patched = wants_patches(generation.configuration)
        self._world: World | None = None
        self._news = News()
        _show_lines_at_once()
        if generation.configuration.server.settings[WSGI_PRELOAD] and self.applications.mounts:
            self._world, failures = preload(self.applications)
            self._refuse(failures, generation.logs.server)

    def begin(self, log: ErrorLog) -> None:
        """In a worker, before it serves. Raises ConfigError if an application cannot be imported."""
        if not self.applications.mounts:
            return
        if self._world is not None:
            self._world.enter()
            return
        if (problem := unreadable_library()) is not None:
            raise ConfigError([problem])
        atexit._clear()  # what the master would do at its end
        if self._patched:
            patch()
        self._refuse(self.applications.load(), log)
        # They stay as long as the worker: there is nothing for the collector to look for among them.
        gc.collect()
        gc.freeze()

    def end(self) -> None:
        """In a worker, after it has served: what the applications that it has imported wanted to be done at the end."""
        if self.applications.mounts and self._world is None:
            atexit._run_exitfuncs()

    def _refuse(self, failures: Sequence[Failure], log: ErrorLog) -> None:
        if not failures:
            return
        if self._news.is_mine():
            for failure in failures:
                log.write(Level.ERROR, str(failure.problem), module="wsgi", detail=failure.traceback)
        raise ConfigError(failure.problem for failure in failures)


def _show_lines_at_once() -> None:
    """What applications print is in the log, or in the container's, when it happens, and not lost at a worker's end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
