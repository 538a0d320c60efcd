"""What is in a cache, wherever that is."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from prefork_ssl.kernel.process.privileges import become
from prefork_ssl.modules.ssl.sessions.choices import DBM
from prefork_ssl.modules.ssl.sessions.choices import Server as CacheServer
from prefork_ssl.modules.ssl.sessions.command.server import Server
from prefork_ssl.modules.ssl.sessions.mutex import FileMutex, Mutex, MutexError, NoMutex
from prefork_ssl.modules.ssl.sessions.network.client import RemoteError
from prefork_ssl.modules.ssl.sessions.place import StorePlace, place_of
from prefork_ssl.modules.ssl.sessions.records import Label, expiry_of, label_of
from prefork_ssl.modules.ssl.sessions.stores.store import Extent, Store, StoreError

T = TypeVar("T")

# Seconds to wait for the mutex, and between two tries.
_PATIENCE, _RETRY = 5.0, 0.002
# Sessions that are removed while the mutex is held.
_BATCH = 256
# Seconds for each answer of a server in the network.
_NETWORK_PATIENCE = 5.0


class CommandError(Exception):
    """It cannot be done. The message is one line."""


class Contents(Protocol):
    """An open cache. All methods raise CommandError."""

    def extent(self) -> Extent:
        """How much is in it."""

    def sessions(self) -> Iterator[tuple[bytes, Label]]:
        """Ids and labels of what has not expired."""

    def purge(self) -> int:
        """Remove all; how many."""


def open_contents(server: Server) -> Contents:
    """The cache of a server. Raises CommandError.

    For one in files, this process has no more rights than the server's workers from now on: what is in the files comes
    from them, and may be made to harm who opens it.
    """
    match server.cache:
        case DBM() as cache:
            if (identity := server.workers) is not None:
                become(identity)
            return FileContents(place_of(cache, server.mutex))
        case CacheServer() as cache:
            return _redis(cache)
        case _:
            raise CommandError("workers share no session cache: SSLSessionCache is not set, or none")


class FileContents:
    """See Contents: a DBM file."""

    def __init__(self, place: StorePlace) -> None:
        self._place = place
        self._mutex: Mutex = FileMutex(place.mutex) if place.mutex else NoMutex()

    def extent(self) -> Extent:
        """See Contents."""
        return self._use(lambda store: store.extent())

    def sessions(self) -> Iterator[tuple[bytes, Label]]:
        """See Contents."""
        return _labels(self._use(lambda store: list(store.items())))

    def purge(self) -> int:
        """See Contents."""
        ids = self._use(lambda store: [session_id for session_id, _ in store.items()])
        for start in range(0, len(ids), _BATCH):
            self._use(lambda store, start=start: store.write({}, ids[start : start + _BATCH]))  # type: ignore[misc]
        return len(ids)

    def _use(self, work: Callable[[Store], T]) -> T:
        with self._held():
            try:
                store = self._place.kind(self._place.path, self._place.limit)
                try:
                    return work(store)
                finally:
                    store.close()
            except StoreError as error:
                raise CommandError(str(error)) from error

    @contextmanager
    def _held(self) -> Iterator[None]:
        ends = time.monotonic() + _PATIENCE
        try:
            while not self._mutex.acquire():
                if time.monotonic() > ends:
                    raise CommandError(f"process {self._mutex.holder()} does not give back the mutex")
                time.sleep(_RETRY)
        except MutexError as error:
            raise CommandError(f"the mutex {error}") from error
        try:
            yield
        finally:
            self._mutex.release()


class _Listing(Protocol):
    """What is needed of the client of a server in the network."""

    def items(self) -> Iterator[tuple[bytes, bytes]]: ...

    def change(self, records: Mapping[bytes, bytes], removed: Collection[bytes]) -> None: ...


class NetworkContents:
    """See Contents: a server in the network that can list what it holds."""

    def __init__(self, client: _Listing) -> None:
        self._client = client

    def extent(self) -> Extent:
        """See Contents."""
        with _errors():
            records = [record for _, record in self._client.items()]
        oldest = min(map(expiry_of, records), default=0.0)
        return Extent(len(records), sum(map(len, records)), 0, oldest)

    def sessions(self) -> Iterator[tuple[bytes, Label]]:
        """See Contents."""
        with _errors():
            return _labels(list(self._client.items()))

    def purge(self) -> int:
        """See Contents."""
        with _errors():
            ids = [session_id for session_id, _ in self._client.items()]
            if ids:
                self._client.change({}, ids)
        return len(ids)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except RemoteError as error:
        raise CommandError(str(error)) from error


def _labels(items: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, Label]]:
    now = time.time()
    for session_id, record in items:
        label = label_of(record)
        if label is not None and label.expiry > now:
            yield session_id, label


def _redis(cache: CacheServer) -> Contents:
    if cache.protocol != "redis":
        raise CommandError(f"{cache} does not tell what it holds")
    from prefork_ssl.modules.ssl.sessions.network.redis_client import RedisClient

    return NetworkContents(RedisClient(cache, _NETWORK_PATIENCE))
