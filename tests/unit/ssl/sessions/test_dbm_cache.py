"""The cache of a worker, in its event loop: what is written when, and what happens while it cannot be."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable

import pytest
from gevent import get_hub, sleep
from unit.ssl.sessions.test_keeper import Told
from unit.ssl.sessions.test_mutex import end, holder_of
from unit.ssl.sessions.test_stores import do, record, session_id

from prefork_ssl.modules.ssl.sessions import dbm_cache as room
from prefork_ssl.modules.ssl.sessions.cache import CacheDown
from prefork_ssl.modules.ssl.sessions.dbm_cache import DBMCache
from prefork_ssl.modules.ssl.sessions.keeper import Keeper
from prefork_ssl.modules.ssl.sessions.mutex import FileMutex
from prefork_ssl.modules.ssl.sessions.place import StorePlace
from prefork_ssl.modules.ssl.sessions.stores.dbm_store import GNUStore, NDBMStore
from prefork_ssl.modules.ssl.sessions.stores.lmdb_store import LMDBStore
from prefork_ssl.modules.ssl.sessions.stores.types import TYPES
from prefork_ssl.modules.ssl.sessions.tally import NOT_SOUGHT, NOT_STORED, REMOVED, STORED, TOO_LONG, Tally
from prefork_ssl.modules.ssl.sessions.trouble import Kind

FUTURE = time.time() + 1000
FORK = multiprocessing.get_context("fork")


def _work(place: StorePlace, pipe) -> None:
    cache = DBMCache(place, FileMutex(place.mutex), Told(), Tally())
    while True:
        pipe.send(cache.find(pipe.recv()))


class Worker:
    """A cache, and who looks after its files; `colleague` is another worker, in a process of its own."""

    def __init__(self, place: StorePlace) -> None:
        self.place = place
        self.told = Told()
        self.tally = Tally()
        self.keeper = Keeper(place, None)
        self.keeper.begin(self.told)
        # Forked before anything is open, like all workers.
        self._pipe, theirs = multiprocessing.Pipe()
        self._colleague = FORK.Process(target=_work, args=(place, theirs), daemon=True)
        self._colleague.start()
        self.cache = DBMCache(place, FileMutex(place.mutex), self.told, self.tally)

    def found_elsewhere(self, key: bytes) -> bytes | None:
        """What the other worker finds."""
        self._pipe.send(key)
        return self._pipe.recv()

    def end(self) -> None:
        self.cache.close()
        self._colleague.kill()
        self._colleague.join()

    def count(self, counter) -> int:
        return self.tally.words[counter]


@pytest.fixture(
    params=[kind for kind in TYPES.values() if kind.type_name != "ndbm"], ids=lambda kind: kind.type_name
)
def kind(request):
    if why := request.param.missing():
        pytest.skip(why)
    return request.param


@pytest.fixture
def worker(kind, tmp_path):
    made = Worker(StorePlace(kind, tmp_path / "cache", 1 << 20, tmp_path / "mutex"))
    made.cache.open(get_hub().loop)
    yield made
    made.end()


lmdb = pytest.mark.parametrize("kind", [LMDBStore], ids=["lmdb"])


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        sleep(0.005)


def test_stored_here_found_there(worker):
    key, filed = session_id(), record(FUTURE)
    worker.cache.store(key, filed)
    assert worker.cache.find(key) == filed  # before it is written
    until(lambda: worker.count(STORED) == 1)
    assert worker.found_elsewhere(key) == filed


def test_all_of_one_turn_are_written_together(worker, monkeypatch):
    taken = []
    acquire = FileMutex.acquire

    def counted(self):
        taken.append(1)
        return acquire(self)

    monkeypatch.setattr(FileMutex, "acquire", counted)
    for _ in range(50):
        worker.cache.store(session_id(), record(FUTURE))
    worker.cache.remove(session_id())
    until(lambda: worker.count(STORED) == 50)
    assert len(taken) == 1
    assert worker.count(REMOVED) == 1


def test_what_is_removed_is_gone_at_once_here_and_soon_there(worker):
    key = session_id()
    worker.cache.store(key, record(FUTURE))
    until(lambda: worker.count(STORED))
    worker.cache.remove(key)
    assert worker.cache.find(key) is None
    until(lambda: worker.count(REMOVED))
    assert worker.found_elsewhere(key) is None


def test_stored_and_removed_in_one_turn(worker):
    key = session_id()
    worker.cache.store(key, record(FUTURE))
    worker.cache.remove(key)
    until(lambda: worker.count(REMOVED))
    assert worker.cache.find(key) is None
    assert worker.count(STORED) == 0


def test_at_its_end_a_worker_writes_what_waits(worker):
    key = session_id()
    worker.cache.store(key, record(FUTURE))
    worker.cache.close()
    assert worker.found_elsewhere(key)


@lmdb
def test_a_record_that_is_too_long_is_counted(worker):
    worker.cache.store(session_id(), record(FUTURE, 70_000))
    assert worker.count(TOO_LONG) == 1


@pytest.mark.parametrize("kind", [NDBMStore], ids=["ndbm"])
def test_the_limit_of_a_type_is_kept_to(worker):
    if why := NDBMStore.missing():
        pytest.skip(why)
    worker.cache.store(session_id(), record(FUTURE, 1000))
    worker.cache.store(session_id(), record(FUTURE, 900))
    until(lambda: worker.count(STORED) == 1)
    assert worker.count(TOO_LONG) == 1


# --- the mutex in other hands ---


def test_a_mutex_held_for_a_moment_delays_and_loses_nothing(worker, tmp_path):
    other = FileMutex(tmp_path / "mutex")
    assert other.acquire()
    worker.cache.store(session_id(), record(FUTURE))
    sleep(0.02)
    assert worker.count(STORED) == 0
    other.release()
    until(lambda: worker.count(STORED) == 1)
    assert worker.count(NOT_STORED) == 0
    other.close()


@lmdb
def test_a_mutex_that_is_not_given_back(worker, tmp_path, monkeypatch):
    """Held by a stopped process: sessions are not stored, readers go on, somebody is told who it is, and all is well
    when it is over."""
    monkeypatch.setattr(room, "_HELD_TOO_LONG", 0.05)
    known = session_id()
    worker.cache.store(known, record(FUTURE))
    until(lambda: worker.count(STORED) == 1)
    holder = holder_of(tmp_path / "mutex")
    os.kill(holder, signal.SIGSTOP)
    longest = 0.0
    while Kind.MUTEX not in worker.told.now:
        worker.cache.store(session_id(), record(FUTURE))
        began = time.monotonic()
        sleep(0)  # one turn of the loop
        longest = max(longest, time.monotonic() - began)
        assert worker.cache.find(known)
        sleep(0.01)
    assert worker.count(NOT_STORED) > 0
    assert f"process {holder}" in worker.told.now[Kind.MUTEX]
    assert longest < 0.02
    end(holder)
    worker.cache.store(session_id(), record(FUTURE))
    until(lambda: worker.count(STORED) == 2)
    assert not worker.told.now


@lmdb
def test_what_could_not_be_removed_is_removed_later(worker, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_REOPEN", 0.1)
    key = session_id()
    worker.cache.store(key, record(FUTURE))
    until(lambda: worker.count(STORED))
    other = FileMutex(tmp_path / "mutex")
    assert other.acquire()
    worker.cache.remove(key)
    sleep(0.2)
    assert worker.count(REMOVED) == 0
    assert worker.cache.find(key) is None
    other.close()
    until(lambda: worker.count(REMOVED) == 1)


@pytest.mark.parametrize("kind", [GNUStore], ids=["gnu"])
def test_readers_of_types_that_need_the_mutex_do_not_wait_for_long(worker, tmp_path):
    if why := GNUStore.missing():
        pytest.skip(why)
    other = FileMutex(tmp_path / "mutex")
    assert other.acquire()
    began = time.monotonic()
    with pytest.raises(CacheDown):
        worker.cache.find(session_id())
    assert time.monotonic() - began < 0.1
    assert worker.count(NOT_SOUGHT) == 1
    other.close()


def test_a_mutex_file_that_is_gone(worker, tmp_path, monkeypatch):
    (tmp_path / "mutex").unlink()
    monkeypatch.setattr(room, "_WRITER_PATIENCE", 0.01)
    worker.cache.store(session_id(), record(FUTURE))
    until(lambda: worker.count(NOT_STORED) == 1)
    assert "mutex" in worker.told.now[Kind.MUTEX]
    worker.keeper.tend(worker.told, 300)
    worker.cache.store(session_id(), record(FUTURE))
    until(lambda: worker.count(STORED) == 1)
    assert not worker.told.now


# --- harm to the files ---


@pytest.mark.parametrize("harm", ["deleted", "cut", "emptied", "noise", "replaced"])
def test_harm_is_told_once_and_passes(worker, kind, harm, monkeypatch):
    """The worker goes on without, the master makes it anew, and both use it again."""
    monkeypatch.setattr(room, "_REOPEN", 0.05)
    known = session_id()
    worker.cache.store(known, record(FUTURE))
    until(lambda: worker.count(STORED) == 1)
    do(harm, kind, worker.place.path)
    sleep(0.6)  # until a reader looks whether the file is still in its place
    for _ in range(5):
        try:
            assert worker.cache.find(session_id()) is None
        except CacheDown:
            assert set(worker.told.now) == {Kind.READING}
    worker.keeper.tend(worker.told, 300)
    key, filed = session_id(), record(FUTURE)

    def stored() -> bool:
        worker.cache.store(key, filed)
        sleep(0.06)
        return worker.count(STORED) > 1

    until(stored)
    assert worker.cache.find(key) == filed
    assert worker.found_elsewhere(key) == filed
    assert not worker.told.now


@lmdb
def test_damage_found_by_one_worker_is_known_to_the_master(worker, monkeypatch):
    """A page in the middle: LMDB finds it, and nobody from outside could."""
    monkeypatch.setattr(room, "_REOPEN", 0.05)
    keys = [session_id() for _ in range(2000)]
    for key in keys:
        worker.cache.store(key, record(FUTURE))
    until(lambda: worker.count(STORED) == 2000)
    with worker.place.path.open("r+b") as file:
        file.seek(3 * 4096)
        for _ in range(250):
            file.write(b"\xff" * 4096)
    assert LMDBStore.intact(worker.place.path, worker.place.limit)
    for key in keys:
        try:
            worker.cache.find(key)
        except CacheDown:
            break
    else:
        raise AssertionError("nothing was found")
    assert not LMDBStore.intact(worker.place.path, worker.place.limit)
    worker.keeper.tend(worker.told, 300)
    sleep(0.06)
    assert worker.cache.find(keys[0]) is None
    assert not worker.told.now
