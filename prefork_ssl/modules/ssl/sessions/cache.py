"""The cache as a worker sees it: find, store and remove sealed sessions by their ids.

What keeps them is behind it: a DBM file that the workers of this machine share (dbm_cache), or a server that several
machines share (network).
"""

from __future__ import annotations

from typing import Any, Protocol


class CacheDown(Exception):
    """The cache cannot be asked just now. Whoever has to know has been told."""


class SessionCache(Protocol):
    """Nothing here raises anything else than what is said, or keeps the worker from its other connections."""

    @property
    def kind(self) -> str:
        """What keeps the sessions: "dbm", "redis" or "memcache"."""

    def open(self, loop: Any) -> None:
        """The worker begins."""

    def find(self, session_id: bytes) -> bytes | None:
        """The record of a session. May let the greenlet wait for a while. Raises CacheDown."""

    def store(self, session_id: bytes, record: bytes) -> None:
        """File a record, soon."""

    def settle(self) -> None:
        """Let the greenlet wait until others see what was stored and removed, but not for long."""

    def remove(self, session_id: bytes) -> None:
        """Take a record out: at once for this worker, soon for others."""

    def close(self) -> None:
        """The worker ends. What waits is written, if that can be done at once."""
