"""The deadlines of connections to backends: as with those of clients, a look at all of them a few times a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefork_ssl.kernel.transport import Deadline, Wire

# Seconds between two looks.
_INTERVAL = 0.25


class Watch:
    """Every open connection to a backend. `also` are called at each look, with the loop's time."""

    def __init__(self) -> None:
        self.also: list[Callable[[float], None]] = []
        self._wires: set[Wire] = set()
        self._timer: Any = None

    def start(self, loop: Any) -> None:
        """Look from now on."""
        self._loop = loop
        self._timer = loop.timer(_INTERVAL, _INTERVAL)
        self._timer.start(self.look)

    def add(self, wire: Wire) -> None:
        """A connection begins."""
        self._wires.add(wire)

    def close(self, wire: Wire) -> None:
        """A connection has ended."""
        self._wires.discard(wire)
        wire.close()

    def look(self) -> None:
        """Interrupt those that wait for too long."""
        now = self._loop.now()
        for wire in [wire for wire in self._wires if wire.deadline <= now]:
            wire.interrupt(Deadline())
        for call in self.also:
            call(now)
