"""Which library speaks which protocol."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from prefork_ssl.modules.ssl.sessions.choices import Server
from prefork_ssl.modules.ssl.sessions.network.client import Client

_CLIENTS = {
    "redis": ("redis_client", "RedisClient"),
    "memcache": ("memcache_client", "MemcacheClient"),
}


def new_client(server: Server) -> Callable[[Server], Client]:
    """What makes a client for this kind of server. The library is imported now, and by nobody who does not need it."""
    module, name = _CLIENTS[server.protocol]
    return getattr(importlib.import_module(f"{__package__}.{module}"), name)  # type: ignore[no-any-return]
