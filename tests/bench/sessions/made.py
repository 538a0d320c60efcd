"""Sessions to measure with: real ones, and records of that size."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

from unit.ssl.sessions.handshakes import Connected, client_of, connect, new_context
from unit.ssl.tls_clients import V12

from prefork_ssl.modules.ssl.openssl.sessions import session
from prefork_ssl.modules.ssl.sessions.sealing import KEY_SIZE, Sealer
from prefork_ssl.modules.ssl.sessions.stores.store import Store

SCOPE = os.urandom(32)
SEALER = Sealer(os.urandom(KEY_SIZE))
LIFETIME = 3600.0
RECORD_SIZE = 300


def connection() -> Connected:
    """A connection of TLS 1.2, and its session on both sides."""
    return connect(new_context(SCOPE), client_of(V12))


def sessions(count: int) -> list[bytes]:
    """So many different sessions of TLS 1.2, as DER."""
    context, client = new_context(SCOPE), client_of(V12)
    return [session(connect(context, client).server) for _ in range(count)]


def records(count: int) -> dict[bytes, bytes]:
    """Records that nobody can open, by ids."""
    expiry = struct.pack(">Q", int((time.time() + LIFETIME) * 1000))
    return {os.urandom(32): expiry + os.urandom(RECORD_SIZE) for _ in range(count)}


def new_store(kind: type[Store], path: Path, limit: int) -> Store:
    """An empty store."""
    for suffix in kind.suffixes:
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    kind.create(path, limit)
    return kind(path, limit)
