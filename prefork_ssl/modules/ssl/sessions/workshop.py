"""Work that can wait for a moment in which the worker has nothing else to do.

There, throw-away handshakes are made ahead (openssl/adoption.py), and used ones are freed: of what the adoption of a
session costs, a client waits only for the last step.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.adoption import Adoption

Chore = Callable[[], None]

# A worker that is never idle does the chores beyond these at once.
_LONGEST_QUEUE = 256
# Seconds of work in one idle moment: a client that comes then waits no longer.
_MOMENT = 0.0005
# Handshakes that one host has ready, and those of all hosts together. Each takes 48 KB.
_FEWEST, _MOST, _MOST_OF_ALL = 4, 32, 128


class Workshop:
    """One for each worker."""

    def __init__(self) -> None:
        self.spares = 0  # throw-away handshakes of all hosts, ready or to come
        self._chores: deque[Chore] = deque()
        self._watcher: Any = None

    def open(self, loop: Any) -> None:
        """From now on chores are done, when `loop` is idle. Before, they wait."""
        self._watcher = loop.idle()
        if self._chores:
            self._watcher.start(self.work)

    def close(self) -> None:
        """Chores are left undone from now on."""
        self._chores.clear()
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None

    def put_off(self, chore: Chore) -> None:
        """Do it later."""
        self._chores.append(chore)
        if len(self._chores) > _LONGEST_QUEUE:
            self._chores.popleft()()
        elif len(self._chores) == 1 and self._watcher is not None:
            self._watcher.start(self.work)

    def work(self) -> None:
        """Do chores for a moment."""
        ends = time.monotonic() + _MOMENT
        while self._chores and time.monotonic() < ends:
            self._chores.popleft()()
        if not self._chores and self._watcher is not None:
            self._watcher.stop()


class Adopter:
    """Adopts sessions into the Context of one host.

    Throw-away handshakes are made, and freed, several at a time: alone, each would find the processor's caches cold.
    """

    __slots__ = ("_context", "_ready", "_short", "_stock", "_used", "_versions", "_wanted", "_workshop")

    def __init__(self, context: SSL.Context, versions: tuple[int, int], workshop: Workshop) -> None:
        """`versions` are the lowest and the highest that the host speaks."""
        self._context = context
        self._versions = versions
        self._workshop = workshop
        self._ready: list[Adoption] = []
        self._stock = 0  # those that are ready, and those to come
        self._used: list[Adoption] = []
        self._wanted = _FEWEST // 2
        self._short = False  # whether one was wanted and none was ready

    def adopt(self, der: bytes, *, keep: bool = True) -> bool:
        """Let the Context resume this session. Whether OpenSSL took it. Unless it is to `keep` it, that is for the
        handshake which comes next in this turn of the event loop."""
        adoption = self._take()
        try:
            return adoption.adopt(der)
        finally:
            if keep:
                self._used.append(adoption)
            else:
                self._workshop.put_off(adoption.undo)
            # The second is for a worker that is never idle: handshakes that are to come may not come for long.
            if self._stock <= self._wanted // 2 or len(self._used) > _MOST:
                self._restock()

    def _take(self) -> Adoption:
        if not self._ready:
            self._short = True
            return Adoption(self._context, self._versions)
        self._stock -= 1
        self._workshop.spares -= 1
        return self._ready.pop()

    def _restock(self) -> None:
        """Let new ones be made, and used ones freed."""
        if self._short:
            self._short, self._wanted = False, min(2 * self._wanted, _MOST)
        for _ in range(min(self._wanted - self._stock, _MOST_OF_ALL - self._workshop.spares)):
            self._stock += 1
            self._workshop.spares += 1
            self._workshop.put_off(self._prepare)
        for used in self._used:
            self._workshop.put_off(used.free)
        self._used.clear()

    def _prepare(self) -> None:
        self._ready.append(Adoption(self._context, self._versions))
