"""Harm to the session cache of a server with four workers under load: no handshake fails, one line in the log for each
episode, and the cache comes back by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from blackbox.authority import Authority
from blackbox.resuming import V12, V13, Visitor
from blackbox.server import Server
from blackbox.test_sessions_dbm import CONFIGURATION, launch
from blackbox.until import until

KINDS = pytest.mark.parametrize("kind", ["lmdb", "sqlite3"])
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Load:
    """Clients that come all the time, new ones and some that come back."""

    def __init__(self, server: Server, authority: Authority) -> None:
        self.visitors = [Visitor(server, authority, version) for version in (V12, V13)]
        self.visits = 0
        self.failures: list[str] = []
        self.slowest = 0.0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(visitor,)) for visitor in self.visitors]

    def _run(self, visitor: Visitor) -> None:
        number = 0
        while not self._over.wait(0.01):
            number += 1
            began = time.monotonic()
            try:
                visitor.visit(fresh=number % 3 == 0)
            except Exception as error:  # noqa: BLE001 - any failure counts
                self.failures.append(repr(error))
            self.visits += 1
            self.slowest = max(self.slowest, time.monotonic() - began)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        until(lambda: self.visits > 10 or self.failures, "clients come")
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def goes_on(self, seconds: float = 1.0) -> None:
        """Let some more come."""
        before, ends = self.visits, time.monotonic() + seconds
        until(lambda: time.monotonic() > ends and self.visits > before + 20, "clients come", 20)
        assert not self.failures


@contextmanager
def load(server: Server, authority: Authority) -> Iterator[Load]:
    with Load(server, authority) as clients:
        yield clients
        clients.goes_on()
    assert not clients.failures
    assert "was ended by" not in server.log(), "a worker died"


def resumes(server: Server, authority: Authority) -> bool:
    """Whether sessions are shared."""
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    return visitor.visits(6) == 6


def told(server: Server) -> list[str]:
    """What the log says about trouble with the cache."""
    return [
        line for line in server.log("ssl_log").splitlines() if "[warn]" in line and "session cache" in line
    ]


def recovered(server: Server, authority: Authority) -> None:
    until(lambda: resumes(server, authority), "sessions are shared again", 15)
    time.sleep(1.1)  # a look of the master, and of every worker, later
    assert resumes(server, authority)


def episode_is_over(server: Server, number: int) -> None:
    over = "session cache: it can be read again"
    until(lambda: server.log("ssl_log").count(over) == number, "the episode is over", 20)


def one_line_with_a_hint(server: Server, *texts: str) -> None:
    (line,) = told(server)
    assert "[Hint: " in line
    assert "going on without it" in line
    assert any(text in line for text in texts), line


# --- the file ---


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, 5000)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def overwrite(path: Path) -> None:
    size = min(path.stat().st_size, 1 << 20)
    with path.open("r+b") as file:
        file.write(os.urandom(size))


def replace(path: Path) -> None:
    other = path.with_name("something")
    other.write_bytes(b"else" * 10000)
    other.replace(path)


@KINDS
@pytest.mark.parametrize("harm", [delete, cut, empty, overwrite, replace])
def test_harm_to_the_file(new_server, authority: Authority, kind: str, harm: Callable[[Path], None]) -> None:
    server = launch(new_server, cache=f"dbm={kind}:logs/cache")
    with load(server, authority) as clients:
        harm(server.root / "logs/cache")
        clients.goes_on()
        recovered(server, authority)
    one_line_with_a_hint(server, "logs/cache")
    assert "session cache: it can be " in server.log("ssl_log")


@pytest.mark.parametrize("harm", [delete, cut, empty, overwrite])
def test_harm_to_the_file_beside_it(new_server, authority: Authority, harm: Callable[[Path], None]) -> None:
    server = launch(new_server)
    with load(server, authority) as clients:
        harm(server.root / "logs/cache-lock")
        clients.goes_on()
        recovered(server, authority)
    assert len(told(server)) <= 1


def test_all_files_are_deleted(new_server, authority: Authority) -> None:
    server = launch(new_server)
    with load(server, authority):
        for path in (server.root / "logs").glob("cache*"):
            path.unlink()
        recovered(server, authority)
    assert 1 <= len(told(server)) <= 2  # the file and the mutex are two episodes


def test_again_and_again(new_server, authority: Authority) -> None:
    server = launch(new_server)
    with load(server, authority):
        for number in range(1, 4):
            cut(server.root / "logs/cache")
            recovered(server, authority)
            episode_is_over(server, number)
            assert len(told(server)) == number


class Mounted:
    """A server whose cache is on a small file system of its own, which can be mounted with options, and filled."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._folder = server.root / "mounted"
        self._folder.mkdir()
        self._filler = self._folder / "filler"

    def mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", f"{options},mode=755", "tmpfs", self._folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"cannot mount: {done.stderr}")

    def fill(self) -> None:
        with suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def empty(self) -> None:
        self._filler.unlink()

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", self._folder], check=False)


