"""Making Python's waiting cooperative, so that an application which waits does not keep others from working.

gevent.monkey replaces what waits in socket, ssl, threading, time, select, subprocess and others. Whoever has taken a
name out of those modules before (from threading import Lock) keeps what blocks. So a worker patches first, and imports
applications and what they need afterwards; and nothing that the server itself imports before it forks workers may
import ssl, or take such names for others to use. It is never done in the master: that is to have no event loop.
"""

from __future__ import annotations

from gevent import monkey

from prefork_ssl.config.tree import Configuration
from prefork_ssl.modules.wsgi.directives import WSGI_MONKEY_PATCH, WSGI_PRELOAD


def wants_patches(configuration: Configuration) -> bool:
    """Whether applications are to find a patched Python."""
    settings = configuration.server.settings
    chosen = settings[WSGI_MONKEY_PATCH]
    return not settings[WSGI_PRELOAD] if chosen is None else chosen


def patch() -> None:
    """Patch this process, once."""
    if not monkey.is_module_patched("socket"):
        monkey.patch_all()
