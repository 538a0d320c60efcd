"""Redis, and Valkey, through redis-py."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - looked for by the first connection: by then Python's own files may be out of reach
import socket as blocking
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gevent import socket
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool
from redis.exceptions import RedisError
from redis.retry import Retry

from prefork_ssl.modules.ssl.sessions.choices import Server
from prefork_ssl.modules.ssl.sessions.network.client import PATIENCE, PREFIX, RemoteError, key_of
from prefork_ssl.modules.ssl.sessions.records import expiry_of


class _CooperativeConnection(Connection):
    """redis-py's connection on a socket of gevent's."""

    def _connect(self) -> Any:
        sock = socket.create_connection((self.host, self.port), self.socket_connect_timeout)
        sock.setsockopt(blocking.IPPROTO_TCP, blocking.TCP_NODELAY, 1)
        sock.settimeout(self.socket_timeout)
        return sock


class RedisClient:
    """See Client. It never tries again by itself: that would sleep, and keep the worker from everything else."""

    def __init__(self, server: Server, patience: float = PATIENCE) -> None:
        """`patience` is in seconds, for each answer."""
        pool = ConnectionPool(
            connection_class=_CooperativeConnection,
            max_connections=1,
            host=server.host,
            port=server.port,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis(connection_pool=pool)

    def get(self, session_id: bytes) -> bytes | None:
        """See Client."""
        with _errors():
            return self._redis.get(key_of(session_id))  # type: ignore[return-value]  # bytes: nothing is decoded

    def change(self, records: Mapping[bytes, bytes], removed: Collection[bytes]) -> None:
        """See Client."""
        now = time.time()
        with _errors(), self._redis.pipeline(transaction=False) as pipeline:
            for session_id, record in records.items():
                left = int((expiry_of(record) - now) * 1000)
                if left > 0:
                    pipeline.set(key_of(session_id), record, px=left)
            if removed:
                pipeline.delete(*map(key_of, removed))
            pipeline.execute()

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All ids and records. Raises RemoteError."""
        with _errors():
            for key in self._redis.scan_iter(f"{PREFIX}*", count=1000):
                record = self._redis.get(key)
                if record is not None:
                    yield bytes.fromhex(key.decode()[len(PREFIX) :]), record  # type: ignore[misc]

    def close(self) -> None:
        """See Client."""
        self._redis.connection_pool.disconnect()


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise RemoteError(str(error).rstrip(".") or type(error).__name__) from error
