"""What an application changes in the interpreter by being imported, so that the master can leave it to the workers.

The master lives through many generations, each with applications of its own. It imports them, notes what they have made
of the interpreter, and puts everything back; a worker takes over what its generation's applications know.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib.machinery import ExtensionFileLoader
from types import ModuleType


class World:
    """Modules, module path, environment variables and loggers, as they are now."""

    def __init__(self) -> None:
        self._modules = dict(sys.modules)
        self._path = list(sys.path)
        self._environ = dict(os.environ)
        self._loggers = dict(logging.Logger.manager.loggerDict)
        self._handlers = list(logging.root.handlers)
        self._level = logging.root.level

    def enter(self) -> None:
        """Make the interpreter what it was. Modules that can be had only once stay: compiled ones, which may refuse to
        be loaded again, and the standard library, which is everybody's."""
        for name, module in list(sys.modules.items()):
            if name not in self._modules and not is_unique(name, module):
                del sys.modules[name]
        sys.modules.update(self._modules)
        sys.path[:] = self._path
        os.environ.clear()
        os.environ.update(self._environ)
        logging.Logger.manager.loggerDict.clear()
        logging.Logger.manager.loggerDict.update(self._loggers)
        logging.root.handlers[:] = self._handlers
        logging.root.setLevel(self._level)


def is_unique(name: str, module: ModuleType) -> bool:
    """Whether the interpreter must have it once only: a compiled module, or one of the standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names or isinstance(
        getattr(getattr(module, "__spec__", None), "loader", None), ExtensionFileLoader
    )
