"""Applications beside their connection: turns, exceptions, ends, in greenlets as in threads."""

from __future__ import annotations

import contextvars
import gc
import threading
import weakref
from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent.threadpool import ThreadPool

from prefork_ssl.modules.wsgi.running import greenlets
from prefork_ssl.modules.wsgi.running.greenlets import GreenletRun
from prefork_ssl.modules.wsgi.running.run import Abandoned, ApplicationExit, Run
from prefork_ssl.modules.wsgi.running.threads import ThreadRun


@pytest.fixture(params=["greenlet", "thread"])
def new_run(request: pytest.FixtureRequest) -> Iterator[Callable[[], Run]]:
    if request.param == "greenlet":
        yield GreenletRun
    else:
        pool = ThreadPool(2)
        yield lambda: ThreadRun(pool)
        pool.kill()


def test_they_take_turns(new_run) -> None:
    log = []

    def perform(run: Run) -> None:
        for piece in (b"a", b"b"):
            log.append(f"gives {piece}")
            run.give(piece)
        log.append("ends")

    run = new_run()
    taken = [run.begin(perform), log.append("took"), run.resume(), log.append("took"), run.resume()]
    assert taken == [b"a", None, b"b", None, None]
    assert log == ["gives b'a'", "took", "gives b'b'", "took", "ends"]


def test_exceptions_come_with_their_traceback(new_run) -> None:
    def perform(run: Run) -> None:
        run.give(b"a")
        raise KeyError("late")

    run = new_run()
    assert run.begin(perform) == b"a"
    with pytest.raises(KeyError, match="late") as caught:
        run.resume()
    assert caught.traceback[-1].name == "perform"
    run.abandon()  # nothing is left to be abandoned


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), gevent.Timeout(1)])
def test_nobody_ends_the_worker(new_run, error: BaseException) -> None:
    def perform(_run: Run) -> None:
        raise error

    with pytest.raises(ApplicationExit) as caught:
        new_run().begin(perform)
    assert caught.value.__cause__ is error


def test_what_is_abandoned_ends(new_run) -> None:
    log = []

    def perform(run: Run) -> None:
        try:
            run.give(b"a")
        finally:
            with pytest.raises(Abandoned):
                run.give(b"more")
            log.append("ended")

    run = new_run()
    run.begin(perform)
    run.abandon()
    assert log == ["ended"]
    run.abandon()
    with pytest.raises(RuntimeError, match="after the application's end"):
        run.give(b"b")


def test_a_mistake_while_it_is_abandoned_is_raised(new_run) -> None:
    def perform(run: Run) -> None:
        try:
            run.give(b"a")
        except Abandoned:
            raise KeyError("while cleaning up") from None

    run = new_run()
    run.begin(perform)
    with pytest.raises(KeyError):
        run.abandon()


def test_who_swallows_it_is_not_given_another_chance(new_run) -> None:
    def perform(run: Run) -> None:
        for _ in range(3):
            try:
                run.give(b"a")
            except Abandoned:
                continue

    run = new_run()
    run.begin(perform)
    run.abandon()


def test_the_connection_does_what_is_called(new_run) -> None:
    here = gevent.getcurrent(), threading.get_native_id()

    def work() -> object:
        gevent.sleep(0.001)
        return threading.get_native_id()

    def perform(run: Run) -> None:
        assert run.call(work) == here[1]
        with pytest.raises(ZeroDivisionError):
            run.call(lambda: 1 / 0)
        run.give(b"done")

    run = new_run()
    assert run.begin(perform) == b"done"
    assert run.resume() is None


def test_giving_from_elsewhere_is_refused(new_run) -> None:
    run = new_run()
    errors = []

    def elsewhere() -> None:
        try:
            run.give(b"mixed in")
        except RuntimeError as error:
            errors.append(str(error))

    def perform(_run: Run) -> None:
        gevent.spawn(elsewhere).join()
        run.give(b"a")

    assert run.begin(perform) == b"a"
    assert run.resume() is None
    assert errors == ["write() was called after the application's end, or from another thread or greenlet"]


def test_many_at_once(new_run) -> None:
    def perform(run: Run) -> None:
        for number in range(20):
            run.call(lambda: gevent.sleep(0))
            run.give(b"%d" % number)

    def connection() -> list[bytes]:
        run = new_run()
        pieces = [run.begin(perform)]
        while pieces[-1] is not None:
            pieces.append(run.resume())
        return pieces[:-1]

    expected = [b"%d" % number for number in range(20)]
    assert [each.get() for each in [gevent.spawn(connection) for _ in range(20)]] == [expected] * 20


def test_context_variables_are_not_handed_on() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    seen = []

    def perform(_run: Run) -> None:
        seen.append(variable.get())
        variable.set("set")

    for _ in range(3):
        GreenletRun().begin(perform)
    assert seen == ["unset"] * 3


def test_greenlets_are_used_again_and_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greenlets, "_resting", [])
    monkeypatch.setattr(greenlets, "_MOST_RESTING", 3)
    seen = set()

    def perform(run: Run) -> None:
        seen.add(id(gevent.getcurrent()))
        run.give(b"a")

    for _ in range(10):
        run = GreenletRun()
        run.begin(perform)
        run.resume()
    assert len(seen) == 1
    runs = [GreenletRun() for _ in range(10)]
    for run in runs:
        run.begin(perform)
    for run in runs:
        assert run.resume() is None
    assert len(greenlets._resting) == 3


def test_nothing_of_a_request_is_kept(new_run) -> None:
    class Thing:
        pass

    def performed() -> weakref.ref:
        thing = Thing()

        def perform(run: Run) -> None:
            run.give(repr(thing).encode())

        run = new_run()
        run.begin(perform)
        run.resume()
        return weakref.ref(thing)

    left = performed()
    gevent.sleep(0.01)
    gc.collect()
    assert left() is None
