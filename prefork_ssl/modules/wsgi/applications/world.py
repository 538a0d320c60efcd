"""What applications make of the interpreter by being imported, so that the master can leave it to the workers.

The master lives through many generations, each with applications of its own. It imports them, notes what they have
changed, and puts everything back; a worker takes over what its generation's applications have made.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib.machinery import ExtensionFileLoader
from types import ModuleType


class _State:
    """Modules, the module path, environment variables and loggers, as they are when this is made."""

    def __init__(self) -> None:
        self.modules = dict(sys.modules)
        self._path = list(sys.path)
        self._environ = dict(os.environ)
        self._loggers = dict(logging.Logger.manager.loggerDict)
        self._handlers = list(logging.root.handlers)
        self._level = logging.root.level

    def restore(self) -> None:
        """Make all of it what it was, but for the modules."""
        sys.path[:] = self._path
        os.environ.clear()
        os.environ.update(self._environ)
        logging.Logger.manager.loggerDict.clear()
        logging.Logger.manager.loggerDict.update(self._loggers)
        logging.root.handlers[:] = self._handlers
        logging.root.setLevel(self._level)


class World:
    """A world of its own from when this is made until `leave`; who wants to be in it again can `enter`."""

    def __init__(self) -> None:
        self._outside = self._inside = _State()
        self._modules: dict[str, ModuleType] = {}

    def leave(self) -> None:
        """Make the interpreter what it was before."""
        self._inside = _State()
        self._modules = {
            name: module
            for name, module in self._inside.modules.items()
            if name not in self._outside.modules and not is_unique(name, module)
        }
        for name in self._modules:
            del sys.modules[name]
        self._outside.restore()

    def enter(self) -> None:
        """Make it what it was when it was left."""
        sys.modules.update(self._modules)
        self._inside.restore()


def is_unique(name: str, module: ModuleType) -> bool:
    """Whether there must be no second one: the standard library and this server's modules are everybody's, and compiled
    modules may refuse to be loaded again."""
    package = name.partition(".")[0]
    spec = getattr(module, "__spec__", None)
    return (
        package in sys.stdlib_module_names
        or package == "prefork_ssl"
        or isinstance(getattr(spec, "loader", None), ExtensionFileLoader)
    )
