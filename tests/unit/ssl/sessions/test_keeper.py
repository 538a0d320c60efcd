"""What the master makes, sees and has swept."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from unit.ssl.sessions.test_stores import do, record, session_id

from prefork_ssl.kernel.process.privileges import Identity
from prefork_ssl.modules.ssl.sessions import keeper as room
from prefork_ssl.modules.ssl.sessions.keeper import Keeper
from prefork_ssl.modules.ssl.sessions.mutex import FileMutex
from prefork_ssl.modules.ssl.sessions.place import StorePlace
from prefork_ssl.modules.ssl.sessions.placing import put_in_place
from prefork_ssl.modules.ssl.sessions.stores.store import Store
from prefork_ssl.modules.ssl.sessions.stores.types import TYPES
from prefork_ssl.modules.ssl.sessions.sweeper import Sweeper
from prefork_ssl.modules.ssl.sessions.trouble import Kind

LIMIT = 1 << 20
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Told:
    """A Trouble that remembers."""

    def __init__(self) -> None:
        self.now: dict[Kind, str] = {}

    def tell(self, kind, what, hint=""):
        self.now.setdefault(kind, what)

    def over(self, kind):
        self.now.pop(kind, None)


@pytest.fixture(params=TYPES.values(), ids=TYPES.keys())
def place(request, tmp_path) -> StorePlace:
    if why := request.param.missing():
        pytest.skip(why)
    folder = tmp_path / "folder"
    folder.mkdir()
    return StorePlace(request.param, folder / "cache", LIMIT, folder / "mutex")


def begun(place: StorePlace, identity: Identity | None = None) -> tuple[Keeper, Told]:
    keeper, told = Keeper(place, identity), Told()
    keeper.begin(told)
    assert not told.now
    return keeper, told


@contextmanager
def opened(place: StorePlace) -> Iterator[Store]:
    """As a worker does it."""
    mutex = FileMutex(place.mutex)
    while not mutex.acquire():
        time.sleep(0.001)
    store = place.kind(place.path, place.limit)
    try:
        yield store
    finally:
        store.close()
        mutex.release()
        mutex.close()


def keys(place: StorePlace) -> set[bytes]:
    with opened(place) as store:
        return {key for key, _ in store.items()}


def fill(place: StorePlace, count: int, expiry: float) -> set[bytes]:
    records = {session_id(): record(expiry) for _ in range(count)}
    with opened(place) as store:
        store.write(records)
    return set(records)


def test_it_begins_empty_whatever_is_there(place):
    begun(place)
    fill(place, 5, time.time() + 100)
    for suffix in ("", ".dir", ".pag", ".db"):
        place.path.with_name(f"cache{suffix}").write_bytes(b"of another type, or another server")
    begun(place)
    assert keys(place) == set()
    files = {file.name for file in place.path.parent.iterdir()}
    assert files <= {"mutex", *(f"cache{suffix}" for suffix in place.kind.suffixes)}


def test_nobody_else_may_read_it(place):
    begun(place)
    fill(place, 5, time.time() + 100)
    modes = {file.name: file.stat().st_mode & 0o777 for file in place.path.parent.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_what_is_well_is_left_alone(place):
    keeper, told = begun(place)
    filed = fill(place, 5, time.time() + 100)
    keeper.tend(told, 300)
    assert keys(place) == filed


@pytest.mark.parametrize("harm", ["deleted", "cut", "emptied", "noise", "replaced"])
def test_what_is_gone_or_damaged_is_made_anew(place, harm):
    keeper, told = begun(place)
    fill(place, 5, time.time() + 100)
    do(harm, place.kind, place.path)
    keeper.tend(told, 300)
    assert set(told.now) <= {Kind.READING}
    if harm == "deleted" or place.kind.reads_alone:
        assert keys(place) == set()
        assert "was gone or damaged" in told.now[Kind.READING]


def test_a_mutex_that_is_gone_is_made_anew(place):
    keeper, told = begun(place)
    filed = fill(place, 5, time.time() + 100)
    place.mutex.unlink()
    keeper.tend(told, 300)
    assert "was gone" in told.now[Kind.MUTEX]
    assert keys(place) == filed


def test_a_directory_that_cannot_be_written_to(place):
    keeper, told = begun(place)
    for file in place.path.parent.iterdir():
        file.unlink()
    place.path.parent.rmdir()
    keeper.tend(told, 300)
    assert "cannot be made" in told.now[Kind.KEEPING]
    place.path.parent.mkdir()
    keeper.tend(told, 300)
    assert Kind.KEEPING not in told.now
    assert keys(place) == set()


def test_expired_sessions_are_swept_by_a_process_of_its_own(place):
    keeper, told = begun(place)
    fill(place, 200, time.time() - 1)
    live = fill(place, 7, time.time() + 100)
    ends = time.monotonic() + 20
    while keys(place) != live and time.monotonic() < ends:
        keeper.tend(told, 300)
        time.sleep(0.1)
    assert keys(place) == live
    assert not told.now


def test_a_sweeper_that_hangs_is_ended(place):
    begun(place)
    sweeper = Sweeper(place, None)
    sweeper.start()
    process = sweeper._process
    process.send_signal(signal.SIGSTOP)
    sweeper.start()
    assert process.wait(20) == -signal.SIGKILL
    sweeper.start()
    assert sweeper._process.wait(20) == 0


def test_what_nobody_changes_is_not_swept_for_ever(place, monkeypatch):
    """A lifetime, and a little longer."""
    monkeypatch.setattr(room, "_SWEEP_EACH", 0.0)
    sweeps = []
    monkeypatch.setattr(room.Sweeper, "start", lambda _self: sweeps.append(1))
    keeper, told = begun(place)
    keeper.tend(told, 60)
    assert len(sweeps) == 1
    time.sleep(0.02)
    keeper.tend(told, 0.01)
    assert len(sweeps) == 1
    fill(place, 1, time.time() + 100)
    keeper.tend(told, 60)
    assert len(sweeps) == 2


@ROOT
def test_the_files_are_the_workers(place):
    nobody = Identity(65534, 65534, (65534,))
    begun(place, nobody)
    owners = {(file.stat().st_uid, file.stat().st_gid) for file in place.path.parent.iterdir()}
    assert owners == {(65534, 65534)}


@ROOT
def test_workers_use_it_in_a_directory_that_they_cannot_write_to(place, tmp_path):
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:3]:
        parent.chmod(0o755)
    place.path.parent.chmod(0o755)
    begun(place, Identity(65534, 65534, (65534,)))
    child = os.fork()
    if not child:
        status = 1
        try:
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            for _ in range(2):
                filed = fill(place, 5, time.time() + 100)
                assert filed <= keys(place)
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- placing ---


def test_links_in_the_way_are_replaced_and_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    precious.chmod(0o644)
    target = tmp_path / "cache"
    target.symlink_to(precious)
    put_in_place(target, lambda path: path.write_text("new"), None)
    assert precious.read_text() == "mine"
    assert stat.S_ISREG(target.lstat().st_mode)
    assert target.read_text() == "new"


def test_nothing_is_left_behind_by_what_fails(tmp_path):
    def fail(path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        put_in_place(tmp_path / "cache", fail, None)
    assert list(tmp_path.iterdir()) == []
