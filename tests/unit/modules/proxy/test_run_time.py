"""Upstreams that only requests name: which one makes room for another, and what becomes of its connections."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from unit.modules.asking import new_generation

from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.modules.proxy import run_time
from prefork_ssl.modules.proxy.connection import BackendConnection
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.pool import Pool
from prefork_ssl.modules.proxy.run_time import RunTimeUpstreams
from prefork_ssl.modules.proxy.upstream import Upstream
from prefork_ssl.modules.proxy.watch import Watch

LIMIT = 3


class Worker:
    """As much of one as upstreams need; it remembers which names it was told to forget."""

    def __init__(self, root: Path, server: socket.socket) -> None:
        self.generation = new_generation(root, {})
        self.watch = Watch()
        self.forgotten: list[str] = []
        self.upstreams = RunTimeUpstreams(self._new, root)
        self.server = server

    def _new(self, destination) -> Upstream:
        return Upstream(destination, None, self.generation, self.watch)

    def forget(self, name: str) -> None:
        self.forgotten.append(name)

    def name(self, number: int) -> str:
        """All are the same server, and only the names differ."""
        return f"proxy:unix:{self.server.getsockname()}|http://app{number}/"

    def pool(self, number: int) -> Pool:
        """The pool of that upstream."""
        upstream = self.upstreams.find(self.name(number), self)
        return upstream.pool(self.generation.configuration.server)

    def borrow(self, number: int) -> tuple[BackendConnection, socket.socket]:
        """A connection, and the server's end of it."""
        connection = self.pool(number).borrow(careful=False)
        return connection, self.accept()

    def accept(self) -> socket.socket:
        """The server's end of the next connection."""
        there, _ = self.server.accept()
        there.settimeout(20)
        return there

    def use(self, number: int) -> socket.socket:
        """Borrow and give back, in a turn of the loop of its own."""
        gevent.sleep(0.001)
        connection, there = self.borrow(number)
        connection.end(reusable=True)
        return there


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr(run_time, "_MOST", LIMIT)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "server"))
        server.listen()
        server.settimeout(20)
        yield Worker(tmp_path, server)


def refusal(worker: Worker, number: int) -> BackendFailure:
    """What is said to one too many."""
    with pytest.raises(BackendFailure) as caught:
        worker.pool(number)
    return caught.value


def test_a_name_is_an_upstream(worker: Worker):
    assert worker.pool(1) is worker.pool(1)
    assert worker.pool(1) is not worker.pool(2)
    assert worker.forgotten == []


def test_the_one_that_was_not_used_for_the_longest_time_makes_room(worker: Worker):
    first, second, _ = (worker.use(number) for number in range(LIMIT))
    worker.pool(0).borrow(careful=False).end(reusable=True)
    worker.use(3)
    assert worker.forgotten == [worker.name(1)]
    assert second.recv(1) == b""
    first.setblocking(False)
    with pytest.raises(BlockingIOError):
        first.recv(1)


def test_nothing_is_left_of_those_that_have_left(worker: Worker):
    there = [worker.use(number) for number in range(20)]
    assert worker.forgotten == [worker.name(number) for number in range(20 - LIMIT)]
    assert [end.recv(1) for end in there[:-LIMIT]] == [b""] * (20 - LIMIT)
    assert len(worker.watch.also) == LIMIT
    assert len(worker.watch._wires) == LIMIT


def test_one_in_use_stays(worker: Worker):
    busy, _there = worker.borrow(0)
    for number in range(1, 2 * LIMIT):
        worker.use(number)
    assert worker.name(0) not in worker.forgotten
    pool = worker.pool(0)
    busy.end(reusable=True)
    assert pool.borrow(careful=False) is busy


def test_one_that_could_not_be_reached_is_not_in_use(worker: Worker):
    Path(worker.server.getsockname()).unlink()
    for number in range(2 * LIMIT):
        with pytest.raises(BackendFailure, match="could not be connected to"):
            worker.pool(number).borrow(careful=False)
    assert worker.forgotten == [worker.name(number) for number in range(LIMIT)]


def test_who_still_has_a_pool_that_has_left_can_use_it_once(worker: Worker):
    """As a request whose body was being read before it needed a connection."""
    pool = worker.pool(0)
    for number in range(1, LIMIT + 1):
        worker.use(number)
    assert worker.forgotten == [worker.name(0)]
    connection = pool.borrow(careful=False)
    there = worker.accept()
    connection.end(reusable=True)
    assert there.recv(1) == b""


def test_all_busy(worker: Worker, monkeypatch: pytest.MonkeyPatch):
    now = 1000.0
    monkeypatch.setattr(run_time.time, "monotonic", lambda: now)
    busy = [worker.borrow(number)[0] for number in range(LIMIT)]
    failure = refusal(worker, 3)
    assert (failure.status, failure.level) == (503, Level.ERROR)
    assert "one server too many: all 3 that rules have named" in str(failure)
    for _ in range(5):
        now += 50
        assert refusal(worker, 4).level is Level.DEBUG
    busy[1].end(reusable=True)
    now += 1
    worker.use(5)
    assert worker.forgotten == [worker.name(1)]
    worker.borrow(5)
    assert refusal(worker, 6).level is Level.DEBUG
    now += 60
    assert refusal(worker, 6).level is Level.ERROR


def test_what_is_no_url_drives_nobody_away(worker: Worker):
    for number in range(LIMIT):
        worker.use(number)
    with pytest.raises(BackendFailure, match="is not the URL of a server") as caught:
        worker.upstreams.find("proxy:http://a b/", worker)
    assert (caught.value.status, caught.value.level) == (502, Level.ERROR)
    assert worker.forgotten == []
