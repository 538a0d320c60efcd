"""Trouble with the cache: told once, by whoever notices it first, and once more when it is over.

All workers run into the same trouble at the same time. What has been told is known to all of them by a few words of
shared memory.
"""

from __future__ import annotations

import enum
import mmap

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


class Trouble:
    """What is told, and in which log. It is made before workers are forked."""

    def __init__(self, log: SSLLog, previous: Trouble | None = None) -> None:
        """What the generation before has told is told."""
        self._log = log
        self._told: memoryview = previous._told if previous else _shared_words(len(Kind))

    def tell(self, kind: Kind, what: str, hint: str = "") -> None:
        """It does not work."""
        if not self._told[kind]:
            self._told[kind] = 1
            events.trouble(self._log, what, hint)

    def over(self, kind: Kind) -> None:
        """It works. Called each time it does."""
        if self._told[kind]:
            self._told[kind] = 0
            events.recovered(self._log, _OVER[kind])


def _shared_words(count: int) -> memoryview:
    """Numbers that all processes see which are forked from now on."""
    return memoryview(mmap.mmap(-1, 8 * count)).cast("q")
