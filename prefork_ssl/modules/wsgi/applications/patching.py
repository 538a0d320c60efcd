"""Making Python's waiting cooperative, so that an application which waits does not keep others from working.

gevent.monkey replaces what waits in socket, ssl, threading, time, select, subprocess and others. Whoever has taken a
name out of those modules before (from threading import Lock) keeps what blocks. So a worker patches first, and imports
applications and what they need afterwards. The server has imported a few libraries for itself by then: those that keep
such names are forgotten, and an application that wants one imports it anew. All the same, the server's own modules
leave ssl alone, whose classes are built on one another. The master is never patched: it is to have no event loop.
"""

from __future__ import annotations

import sys
import warnings
from types import FunctionType, ModuleType

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
    if monkey.is_module_patched("socket"):
        return
    with warnings.catch_warnings():
        # That there are libraries which keep what blocks: they are dealt with.
        warnings.simplefilter("ignore", monkey.MonkeyPatchWarning)
        monkey.patch_all()
    _forget_what_blocks()


def _forget_what_blocks() -> None:
    """Forget the packages that keep what was replaced, and those that use them; what there can be only once stays."""
    loaded = [
        (name, module, _package(module))
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType)
    ]
    unique = {package for name, module, package in loaded if is_unique(module.__name__, module)} | _OURS
    replaced = _replaced()
    blocking = {package for _, module, package in loaded if _keeps(module, replaced)} - unique
    used = [(package, _packages_used_by(module)) for _, module, package in loaded if package not in unique]
    while more := {package for package, others in used if others & blocking} - blocking:
        blocking |= more
    for name, _, package in loaded:
        if package in blocking:
            del sys.modules[name]


def _replaced() -> set[int]:
    """The ids of what gevent has put something else in the place of."""
    return {
        id(value)
        for module, names in monkey.saved.items()  # type: ignore[attr-defined]
        if not module.startswith("_gevent")
        for value in names.values()
        if value is not None and not isinstance(value, bool)
    }


def _keeps(module: ModuleType, replaced: set[int]) -> bool:
    """Whether one of its names is what was replaced elsewhere, or a class made of it."""
    for value in list(vars(module).values()):
        if id(value) in replaced or (
            isinstance(value, type) and any(id(base) in replaced for base in value.__mro__)
        ):
            return True
    return False


def _packages_used_by(module: ModuleType) -> set[str]:
    """Where its names come from, as far as they are modules, classes or functions."""
    values = list(vars(module).values())
    modules = {_package(value) for value in values if isinstance(value, ModuleType)}
    named = {str(value.__module__) for value in values if isinstance(value, type | FunctionType)}
    return modules | {name.partition(".")[0] for name in named}


def _package(module: ModuleType) -> str:
    """By its own name: some packages have others' modules under names of theirs."""
    return module.__name__.partition(".")[0]