@pytest.fixture
def mounted(new_server) -> Iterator[Callable[[str], Mounted]]:
    """What makes such a server for a type of DBM."""
    made: list[Mounted] = []

    def make(kind: str) -> Mounted:
        server = new_server(CONFIGURATION, cache=f"dbm={kind}:mounted/cache(1000000)", tickets="off", more="")
        server.write("index.html", b"<p>hello\n")
        made.append(Mounted(server))
        return made[-1]

    yield make
    for each in made:
        each.unmount()


@ROOT
@KINDS
def test_its_directory_is_read_only(mounted, authority: Authority, kind: str) -> None:
    """From the beginning: the server serves, and says so; later the cache can be made."""
    place = mounted(kind)
    place.mount("ro,size=4m")
    server = place.server.start()
    with load(server, authority) as clients:
        clients.goes_on()
        one_line_with_a_hint(server, "cannot be made")
        place.mount("remount,rw,size=4m")
        recovered(server, authority)
    assert len(told(server)) == 1


@ROOT
@KINDS
def test_its_disk_is_full_from_the_beginning(mounted, authority: Authority, kind: str) -> None:
    place = mounted(kind)
    place.mount("size=4m")
    place.fill()
    server = place.server.start()
    with load(server, authority) as clients:
        clients.goes_on()
        one_line_with_a_hint(server, "cannot be made")
        place.empty()
        recovered(server, authority)
    assert len(told(server)) == 1


@ROOT
def test_its_disk_becomes_full(mounted, authority: Authority) -> None:
    place = mounted("sqlite3")
    place.mount("size=4m")
    server = place.server.start()
    assert resumes(server, authority)
    with load(server, authority) as clients:
        place.fill()
        until(lambda: told(server), "it is told", 30)
        clients.goes_on()
        place.empty()
        recovered(server, authority)
    one_line_with_a_hint(server, "cannot be used")


@ROOT
def test_what_lmdb_needs_of_a_disk_it_has_from_the_beginning(mounted, authority: Authority) -> None:
    """So sessions are stored while it is full."""
    place = mounted("lmdb")
    place.mount("size=4m")
    server = place.server.start()
    place.fill()
    with load(server, authority):
        for _ in range(20):
            assert resumes(server, authority)
    assert not told(server)


# --- the mutex ---


def test_its_file_is_deleted(new_server, authority: Authority) -> None:
    server = launch(new_server)
    with load(server, authority):
        (server.root / "logs/cache.mutex").unlink()
        recovered(server, authority)
    one_line_with_a_hint(server, "mutex")


