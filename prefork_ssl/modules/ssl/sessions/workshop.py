"""Work that can wait for a moment in which the worker has nothing else to do.

There, throw-away handshakes are made ahead (openssl/adoption.py), and used ones are freed: of what the adoption of a
session costs, a client waits only for the last step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.adoption import Adoption

Chore = Callable[[], None]

# A worker that is never idle does the chores beyond these at once.
_LONGEST_QUEUE = 256
# Handshakes that one host has ready, and those of all hosts together. Each takes 48 KB.
_FEWEST, _MOST, _MOST_OF_ALL = 2, 32, 128


class Workshop:
    """One for each worker."""

    def __init__(self) -> None:
        self.spares = 0  # throw-away handshakes that are ready, of all hosts
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
        """Do one chore."""
        if self._chores:
            self._chores.popleft()()
        if not self._chores and self._watcher is not None:
            self._watcher.stop()


class Adopter:
    """Adopts sessions into the Context of one host."""

    __slots__ = ("_context", "_ready", "_versions", "_wanted", "_workshop")

    def __init__(self, context: SSL.Context, versions: tuple[int, int], workshop: Workshop) -> None:
        """`versions` are the lowest and the highest that the host speaks."""
        self._context = context
        self._versions = versions
        self._workshop = workshop
        self._ready: list[Adoption] = []
        self._wanted = 0

    def adopt(self, der: bytes) -> bool:
        """Let the Context resume this session. Whether OpenSSL took it."""
        adoption = self._take() or self._make_more()
        try:
            return adoption.adopt(der)
        finally:
            self._workshop.put_off(adoption.free)
            self._workshop.put_off(self._prepare)

    def _take(self) -> Adoption | None:
        if not self._ready:
            return None
        self._workshop.spares -= 1
        return self._ready.pop()

    def _make_more(self) -> Adoption:
        """There was none: from now on, more are to be ready."""
        self._wanted = min(max(2 * self._wanted, _FEWEST), _MOST)
        return Adoption(self._context, self._versions)

    def _prepare(self) -> None:
        if len(self._ready) < self._wanted and self._workshop.spares < _MOST_OF_ALL:
            self._workshop.spares += 1
            self._ready.append(Adoption(self._context, self._versions))
            self._workshop.put_off(self._prepare)
