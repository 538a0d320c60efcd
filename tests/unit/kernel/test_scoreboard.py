"""The scoreboard: one slot for each worker, seen by all processes."""

import os

import pytest

from prefork_ssl.kernel.process.scoreboard import (
    ACCEPTED,
    BUSY,
    GENERATION,
    NUMBER,
    OPEN,
    PID,
    REQUESTS,
    SLOT_WORDS,
    Counter,
    Scoreboard,
)


def test_what_a_child_writes_the_parent_sees() -> None:
    board = Scoreboard(2)
    slot = board.claim(1, 7)
    child = os.fork()
    if not child:
        slot.words[REQUESTS] += 5
        slot.words[OPEN] = 1 << 40
        os._exit(0)
    os.waitpid(child, 0)
    assert slot.words[REQUESTS] == 5
    assert slot.words[OPEN] == 1 << 40
    assert (slot.words[NUMBER], slot.words[GENERATION]) == (1, 7)


def test_totals_outlive_their_workers_and_gauges_do_not() -> None:
    board = Scoreboard(2)
    first, second = board.claim(1, 1), None
    first.words[PID] = 100
    second = board.claim(2, 1)
    second.words[PID] = 200
    for slot in (first, second):
        slot.words[ACCEPTED] = 10
        slot.words[BUSY] = 3
    assert (board.total(ACCEPTED), board.total(BUSY)) == (20, 6)
    board.release(first)
    assert (board.total(ACCEPTED), board.total(BUSY)) == (20, 3)
    assert list(board) == [second]


def test_no_number_of_a_worker_is_too_large_for_the_master() -> None:
    board = Scoreboard(1)
    for _ in range(3):
        slot = board.claim(1, 1)
        slot.words[PID] = 100
        slot.words[ACCEPTED] = (1 << 63) - 1
        board.release(slot)
    assert board.total(ACCEPTED) == 3 * ((1 << 63) - 1)


def test_slots_are_cleared_when_they_are_used_again_and_may_run_out() -> None:
    board = Scoreboard(1)
    slot = board.claim(1, 1)
    slot.words[PID] = 100
    slot.words[BUSY] = 9
    assert board.claim(2, 1) is None
    board.release(slot)
    again = board.claim(2, 2)
    assert again is slot
    assert (again.words[NUMBER], again.words[BUSY]) == (2, 0)


def test_neighbours_do_not_touch() -> None:
    board = Scoreboard(3)
    slots = board.slots
    for index in range(len(slots[1].words)):
        slots[1].words[index] = -1
    assert not any(slots[0].words)
    assert not any(slots[2].words)


# --- counters of modules ---


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> tuple[Counter, Counter]:
    """Two of a module, for one test."""
    monkeypatch.setattr(Counter, "all", [])
    return Counter("apples", "eaten"), Counter("pears", "left over")


def test_modules_count_where_nobody_else_does(counters: tuple[Counter, Counter]) -> None:
    apples, pears = counters
    board = Scoreboard(2)
    for number in (1, 2):
        slot = board.claim(number, 1)
        slot.words[PID] = number
        before = list(slot.words)
        slot.words[apples] += number
        slot.words[pears] += 10 * number
        assert sum(a != b for a, b in zip(before, slot.words, strict=True)) == 2
    board.release(board.slots[0])
    assert board.counters() == {"apples": 3, "pears": 30}


def test_there_is_room_for_so_many_counters_only(counters: tuple[Counter, Counter]) -> None:
    for number in range(SLOT_WORDS - max(counters) - 1):
        Counter(f"counter_{number}", "")
    with pytest.raises(ValueError, match="no room for a counter one_too_many"):
        Counter("one_too_many", "")
