"""What every DBM type does, tried on each that this machine has."""

from __future__ import annotations

import multiprocessing
import os
import random
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from prefork_ssl.modules.ssl.sessions.stores.guard import READER, WRITER
from prefork_ssl.modules.ssl.sessions.stores.lmdb_store import LMDBStore
from prefork_ssl.modules.ssl.sessions.stores.sqlite_store import SQLiteStore
from prefork_ssl.modules.ssl.sessions.stores.store import Store, StoreError, StoreLost
from prefork_ssl.modules.ssl.sessions.stores.types import TYPES

LIMIT = 1 << 20
FORK = multiprocessing.get_context("fork")


def record(expiry: float, size: int = 300) -> bytes:
    """Something in the form of a record."""
    return struct.pack(">Q", int(expiry * 1000)) + os.urandom(size - 8)


def session_id() -> bytes:
    return os.urandom(32)


@pytest.fixture(params=TYPES.values(), ids=TYPES.keys())
def kind(request: pytest.FixtureRequest) -> type[Store]:
    """Each type."""
    store: type[Store] = request.param
    if why := store.missing():
        pytest.skip(why)
    return store


@contextmanager
def opened(kind: type[Store], path: Path, limit: int = LIMIT) -> Iterator[Store]:
    store = kind(path, limit)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def path(kind: type[Store], tmp_path: Path) -> Path:
    """Where an empty store is."""
    folder = tmp_path / "folder"
    folder.mkdir()
    kind.create(folder / "cache", LIMIT)
    return folder / "cache"


@pytest.fixture
def store(kind: type[Store], path: Path) -> Iterator[Store]:
    with opened(kind, path) as store:
        yield store


