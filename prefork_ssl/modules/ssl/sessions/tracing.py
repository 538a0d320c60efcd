"""The cache as a host uses it whose SSL log tells each operation (SSLLogLevel trace)."""

from __future__ import annotations

from prefork_ssl.modules.ssl.log.events import sessions as events
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.sessions.cache import CacheDown, SessionCache


class TracedCache:
    """The same as `cache`, but for what it tells the log."""

    def __init__(self, cache: SessionCache, log: SSLLog) -> None:
        self._cache = cache
        self._log = log
        self.kind = cache.kind
        self.open = cache.open
        self.settle = cache.settle
        self.close = cache.close

    def find(self, session_id: bytes) -> bytes | None:
        """See SessionCache."""
        try:
            record = self._cache.find(session_id)
        except CacheDown:
            self._tell("find", session_id, "the cache cannot be asked")
            raise
        self._tell("find", session_id, "not there" if record is None else f"{len(record)} bytes")
        return record

    def store(self, session_id: bytes, record: bytes) -> None:
        """See SessionCache."""
        self._tell("store", session_id, f"{len(record)} bytes")
        self._cache.store(session_id, record)

    def remove(self, session_id: bytes) -> None:
        """See SessionCache."""
        self._tell("remove", session_id, "done")
        self._cache.remove(session_id)

    def _tell(self, what: str, session_id: bytes, outcome: str) -> None:
        events.operation(self._log, self.kind, what, session_id, outcome)
