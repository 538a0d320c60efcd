"""Failures of one cause, counted together. Memory is bounded, however long the log, however many clients."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from prefork_ssl.modules.ssl.log.reader.entries import Entry

# The most causes, and the most clients, hosts and hints of each, that are told apart. What comes on top is counted
# together.
MOST_CAUSES, MOST_CLIENTS, MOST_HOSTS, MOST_HINTS = 200, 2000, 200, 50
_LONGEST = 2000  # characters of a message or a hint
_NUMBER = re.compile(r"\d+")
_OTHER = "(other causes)"
OTHERS = "others"


@dataclass(slots=True)
class Cause:
    """What happened `count` times, between the times `first` and `last`."""

    message: str
    level: str
    count: int = 0
    first: str = ""
    last: str = ""
    clients: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    hints: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        """Count another one."""
        self.count += entry.count
        self.first = self.first or entry.time
        self.last = entry.time
        _count(self.hints, entry.hint[:_LONGEST], entry.count, MOST_HINTS)
        _count(self.clients, entry.client, entry.count, MOST_CLIENTS)
        _count(self.hosts, entry.host, entry.count, MOST_HOSTS)


class Causes:
    """All causes of a log. Messages that differ in numbers only are one cause."""

    def __init__(self) -> None:
        self._causes: dict[tuple[str, str], Cause] = {}

    def add(self, entry: Entry) -> Cause:
        """Count the entry; its cause."""
        key = (entry.level, _NUMBER.sub("#", entry.message[:_LONGEST]))
        cause = self._causes.get(key)
        if cause is None:
            cause = self._new(key, entry)
        cause.add(entry)
        return cause

    def sorted(self) -> list[Cause]:
        """What is worst first: errors, warnings, then the failures of clients; of each kind, the most frequent."""
        return sorted(self._causes.values(), key=lambda cause: (_order(cause.level), -cause.count))

    def recent(self) -> list[Cause]:
        """What has happened last is first."""
        return sorted(self._causes.values(), key=lambda cause: cause.last, reverse=True)

    def __len__(self) -> int:
        return len(self._causes)

    def _new(self, key: tuple[str, str], entry: Entry) -> Cause:
        if len(self._causes) >= MOST_CAUSES:
            return self._causes.setdefault((entry.level, _OTHER), Cause(_OTHER, entry.level))
        return self._causes.setdefault(key, Cause(entry.message[:_LONGEST], entry.level))


def named(counter: Counter[str], most: int) -> str:
    """The most frequent of a counter, and how many more there are."""
    named = [(name, count) for name, count in counter.most_common(most + 1) if name != OTHERS][:most]
    shown = ", ".join(f"{name} ({count})" if len(counter) > 1 else name for name, count in named)
    rest = len(counter) - len(named)
    full = OTHERS in counter
    return f"{shown} and {rest}{'+' if full else ''} more" if rest > 0 else shown


def total(causes: Iterable[Cause]) -> int:
    """How often anything happened."""
    return sum(cause.count for cause in causes)


def _count(counter: Counter[str], name: str, count: int, most: int) -> None:
    if name:
        counter[name if name in counter or len(counter) < most else OTHERS] += count


def _order(level: str) -> int:
    return {"error": 0, "warn": 1}.get(level, 2)
