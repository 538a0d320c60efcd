"""memcached, through pymemcache."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - looked for by the first connection: by then Python's own files may be out of reach
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from gevent import socket
from pymemcache.client.base import Client as Memcache
from pymemcache.exceptions import MemcacheError

from prefork_ssl.modules.ssl.sessions.choices import Server
from prefork_ssl.modules.ssl.sessions.network.client import PATIENCE, RemoteError, key_of
from prefork_ssl.modules.ssl.sessions.records import expiry_of


class MemcacheClient:
    """See Client."""

    def __init__(self, server: Server, patience: float = PATIENCE) -> None:
        """`patience` is in seconds, for each answer."""
        self._memcache = Memcache(
            (server.host, server.port),
            connect_timeout=patience,
            timeout=patience,
            no_delay=True,
            socket_module=socket,
        )

    def get(self, session_id: bytes) -> bytes | None:
        """See Client."""
        with _errors():
            return self._memcache.get(key_of(session_id))  # type: ignore[no-any-return]

    def change(self, records: Mapping[bytes, bytes], removed: Collection[bytes]) -> None:
        """See Client. What arrived is not waited for, but for the last of each."""
        now = time.time()
        with _errors():
            for session_id, record in records.items():
                left = int(expiry_of(record) - now)
                if left > 0:
                    self._memcache.set(key_of(session_id), record, expire=left, noreply=False)
            for session_id in removed:
                self._memcache.delete(key_of(session_id), noreply=False)

    def close(self) -> None:
        """See Client."""
        self._memcache.close()


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (MemcacheError, OSError) as error:
        raise RemoteError(str(error) or type(error).__name__) from error
