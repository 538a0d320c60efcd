"""The cache in a DBM file (SSLSessionCache dbm:).

Writing is put off to the end of the turn of the event loop: the mutex is taken once for all that has come up in it. If
another process has it, it is tried again a little later, and given up in the end; the loop goes on meanwhile, and so do
the requests, after a few milliseconds.

What a worker finds unusable it lets go of, and tries again once a second: the master makes it anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from gevent import get_hub, sleep
from greenlet import getcurrent, greenlet

from prefork_ssl.modules.ssl.sessions.cache import CacheDown
from prefork_ssl.modules.ssl.sessions.mutex import Mutex, MutexError
from prefork_ssl.modules.ssl.sessions.place import StorePlace
from prefork_ssl.modules.ssl.sessions.stores.store import Store, StoreError, StoreLost
from prefork_ssl.modules.ssl.sessions.tally import NOT_SOUGHT, NOT_STORED, REMOVED, STORED, TOO_LONG, Tally
from prefork_ssl.modules.ssl.sessions.trouble import Kind, Trouble

T = TypeVar("T")

# Seconds between two tries to take the mutex, and until it is given up.
_RETRY = 0.001
_WRITER_PATIENCE, _READER_PATIENCE = 0.2, 0.005
# Seconds that a request may be delayed so that its client finds its session wherever it comes next.
_SETTLING = 0.005
# Seconds of giving up until somebody is told.
_HELD_TOO_LONG = 1.0
# Seconds until a store that could not be opened is tried again, or removals that could not be made.
_REOPEN = 1.0
# Changes that wait, at most; a worker that has more has more to do than it can.
_MOST_WAITING = 10_000

_NO_MUTEX = "the master makes the file anew; until then, new sessions are not stored"


class DBMCache:
    """`mutex` is this process's own."""

    kind = "dbm"

    def __init__(self, place: StorePlace, mutex: Mutex, trouble: Trouble, tally: Tally) -> None:
        self._place = place
        self._kind = place.kind
        self._mutex = mutex
        self._trouble = trouble
        self._tally = tally
        self._store: Store | None = None
        self._lost: StoreError | None = None  # what happened to the last one
        self._opens_at = 0.0
        self._records: dict[bytes, bytes] = {}
        self._removed: dict[bytes, None] = {}
        self._scheduled = False
        self._gives_up_at = 0.0
        self._settles_at = 0.0
        self._waiting: list[greenlet] = []
        self._refused_since = float("inf")
        self._refused_by = 0
        self._loop: Any = None
        self._timer: Any = None

    # --- for the worker ---

    def open(self, loop: Any) -> None:
        """See SessionCache."""
        self._loop = loop
        with suppress(CacheDown):
            self._opened()

    def find(self, session_id: bytes) -> bytes | None:
        """See SessionCache."""
        if session_id in self._removed:
            return None
        record = self._records.get(session_id)
        if record is not None:
            return record
        try:
            if self._kind.reads_alone:
                return self._use(Kind.READING, lambda store: store.get(session_id))
            return self._find_with_mutex(session_id)
        except CacheDown:
            self._tally.words[NOT_SOUGHT] += 1
            raise

    def store(self, session_id: bytes, record: bytes) -> None:
        """See SessionCache."""
        if len(record) > (self._store or self._kind).longest_record:
            self._tally.words[TOO_LONG] += 1
        elif len(self._records) >= _MOST_WAITING:
            self._tally.words[NOT_STORED] += 1
        else:
            self._records[session_id] = record
            self._schedule()

    def settle(self) -> None:
        """See SessionCache."""
        if self._scheduled:
            self._waiting.append(getcurrent())
            get_hub().switch()

    def remove(self, session_id: bytes) -> None:
        """See SessionCache."""
        self._records.pop(session_id, None)
        if len(self._removed) < _MOST_WAITING:
            self._removed[session_id] = None
            self._schedule()

    def close(self) -> None:
        """See SessionCache."""
        if (self._records or self._removed) and self._take_mutex():
            self._write_and_release()
        if self._store is not None:
            self._store.close()
            self._store = None
        self._mutex.close()

    # --- writing ---

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            now = time.monotonic()
            self._settles_at, self._gives_up_at = now + _SETTLING - _RETRY, now + _WRITER_PATIENCE
            self._loop.run_callback(self._flush)

    def _flush(self) -> None:
        """At the end of a turn of the loop, and whenever it is tried again."""
        if self._take_mutex():
            self._scheduled = False
            self._write_and_release()
            self._wake()
            return
        now = time.monotonic()
        if now >= self._settles_at:
            self._wake()
        if now < self._gives_up_at:
            self._call_in(_RETRY, self._flush)
        else:
            self._give_up()

    def _wake(self) -> None:
        for waiting in self._waiting:
            self._loop.run_callback(waiting.switch)
        self._waiting.clear()

    def _write_and_release(self) -> None:
        records, removed = self._records, self._removed
        try:
            self._use(Kind.WRITING, lambda store: store.write(records, removed))
        except CacheDown:
            self._tally.words[NOT_STORED] += len(records)
        else:
            self._tally.words[STORED] += len(records)
            self._tally.words[REMOVED] += len(removed)
            self._removed = {}
        finally:
            self._mutex.release()
        self._records = {}
        self._remove_later()

    def _give_up(self) -> None:
        self._look_at_holder()
        self._scheduled = False
        self._tally.words[NOT_STORED] += len(self._records)
        self._records = {}
        self._remove_later()

    def _remove_later(self) -> None:
        """A session that is not stored is no loss; one that is not removed could be one."""
        if self._removed:
            self._call_in(_REOPEN, self._remove_now)

    def _remove_now(self) -> None:
        if self._removed:
            self._schedule()

    def _call_in(self, seconds: float, work: Callable[[], None]) -> None:
        self._timer = self._loop.timer(seconds)
        self._timer.start(work)

    # --- the mutex ---

    def _take_mutex(self) -> bool:
        try:
            taken = self._mutex.acquire()
        except MutexError as error:
            self._trouble.tell(Kind.MUTEX, f"the mutex {error}", _NO_MUTEX)
            return False
        if taken:
            self._refused_since = float("inf")
            self._trouble.over(Kind.MUTEX)
        return taken

    def _look_at_holder(self) -> None:
        """Tell of a process that has the mutex for too long."""
        now, pid = time.monotonic(), self._mutex.holder()
        if pid != self._refused_by or now < self._refused_since:
            self._refused_by, self._refused_since = pid, now
        if now - self._refused_since < _HELD_TOO_LONG:
            return
        who = f"process {pid}" if pid else "a process"
        self._trouble.tell(
            Kind.MUTEX,
            f"{who} does not give back the mutex, so no new session is stored",
            "if it was stopped, let it go on (kill -CONT) or end it (kill -KILL)",
        )

    def _find_with_mutex(self, session_id: bytes) -> bytes | None:
        gives_up_at = time.monotonic() + _READER_PATIENCE
        while not self._take_mutex():
            if time.monotonic() >= gives_up_at:
                raise CacheDown
            sleep(_RETRY)
        try:
            return self._use(Kind.READING, lambda store: store.get(session_id))
        finally:
            self._mutex.release()

    # --- the store ---

    def _use(self, kind: Kind, work: Callable[[Store], T]) -> T:
        """Do something with the store; if that turns out to be lost, with the one that has taken its place.

        Raises CacheDown.
        """
        for _ in range(2):
            store = self._opened()
            try:
                result = work(store)
            except StoreLost as error:
                self._let_go(store, error)
            except StoreError as error:
                self._trouble.tell(kind, str(error), error.hint)
                raise CacheDown from error
            else:
                self._trouble.over(kind)
                return result
        raise CacheDown

    def _let_go(self, store: Store, error: StoreLost) -> None:
        self._lost, self._store, self._opens_at = error, None, 0.0
        with suppress(StoreError, OSError):
            store.condemn()
        store.close()

    def _opened(self) -> Store:
        """The open store. Raises CacheDown."""
        if self._store is None and time.monotonic() >= self._opens_at:
            self._open_store()
        if self._store is None:
            raise CacheDown
        return self._store

    def _open_store(self) -> None:
        try:
            self._store = self._kind(self._place.path, self._place.limit)
        except StoreError as error:
            why = self._lost or error
            self._opens_at = time.monotonic() + _REOPEN
            self._trouble.tell(Kind.READING, str(why), why.hint)
        else:
            self._lost = None
