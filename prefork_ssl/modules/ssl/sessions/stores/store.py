"""What a DBM type can do for the cache."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


class StoreError(Exception):
    """The store cannot be used just now. The message says why, `hint` what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class StoreLost(StoreError):
    """What was opened is of no use any more: gone, or damaged. A new store has to be made, and opened."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is in a store. `size` and `limit` are in bytes, a limit of 0 is none; `oldest` is the earliest expiry in
    seconds of the epoch, 0 in an empty store."""

    entries: int
    size: int
    limit: int
    oldest: float


def is_file(path: Path) -> bool:
    """Whether it is a plain file, and no link to one."""
    return path.is_file() and not path.is_symlink()


class Store(ABC):
    """An open file, or a few, of records by session id. It belongs to the process that opened it.

    Whoever writes holds the mutex, and so does whoever reads, unless the type `reads_alone`. Every call may raise
    StoreError, and everything below raises nothing else.
    """

    # The name in SSLSessionCache dbm=TYPE:PATH.
    type_name: ClassVar[str]
    # Whether the store can be read while another process writes.
    reads_alone: ClassVar[bool] = False
    # Bytes, where the configuration does not say how many.
    default_limit: ClassVar[int] = 32 << 20
    # The longest record that it holds, in bytes; 64 KB is more than any session needs.
    longest_record: int = 65536
    # What is added to the path for each file that the type has.
    suffixes: ClassVar[tuple[str, ...]] = ("",)

    @classmethod
    def missing(cls) -> str:
        """Why this machine does not have the type; "" if it does."""
        return ""

    @classmethod
    @abstractmethod
    def create(cls, path: Path, limit: int) -> None:
        """Make an empty store where there is none, for up to `limit` bytes."""

    @classmethod
    def intact(cls, path: Path, limit: int) -> bool:
        """Whether there is such a store, as far as a look from outside tells."""
        return all(is_file(Path(f"{path}{suffix}")) for suffix in cls.suffixes)

    @classmethod
    def stamp(cls, path: Path) -> object:
        """Something that is another after each change of the store, for who looks from outside."""
        found = (file.stat() for suffix in cls.suffixes if is_file(file := Path(f"{path}{suffix}")))
        return [(each.st_mtime_ns, each.st_size) for each in found]

    @abstractmethod
    def __init__(self, path: Path, limit: int) -> None:
        """Open a store that was made with this limit."""

    @abstractmethod
    def get(self, session_id: bytes) -> bytes | None:
        """The record filed under the id."""

    @abstractmethod
    def write(self, records: Mapping[bytes, bytes], removed: Collection[bytes] = ()) -> None:
        """Take records out by id, and file others, replacing those with the same id.

        All of it is done, or nothing, as far as the type can. At the limit, the oldest records make room.
        """

    @abstractmethod
    def sweep(self, now: float, budget: int) -> int:
        """Drop records that have expired, no more than `budget` of them; how many."""

    @abstractmethod
    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All ids and records, in no particular order."""

    @abstractmethod
    def extent(self) -> Extent:
        """How much there is."""

    @abstractmethod
    def condemn(self) -> None:
        """Let everybody see that the store is damaged."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the files."""