class AnotherProcess:
    """Runs `work` in a process of its own when called. The process is forked now: what is opened afterwards is not
    known there."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._go = FORK.Event()
        self._process = FORK.Process(target=self._wait, args=(work,), daemon=True)
        self._process.start()

    def _wait(self, work: Callable[[], None]) -> None:
        self._go.wait()
        work()

    def __call__(self) -> None:
        self._go.set()
        self._process.join(30)
        assert self._process.exitcode == 0


def in_another_process(work: Callable[[], None]) -> None:
    """Run it in a process of its own: a crash is a failure of the test."""
    AnotherProcess(work)()


# --- what is filed is found ---


def test_what_is_filed_is_found(store):
    key, filed = session_id(), record(1000)
    assert store.get(key) is None
    store.write({key: filed})
    assert store.get(key) == filed
    store.write({}, [key, session_id()])
    assert store.get(key) is None


def test_changes_show_from_outside(kind, path, store):
    earlier = kind.stamp(path)
    assert store.get(session_id()) is None
    assert kind.stamp(path) == earlier
    time.sleep(0.02)  # the clock of a file system may be slow
    store.write({session_id(): record(1000)})
    assert kind.stamp(path) != earlier


def test_a_later_record_replaces_an_earlier_one(store):
    key = session_id()
    store.write({key: record(1000)})
    later = record(2000, 500)
    store.write({key: later})
    assert store.get(key) == later
    assert list(store.items()) == [(key, later)]
    assert store.extent().entries == 1
    assert store.extent().oldest == 2000


def test_one_write_takes_out_and_files(store):
    keys = [session_id() for _ in range(5)]
    store.write(dict.fromkeys(keys[:4], record(1000)))
    store.write({keys[4]: record(1000)}, keys[:2])
    assert {key for key, _ in store.items()} == set(keys[2:])


@pytest.mark.parametrize("size", [1, 4, 16, 32])
def test_ids_of_any_length(store, size):
    key = os.urandom(size)
    store.write({key: record(1000)})
    assert store.get(key)
    assert store.get(key + b"\0") is None


def test_records_up_to_the_longest(store):
    longest = store.longest_record
    key, filed = session_id(), record(1000, longest)
    store.write({key: filed})
    assert store.get(key) == filed


def test_other_processes_see_it(kind, path):
    key, filed = session_id(), record(1000)

    def write() -> None:
        with opened(kind, path) as store:
            store.write({key: filed})

    write_there = AnotherProcess(write)
    with opened(kind, path) as store:
        assert store.get(key) is None
        write_there()
        assert store.get(key) == filed


def test_nobody_else_may_read_the_files(kind, path):
    files = [file for file in path.parent.iterdir() if file.is_file()]
    assert {file.name.removeprefix("cache") for file in files} <= set(kind.suffixes)
    assert {file.stat().st_mode & 0o777 for file in files} <= {0o600}


# --- time and room ---


def test_sweeping_takes_what_has_expired_and_no_more_than_asked(store):
    old = {session_id(): record(expiry) for expiry in range(100, 130)}
    new = {session_id(): record(expiry) for expiry in range(500, 510)}
    store.write(old)
    store.write(new)
    assert store.sweep(now=10, budget=100) == 0
    assert store.sweep(now=200, budget=7) == 7
    assert store.sweep(now=200, budget=1000) == 23
    assert store.sweep(now=200, budget=1000) == 0
    assert dict(store.items()) == new
    assert store.extent().oldest == 500


def test_an_empty_store_says_so(store):
    extent = store.extent()
    assert (extent.entries, extent.oldest) == (0, 0.0)
    assert store.sweep(1e9, 10) == 0
    assert list(store.items()) == []


def test_at_the_limit_the_oldest_make_room(kind, tmp_path):
    limit, size = 1 << 19, min(kind.longest_record, 2000)
    count = 200 if kind.type_name == "dumb" else 3 * limit // size
    if kind.type_name == "dumb":
        limit = 100 * size
    kind.create(tmp_path / "full", limit)
    written = [session_id() for _ in range(count)]
    with opened(kind, tmp_path / "full", limit) as store:
        for number in range(0, count, 4):
            store.write({key: record(1000 + number, size) for key in written[number : number + 4]})
        kept = {key for key, _ in store.items()}
        extent = store.extent()
    assert written[-1] in kept
    assert len(kept) < count
    assert written[0] not in kept
    newest = set(written[-len(kept) :])
    assert len(newest & kept) > 0.9 * len(kept)
    assert extent.size <= limit
    assert len(kept) * size > limit / 4


@pytest.mark.parametrize("kind", [LMDBStore, SQLiteStore], ids=["lmdb", "sqlite3"])
@pytest.mark.parametrize("pages", [128, 300])
def test_a_full_file_goes_on_and_on(kind, tmp_path, pages):
    """Many times its size, in batches and records of all sizes, with removals between."""
    limit = pages * 4096
    rnd = random.Random(pages)
    kind.create(tmp_path / "cache", limit)
    live: list[bytes] = []
    with opened(kind, tmp_path / "cache", limit) as store:
        clock, written = 1000, 0
        while written < 12 * limit:
            batch = {
                session_id(): record(clock + rnd.randrange(300), rnd.choice((200, 400, 900, 3000)))
                for _ in range(rnd.randrange(1, 8))
            }
            store.write(batch, rnd.sample(live, min(len(live), rnd.randrange(3))))
            live = (live + list(batch))[-50:]
            written += sum(map(len, batch.values()))
            clock += 1
            if clock % 40 == 0:
                store.sweep(clock - 100, 50)
        assert store.get(live[-1])
        assert sum(len(filed) for _, filed in store.items()) > limit / 4
    assert (tmp_path / "cache").stat().st_size <= limit


class Model(RuleBasedStateMachine):
    """Any sequence of calls leaves what a dictionary would have."""

    kind: type[Store]
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.path = self.folder / os.urandom(8).hex()
        self.kind.create(self.path, 1 << 22)
        self.store = self.kind(self.path, 1 << 22)
        self.expected: dict[bytes, bytes] = {}

    KEYS = st.integers(0, 20).map(lambda number: bytes([number]) * 32)
    EXPIRIES = st.integers(1, 50)

    @rule(keys=st.dictionaries(KEYS, EXPIRIES, max_size=6), removed=st.lists(KEYS, max_size=4))
    def write(self, keys, removed):
        records = {key: record(expiry) for key, expiry in keys.items()}
        self.store.write(records, removed)
        for key in removed:
            self.expected.pop(key, None)
        self.expected.update(records)

    @rule(now=EXPIRIES)
    def sweep(self, now):
        """The types that sweep in the order of arrival may leave some."""
        self.store.sweep(now, 1000)
        kept = dict(self.store.items())
        expired = {
            key for key, filed in self.expected.items() if int.from_bytes(filed[:8], "big") <= now * 1000
        }
        gone = self.expected.keys() - kept.keys()
        assert gone == expired if self.kind.reads_alone else gone <= expired
        self.expected = {key: filed for key, filed in self.expected.items() if key in kept}

    @invariant()
    def holds(self):
        assert dict(self.store.items()) == self.expected
        assert self.store.extent().entries == len(self.expected)

    def teardown(self):
        self.store.close()


def test_any_sequence_of_calls(kind, tmp_path):
    machine = type("Machine", (Model,), {"kind": kind, "folder": tmp_path})
    steps = 8 if kind.type_name in ("dumb", "gnu", "ndbm") else 20
    machine.TestCase.settings = settings(
        max_examples=20, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine.TestCase("runTest").runTest()


# --- harm done to the files ---

HARM = pytest.mark.parametrize("harm", ["deleted", "cut", "emptied", "noise", "replaced", "folder gone"])


def do(harm: str, kind: type[Store], path: Path) -> None:
    for suffix in kind.suffixes:
        file = Path(f"{path}{suffix}")
        if not file.exists():
            continue
        if harm == "deleted":
            file.unlink()
        elif harm == "cut":
            os.truncate(file, file.stat().st_size // 3)
        elif harm == "emptied":
            os.truncate(file, 0)
        elif harm == "noise":
            size = max(file.stat().st_size, 64)
            with file.open("r+b") as stream:
                stream.write(os.urandom(size))
        elif harm == "replaced":
            other = file.with_name("other")
            other.write_bytes(b"something else, of some length" * 300)
            other.replace(file)
    if harm == "folder gone":
        path.parent.rename(path.parent.with_name("elsewhere"))


@HARM
def test_harm_to_an_open_store(kind, path, harm):
    """Nothing but StoreError, and nothing that was never filed; what is of no use any more is made anew, and works."""
    filed = {session_id(): record(1000) for _ in range(50)}

    def suffer() -> None:
        with opened(kind, path) as store:
            store.write(filed)
            assert store.get(next(iter(filed)))
            do(harm, kind, path)
            for work in (
                lambda: [store.get(key) for key in filed],
                lambda: store.write({session_id(): record(1000)}),
                lambda: store.sweep(2000, 10),
                store.extent,
                lambda: list(store.items()),
            ):
                with suppress(StoreError):
                    work()

    in_another_process(suffer)
    if harm == "folder gone":
        return
    for suffix in kind.suffixes:
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    kind.create(path, LIMIT)
    assert kind.intact(path, LIMIT)
    with opened(kind, path) as store:
        store.write(filed)
        assert dict(store.items()) == filed


@HARM
def test_harm_to_a_closed_store(kind, path, harm):
    def suffer() -> None:
        with opened(kind, path) as store:
            store.write({session_id(): record(1000) for _ in range(50)})
        do(harm, kind, path)
        with suppress(StoreError), opened(kind, path) as store:
            store.write({session_id(): record(1000)})

    in_another_process(suffer)


@pytest.mark.parametrize("kind", [LMDBStore, SQLiteStore], ids=["lmdb", "sqlite3"])
@pytest.mark.parametrize("harm", ["deleted", "cut", "emptied", "noise", "replaced"])
def test_harm_is_seen_at_once_from_inside_and_outside(kind, path, harm):
    key = session_id()

    def suffer() -> None:
        with opened(kind, path) as store:
            store.write({key: record(1000)})
            do(harm, kind, path)
            assert not kind.intact(path, LIMIT)
            if harm in ("deleted", "replaced"):
                time.sleep(WRITER)  # no danger, and looked for now and then
                with pytest.raises(StoreLost):
                    store.write({key: record(1000)})
                time.sleep(READER - WRITER)
            with pytest.raises(StoreLost):
                store.get(key)

    in_another_process(suffer)


@pytest.mark.parametrize("kind", [LMDBStore, SQLiteStore], ids=["lmdb", "sqlite3"])
def test_a_condemned_store_is_so_for_everybody(kind, path):
    def condemn() -> None:
        with opened(kind, path) as store:
            store.condemn()

    condemn_there = AnotherProcess(condemn)
    with opened(kind, path) as store:
        condemn_there()
        with pytest.raises(StoreLost, match="damaged"):
            store.get(session_id())
    assert not kind.intact(path, LIMIT)
    with pytest.raises(StoreLost):
        kind(path, LIMIT)


def test_a_damaged_file_of_a_type_without_memory_map_is_made_anew_in_place(kind, path):
    if kind.reads_alone:
        pytest.skip("the master does it")
    with opened(kind, path) as store:
        store.write({session_id(): record(1000)})
        store.condemn()
        assert list(store.items()) == []
        store.write({session_id(): record(1000)})
        assert store.extent().entries == 1


def test_a_writer_killed_in_the_middle(kind, path):
    """Whatever was written before is there, or the file is known to be damaged; and it can be written again."""
    before = {session_id(): record(1000) for _ in range(20)}
    with opened(kind, path) as store:
        store.write(before)

    def die() -> None:
        with opened(kind, path) as mine:

            class Records(dict):
                def items(self):
                    yield session_id(), record(1000)
                    os.kill(os.getpid(), 9)

            mine.write(Records({session_id(): record(1000)}))

    process = FORK.Process(target=die)
    process.start()
    process.join(30)
    assert process.exitcode == -9
    with opened(kind, path) as store:
        try:
            found = dict(store.items())
            store.write({session_id(): record(1000)})
        except StoreLost:
            store.condemn()
        else:
            assert found.items() >= before.items()


def test_random_changes_to_the_pages_of_lmdb(tmp_path):
    """Bits and pages behind the first two, which have the signature: errors, but no crash and no wrong record."""

    def suffer(seed: int) -> None:
        rnd = random.Random(seed)
        path = tmp_path / f"cache{seed}"
        LMDBStore.create(path, LIMIT)
        filed = {rnd.randbytes(32): record(1000 + number) for number in range(1500)}
        with opened(LMDBStore, path) as store:
            keys = list(filed)
            for start in range(0, len(keys), 50):
                store.write({key: filed[key] for key in keys[start : start + 50]})
            used = store.extent().size
            with path.open("r+b") as file:
                for _ in range(rnd.randrange(1, 400)):
                    file.seek(rnd.randrange(2 * 4096, used))
                    file.write(rnd.randbytes(rnd.choice((1, 8, 4096))))
            for _ in range(40):
                for work in (
                    lambda: store.get(rnd.choice(keys)),
                    lambda: store.write({rnd.randbytes(32): record(2000)}, [rnd.choice(keys)]),
                    lambda: store.sweep(1700, 20),
                ):
                    with suppress(StoreError):
                        work()

    for seed in range(12):
        process = FORK.Process(target=suffer, args=(seed,))
        process.start()
        process.join(30)
        assert process.exitcode == 0, f"seed {seed}"
