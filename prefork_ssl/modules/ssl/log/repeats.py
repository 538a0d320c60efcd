"""Clients that fail in the same way again and again: some lines for each, then a number (SSLLogRepeat).

Scanners knock thousands of times. So many lines of one cause are written for one client address in each span of time;
the rest is counted, and told in one line when the span is over.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from prefork_ssl.kernel.log.files import Loop, Timer
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.vocabulary import MORE, REPEATED

MOST, SPAN = 20, 60.0
# The most clients and causes that are counted at a time, about 400 bytes each; for one more, the oldest is let go.
ROOM = 4096


class Log(Protocol):
    """Where an event would be written, and its repetition is told."""

    def write(self, event: Event) -> None: ...


@dataclass(slots=True)
class _Count:
    """`events` like the `first` one, from this address, since `began`."""

    began: float
    events: int
    log: Log
    first: Event
    address: str


class Repeats:
    """The counts of one process: `most` lines in `seconds`; 0 lines means that all are written."""

    def __init__(
        self, most: int = MOST, seconds: float = SPAN, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._now = now
        # In the order in which they began, which is the order in which they end.
        self._counts: dict[Hashable, _Count] = {}
        self._timer: Timer | None = None
        self._waiting = False

    def run(self, loop: Loop) -> None:
        """From now on, numbers are told in time by the loop. For workers."""
        self._timer = loop.timer(self._seconds, self._seconds)

    def admit(self, log: Log, event: Event) -> bool:
        """Whether the event is to be written to `log`."""
        if not self._most or event.client is None:
            return True
        self._settle(self._now() - self._seconds)
        address = event.client[0]
        key = (log, _network(address), event.message)
        count = self._counts.get(key)
        if count is None:
            self._begin(key, _Count(self._now(), 1, log, event, address))
            return True
        count.events += 1
        if count.events <= self._most:
            return True
        self._wait()
        return False

    def tell(self) -> None:
        """Tell all numbers, because the process ends."""
        self._settle(float("inf"))

    def _begin(self, key: Hashable, count: _Count) -> None:
        if len(self._counts) >= ROOM:
            self._end(next(iter(self._counts)))
        self._counts[key] = count

    def _settle(self, until: float) -> None:
        """End the counts that began before `until`."""
        while self._counts:
            key = next(iter(self._counts))
            if self._counts[key].began > until:
                return
            self._end(key)

    def _end(self, key: Hashable) -> None:
        count = self._counts.pop(key)
        more = count.events - self._most
        if more > 0:
            count.log.write(_summary(count, more, self._seconds))

    def _wait(self) -> None:
        if self._timer is not None and not self._waiting:
            self._waiting = True
            self._timer.start(self._time_is_over)

    def _time_is_over(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._waiting = False
        self._settle(self._now() - self._seconds)
        if any(count.events > self._most for count in self._counts.values()):
            self._wait()


def _summary(count: _Count, more: int, seconds: float) -> Event:
    first = count.first
    message = MORE.format(count=more, seconds=seconds, message=first.message)
    fields = {**(first.fields or {}), "of": first.name, "count": more, "seconds": int(seconds)}
    return Event(first.level, REPEATED, message, (count.address, 0), fields, hint=first.hint)


def _network(address: str) -> Hashable:
    """IPv4 addresses one by one; of IPv6, the network that one customer has (RFC 6177)."""
    if ":" not in address:
        return address
    try:
        return socket.inet_pton(socket.AF_INET6, address.partition("%")[0])[:8]
    except OSError:
        return address
