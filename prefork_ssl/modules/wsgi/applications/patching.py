"""Making Python's waiting cooperative, so that an application which waits does not keep others from working.

gevent.monkey replaces what waits in socket, ssl, threading, time, select, subprocess and others. Whoever has taken a
name out of those modules before (from threading import Lock) keeps what blocks. So a worker patches first, and imports
applications and what they need afterwards. The server has imported a few libraries for itself by then: those that keep
such names are forgotten, and an application that wants one imports it anew. ssl must not be among what the server
imports, since its classes are built on one another. The master is never patched: it is to have no event loop.
"""

from __future__ import annotations

import sys
from types import ModuleType

from gevent import monkey

from prefork_ssl.config.tree import Configuration
from prefork_ssl.modules.wsgi.applications.world import is_unique
from prefork_ssl.modules.wsgi.directives import WSGI_MONKEY_PATCH, WSGI_PRELOAD, WSGI_THREADS

_OURS = frozenset(("__main__", "gevent"))


def wants_patches(configuration: Configuration) -> bool:
    """Whether applications are to find a patched Python."""
    settings = configuration.server.settings
    chosen = settings[WSGI_MONKEY_PATCH]
    return not (settings[WSGI_PRELOAD] or settings[WSGI_THREADS]) if chosen is None else chosen


def patch() -> None:
    """Patch this process, once."""
    if not monkey.is_module_patched("socket"):
        monkey.patch_all()
        _forget_what_blocks()


def _forget_what_blocks() -> None:
    replaced = {
        id(value)
        for module, names in monkey.saved.items()  # type: ignore[attr-defined]
        if not module.startswith("_gevent")
        for value in names.values()
        if value is not None and not isinstance(value, bool)
    }
    loaded = list(sys.modules.items())
    unique = {_package(name) for name, module in loaded if is_unique(name, module)}
    blocking = {_package(name) for name, module in loaded if _keeps(module, replaced)} - unique - _OURS
    for name, _module in loaded:
        if _package(name) in blocking:
            del sys.modules[name]


def _package(name: str) -> str:
    return name.partition(".")[0]


def _keeps(module: ModuleType, replaced: set[int]) -> bool:
    """Whether one of its names is what was replaced elsewhere, or a class made of it."""
    for value in list(getattr(module, "__dict__", {}).values()):
        if id(value) in replaced or (
            isinstance(value, type) and any(id(base) in replaced for base in value.__mro__)
        ):
            return True
    return False
