"""Clients that fail again and again (SSLLogRepeat)."""

from __future__ import annotations

import re

import gevent
import pytest

from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.repeats import ROOM, Repeats


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Log:
    """Writes what is admitted, as SSLLog does."""

    def __init__(self, repeats: Repeats) -> None:
        self.repeats = repeats
        self.lines: list[str] = []
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        if event.name == "repeated" or self.repeats.admit(self, event):
            self.lines.append(event.message)
            self.events.append(event)

    def fail(
        self, times: int, client: str = "192.0.2.1", message: str = "handshake failed: x", **more
    ) -> None:
        for port in range(times):
            self.write(Event(SSLLevel.INFO, "handshake-failed", message, (client, 40000 + port), **more))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> Log:
    return Log(Repeats(3, 60, clock))


def test_some_lines_and_then_a_number(log, clock):
    log.fail(10, fields={"reason": "x"}, hint="do this")
    assert log.lines == ["handshake failed: x"] * 3
    clock.seconds += 61
    log.fail(1)
    assert log.lines[3:] == ["7 more in 60 s not logged: handshake failed: x", "handshake failed: x"]
    summary = log.events[3]
    assert (summary.client, summary.hint) == (("192.0.2.1", 0), "do this")
    assert summary.fields == {"reason": "x", "of": "handshake-failed", "count": 7, "seconds": 60}


def test_no_number_where_nothing_was_left_out(log, clock):
    log.fail(3)
    clock.seconds += 61
    log.fail(1)
    assert log.lines == ["handshake failed: x"] * 4


def test_other_clients_other_causes_and_other_hosts_are_counted_by_themselves(log):
    log.fail(5)
    log.fail(5, client="192.0.2.2")
    log.fail(5, message="handshake failed: y")
    other = Log(log.repeats)
    other.fail(5)
    assert len(log.lines) == 9
    assert len(other.lines) == 3
    log.repeats.tell()
    assert len(log.lines) == 12
    assert len(other.lines) == 4


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),  # one customer's network
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_what_counts_as_one_client(log, first, second, together):
    log.fail(3, client=first)
    log.fail(3, client=second)
    assert len(log.lines) == (3 if together else 6)


def test_memory_is_bounded(log):
    log.fail(4)
    for number in range(2 * ROOM):
        log.fail(1, client=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(log.repeats._counts) == ROOM
    assert log.lines.count("1 more in 60 s not logged: handshake failed: x") == 1
    assert len(log.lines) == 3 + 1 + 2 * ROOM


def test_all_lines_if_asked_for(clock):
    log = Log(Repeats(0, 60, clock))
    log.fail(100)
    assert len(log.lines) == 100


def test_who_has_no_address_is_not_counted(log):
    for _ in range(10):
        log.write(Event(SSLLevel.INFO, "handshake-failed", "it happened"))
    assert len(log.lines) == 10


def test_a_worker_s_loop_tells_the_number_in_time():
    log = Log(Repeats(1, 0.1))
    log.repeats.run(gevent.get_hub().loop)
    log.fail(3)
    gevent.sleep(0.3)
    log.fail(3)
    gevent.sleep(0.3)
    told = re.compile(r"2 more in 0\.1 s not logged: handshake failed: x")
    assert [bool(told.fullmatch(line)) for line in log.lines] == [False, True, False, True]


def test_and_waits_for_nothing_when_there_is_nothing_to_tell():
    log = Log(Repeats(3, 0.05))
    log.repeats.run(gevent.get_hub().loop)
    log.fail(3)
    assert not log.repeats._timer.active
    log.fail(1)
    assert log.repeats._timer.active
    gevent.sleep(0.2)
    assert not log.repeats._timer.active
