"""The order of a listing: by which column, and the entries put into it without ever sorting many at a time."""

from __future__ import annotations

import enum
import heapq
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from prefork_ssl.modules.autoindex.reading import Entry, paced

# Entries that are sorted in one go: well under a millisecond.
_RUN = 1024
_NUMBER = re.compile(r"([0-9]+)")

Key = Callable[[Entry], Any]


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
    if not ignore_case and not versions:
        return lambda entry: entry.name

    def key(entry: Entry) -> tuple[Any, str]:
        name = entry.name.casefold() if ignore_case else entry.name
        return (_with_numbers(name) if versions else name), entry.name

    return key


def order_key(column: Column, by_name: Key, describe: Callable[[str], str]) -> Key:
    """The order by a column; `describe` gives the description of a name."""
    values: dict[Column, Key] = {
        Column.MODIFIED: lambda entry: (entry.modified, by_name(entry)),
        Column.SIZE: lambda entry: (entry.size, by_name(entry)),
        Column.DESCRIPTION: lambda entry: (describe(entry.name), by_name(entry)),
    }
    return values.get(column, by_name)


class Pile:
    """Entries that come in any order, and leave in that of `key`."""

    def __init__(self, key: Key, *, descending: bool) -> None:
        self._key = key
        self._descending = descending
        self._runs: list[list[Entry]] = [[]]
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, entry: Entry) -> None:
        """One more."""
        self._count += 1
        self._runs[-1].append(entry)
        if len(self._runs[-1]) == _RUN:
            self._sort()
            self._runs.append([])

    def __iter__(self) -> Iterator[Entry]:
        self._sort()
        return paced(heapq.merge(*self._runs, key=self._key, reverse=self._descending))

    def _sort(self) -> None:
        self._runs[-1].sort(key=self._key, reverse=self._descending)


def _with_numbers(name: str) -> list[str | int]:
    """Text and numbers by turns: ["file", 10, ""]."""
    parts: list[str | int] = list(_NUMBER.split(name))
    parts[1::2] = map(int, parts[1::2])
    return parts
