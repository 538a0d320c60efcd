"""What each worker is doing, in memory that the master and all its workers share.

Each worker has a slot of its own and is the only one to write to it. The numbers are 64 bits wide and aligned, so a
reader in another process sees each of them whole.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import ClassVar

# Numbers in a slot: the kernel's own, then those of modules. A slot fills whole cache lines, so that workers do not
# slow each other down.
_OWN_WORDS, SLOT_WORDS = 16, 64
# StartServers goes up to 1024, and generations that drain need slots beside the one in service.
SLOTS = 4096

PID, NUMBER, GENERATION, DRAINING, BEATS, ACCEPTED, OPEN, REQUESTS, BUSY, SENT = range(10)


class Counter(int):
    """A number that a module counts in each worker, as declared once, when the module is imported:

        HITS = Counter("ssl_session_hits", "sessions found ...")
        worker.slot.words[HITS] += 1

    It is the number's place in a slot. What ended workers have counted stays in the total.
    """

    all: ClassVar[list[Counter]] = []

    name: str
    doc: str

    def __new__(cls, name: str, doc: str) -> Counter:
        """`name` is for machines, of lower-case letters and _; `doc` for people."""
        place = _OWN_WORDS + len(cls.all)
        if place >= SLOT_WORDS:
            raise ValueError(f"there is no room for a counter {name}: modules have {SLOT_WORDS - _OWN_WORDS}")
        counter = super().__new__(cls, place)
        counter.name, counter.doc = name, doc
        cls.all.append(counter)
        return counter


class Slot:
    """A worker's place on the board. `words` holds the numbers, indexed by the names above:

    PID (0: the slot is free), NUMBER (of the worker, from 1), GENERATION, DRAINING (1 or 0), BEATS (rises while the
    worker lives), ACCEPTED (connections so far), OPEN (connections now), REQUESTS (so far), BUSY (requests now),
    SENT (bytes of response bodies so far). What is about requests is as of the last beat. Counters of modules come
    behind them.
    """

    __slots__ = ("words",)

    def __init__(self, words: memoryview) -> None:
        self.words = words


class Scoreboard:
    """The board: `slots`, free and used. The master makes it before the first fork."""

    def __init__(self, slots: int = SLOTS) -> None:
        words = memoryview(mmap.mmap(-1, slots * SLOT_WORDS * 8)).cast("q")
        self.slots = [
            Slot(words[start : start + SLOT_WORDS]) for start in range(0, slots * SLOT_WORDS, SLOT_WORDS)
        ]
        # Not 64 bits wide: whatever a worker has written, the master can add it up.
        self._past = [0] * SLOT_WORDS

    def claim(self, number: int, generation: int) -> Slot | None:
        """A free slot for a worker that is about to begin; None if there is none. The caller sets its PID."""
        for slot in self.slots:
            if not slot.words[PID]:
                slot.words[:] = memoryview(bytes(SLOT_WORDS * 8)).cast("q")
                slot.words[NUMBER], slot.words[GENERATION] = number, generation
                return slot
        return None

    def release(self, slot: Slot) -> None:
        """The worker has ended: what it did goes into the totals."""
        for field in (ACCEPTED, REQUESTS, SENT, *Counter.all):
            self._past[field] += slot.words[field]
        slot.words[PID] = 0

    def total(self, field: int) -> int:
        """The sum over all workers; for ACCEPTED, REQUESTS, SENT and the counters of modules, those that have ended are
        counted too."""
        return self._past[field] + sum(slot.words[field] for slot in self)

    def counters(self) -> dict[str, int]:
        """The totals of the modules' counters, by name."""
        return {counter.name: self.total(counter) for counter in Counter.all}

    def __iter__(self) -> Iterator[Slot]:
        """The slots in use."""
        return (slot for slot in self.slots if slot.words[PID])
