"""Where a cache is kept on this machine: what SSLSessionCache and SSLMutex come to together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prefork_ssl.modules.ssl.sessions.choices import DBM, MutexChoice
from prefork_ssl.modules.ssl.sessions.stores.store import Store


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A DBM file: its type, where it is, how many bytes it may hold; and the file that is the mutex, None for none."""

    kind: type[Store]
    path: Path
    limit: int
    mutex: Path | None


def place_of(cache: DBM, mutex: MutexChoice) -> StorePlace:
    """The mutex is beside the cache, unless it is said where."""
    path = (mutex.path or Path(f"{cache.path}.mutex")) if mutex.wanted else None
    return StorePlace(cache.kind, cache.path, cache.limit, path)
