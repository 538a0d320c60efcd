"""Trouble with the cache: told once, by whoever notices it first, and once more when it is over.

All workers run into the same trouble at the same time. What has been told is known to all of them by a few words of
shared memory.
"""

from __future__ import annotations

import enum
import mmap
import time

from prefork_ssl.modules.ssl.log.events import sessions as events
from prefork_ssl.modules.ssl.log.log import SSLLog


class Kind(enum.IntEnum):
    """What does not work. Each has an end of its own."""

    KEEPING = 0  # the master cannot make the files
    READING = 1
    WRITING = 2
    MUTEX = 3
    NETWORK = 4


_OVER = {
    Kind.KEEPING: "its files could be made",
    Kind.READING: "it can be read again",
    Kind.WRITING: "it can be written again",
    Kind.MUTEX: "its mutex is free again",
    Kind.NETWORK: "its server answers again",
}


# Milliseconds without trouble until it is over.
_QUIET = 2000


class Trouble:
    """What is told, and in which log. It is made before workers are forked."""

    def __init__(self, log: SSLLog, previous: Trouble | None = None) -> None:
        """What the generation before has told is told."""
        self._log = log
        # When each kind was last seen, in milliseconds of time.monotonic; 0 if all is well.
        self._seen: memoryview = previous._seen if previous else _shared_words(len(Kind))

    def tell(self, kind: Kind, what: str, hint: str = "") -> None:
        """It does not work. What follows from the master's trouble with the files is not told as well."""
        new = not self._seen[kind] and not self._seen[Kind.KEEPING]
        self._seen[kind] = _now()
        if new:
            events.trouble(self._log, what, hint)

    def over(self, kind: Kind) -> None:
        """It works. Called each time it does: on a disk that is full, some changes still find room."""
        if self._seen[kind] and _now() - self._seen[kind] > _QUIET:
            self._seen[kind] = 0
            events.recovered(self._log, _OVER[kind])


def _now() -> int:
    return time.monotonic_ns() // 1_000_000


def _shared_words(count: int) -> memoryview:
    """Numbers that all processes see which are forked from now on."""
    return memoryview(mmap.mmap(-1, 8 * count)).cast("q")