def test_a_stopped_process_holds_it(new_server, authority: Authority) -> None:
    """Which is no worker of ours, so that everything else goes on."""
    server = launch(new_server)
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    holder = subprocess.Popen(
        ["flock", "--no-fork", server.root / "logs/cache.mutex", "sleep", "1000"], stdin=subprocess.DEVNULL
    )
    try:
        until(lambda: _locked(holder.pid), "it is locked")
        holder.send_signal(signal.SIGSTOP)
        with load(server, authority) as clients:
            until(lambda: told(server), "it is told", 20)
            assert visitor.visits(8) == 8  # readers need no mutex
            assert clients.slowest < 2
            one_line_with_a_hint(server, f"process {holder.pid} does not give back the mutex")
            holder.kill()
            recovered(server, authority)
        assert len(told(server)) == 1
    finally:
        holder.kill()
        holder.wait()


def _locked(pid: int) -> bool:
    lines = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    return any(row[1] == "FLOCK" and row[4] == str(pid) for row in lines)


def test_a_worker_is_stopped_while_it_holds_it(new_server, authority: Authority) -> None:
    """Whenever that is: then it hangs, is found out by its silence, killed and replaced."""
    server = launch(new_server, configuration="WorkerHeartbeatTimeout 2\n" + CONFIGURATION)
    stopped = _stop_while_holding(server, authority)
    with Load(server, authority) as clients:
        until(lambda: stopped not in server.workers(), "it is killed", 20)
        recovered(server, authority)
    # Whoever was with the stopped worker had to wait, and then to try again.
    assert len(clients.failures) <= 4, clients.failures


def _stop_while_holding(server: Server, authority: Authority) -> int:
    """Stop a worker in the moment when it has the mutex; its process id."""
    inode = (server.root / "logs/cache.mutex").stat().st_ino
    with Load(server, authority):
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            rows = (line.split() for line in Path("/proc/locks").read_text().splitlines())
            for row in rows:
                pid = int(row[4])
                if row[1] == "FLOCK" and row[5].endswith(f":{inode}") and pid in server.workers():
                    os.kill(pid, signal.SIGSTOP)
                    if _locked(pid):
                        return pid
                    os.kill(pid, signal.SIGCONT)
    pytest.fail("no worker could be caught")


@KINDS
def test_workers_are_killed_in_the_middle_of_writes(new_server, authority: Authority, kind: str) -> None:
    """At any moment, many times: the system releases the mutex, and what was written before is there."""
    server = launch(new_server, cache=f"dbm={kind}:logs/cache")
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    time.sleep(5.1)  # those that die younger are not replaced at once
    with Load(server, authority) as clients:
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
            time.sleep(0.2)
        until(lambda: len(server.workers()) == 4, "all are replaced", 20)
        recovered(server, authority)
    # A client whose worker is killed has lost its connection; all others were served.
    assert len(clients.failures) <= 8
    assert visitor.visits(8) == 8
    assert not told(server)


# --- records ---


@pytest.mark.parametrize("change", ["a bit", "another id"])
def test_doctored_records_are_refused(new_server, authority: Authority, change: str) -> None:
    """By who may write to the file: the workers' own user."""
    server = launch(new_server)
    visitors = [Visitor(server, authority, V12) for _ in range(2)]
    for visitor in visitors:
        visitor.visit()
    server.reload()  # so that no worker has them in its own OpenSSL
    _doctor(server.root / "logs/cache", change)
    assert [visitor.visit() for visitor in visitors] == [False, False]
    assert resumes(server, authority)


def _doctor(path: Path, change: str) -> None:
    program = f"""
import lmdb, sys
environment = lmdb.open({str(path)!r}, subdir=False, map_size={path.stat().st_size}, max_dbs=2, max_readers=2048)
table = environment.open_db(b"records")
with environment.begin(table, write=True) as transaction:
    records = dict(transaction.cursor())
    assert len(records) == 2
    ids = list(records)
    for own, other in (ids, ids[::-1]):
        record = records[own]
        doctored = record[:-9] + bytes([record[-9] ^ 4]) + record[-8:]
        transaction.put(own, doctored if {change!r} == "a bit" else records[other])
"""
    subprocess.run([os.environ.get("PYTHON", os.sys.executable), "-c", program], check=True)
