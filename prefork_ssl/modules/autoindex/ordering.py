"""The order of a listing: by which column, and the entries put into it without ever sorting many at a time."""

from __future__ import annotations

import enum
import heapq
import re
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from prefork_ssl.modules.autoindex.reading import Entry, paced

# Entries that are sorted in one go: in about a millisecond.
_RUN = 256
_NUMBER = re.compile(r"([0-9]+)")

# Seconds from the earliest time that a file system can have to 1970.
_EARLIEST = 2**63

# Gives text that compares as the entries should.
Key = Callable[[Entry], str]


class Column(enum.Enum):
    """What a listing tells of an entry, by the letter that stands for it in queries (Apache's C=)."""

    NAME = "N"
    MODIFIED = "M"
    SIZE = "S"
    DESCRIPTION = "D"


class Order(NamedTuple):
    """Which column decides; the name does where entries are equal."""

    column: Column = Column.NAME
    descending: bool = False


def name_key(*, ignore_case: bool, versions: bool) -> Key:
    """The order of names: by their characters, big and small letters alike or not; with `versions`, file10 is behind
    file9."""

    def key(entry: Entry) -> str:
        name = entry.name.casefold() if ignore_case else entry.name
        return _NUMBER.sub(_with_length, name) if versions else name

    return key


def order_key(column: Column, by_name: Key, describe: Callable[[str], str]) -> Key:
    """The order by a column; `describe` gives the description of a name."""
    values: dict[Column, Key] = {
        Column.MODIFIED: lambda entry: f"{entry.modified + _EARLIEST:020}\0{by_name(entry)}",
        Column.SIZE: lambda entry: f"{entry.size:020}\0{by_name(entry)}",
        Column.DESCRIPTION: lambda entry: f"{describe(entry.name)}\0{by_name(entry)}",
    }
    return values.get(column, by_name)


class Pile:
    """Entries that come in any order, and leave in that of `key`; by their names where it makes no difference.

    Each is kept as one string: key, name, and whether it is a folder. A hundred thousand strings are small, quick to
    compare, and nothing that the garbage collector stops all work for.
    """

    def __init__(self, key: Key, *, descending: bool) -> None:
        self._key = key
        self._descending = descending
        self._runs: list[list[str]] = [[]]
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, entry: Entry) -> None:
        """One more."""
        self._count += 1
        run = self._runs[-1]
        run.append(f"{self._key(entry)}\0{entry.name}\0{'/' * entry.is_folder}")
        if len(run) == _RUN:
            run.sort(reverse=self._descending)
            self._runs.append([])

    def take(self, start: int, end: int) -> list[Entry]:
        """Those from `start` up to but not including `end`, not looked up. The pile is gone then."""
        self._runs[-1].sort(reverse=self._descending)
        merged = paced(heapq.merge(*self._runs, reverse=self._descending))
        taken = [_entry(text) for text in islice(merged, start, end)]
        for run in paced(self._runs, 8):
            run.clear()
        return taken


def _entry(text: str) -> Entry:
    _key, name, folder = text.rsplit("\0", 2)
    return Entry(name, bool(folder))


def _with_length(digits: re.Match[str]) -> str:
    """A number so that texts compare as numbers do: how many digits, and these."""
    number = digits[0].lstrip("0") or "0"
    return chr(len(number)) + number
