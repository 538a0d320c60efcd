"""Files read once and kept for as long as they do not change.

A pool holds what the files of one kind gave when they were last read. A `Turnover` is the next pool in the making: it
takes over what is unchanged (one stat(2), no open) and reads the rest; the pool itself is never touched.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.key_files import Locked, Unreadable

T = TypeVar("T")

LARGEST_FILE = 1 << 20  # bytes; the largest certificate chains are a hundred times smaller

_CHECK_PATH = "check the path, and that the file is readable for the user who starts the server"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file and the directive that names it, with its "file:line"."""

    path: Path
    directive: str
    where: str

    def problem(self, message: str, hint: str) -> Finding:
        """An error about this file."""
        return Finding("error", self.directive, self.where, f"{self.path} {message}", hint)


class Stamp(NamedTuple):
    """What tells that a file is still the one that was read."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """The stamp of a file with this status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """What is kept of a file: its stamp when it was read, and what it held."""

    stamp: Stamp
    value: T


@dataclass(frozen=True, slots=True)
class LockedFile(Generic[T]):
    """A file that was read but needs a pass phrase."""

    path: Path
    stamp: Stamp
    locked: Locked[T]


Pool = Mapping[Path, Entry[T]]


class Turnover(Generic[T]):
    """The next pool in the making, from the files named in one load.

    `entries` holds what was taken over or read, `modes` the permission bits of all files that are there. What goes
    wrong, or is worth telling, is appended to `findings`.
    """

    def __init__(
        self, previous: Pool[T], parse: Callable[[bytes], T | Locked[T]], findings: list[Finding]
    ) -> None:
        self._previous = previous
        self._parse = parse
        self._findings = findings
        self._seen: set[Path] = set()
        self.entries: dict[Path, Entry[T]] = {}
        self.modes: dict[Path, int] = {}

    @property
    def stamps(self) -> Mapping[Path, Stamp]:
        """Those of all entries."""
        return {path: entry.stamp for path, entry in self.entries.items()}

    def fetch(self, named: NamedFile) -> LockedFile[T] | None:
        """Take a file over or read it; returned if it waits for a pass phrase. In one load it is looked at once."""
        if named.path in self._seen:
            return None
        self._seen.add(named.path)
        known = self._previous.get(named.path)
        try:
            status = named.path.stat()
        except OSError as error:
            self._not_there(named, known, error)
            return None
        self.modes[named.path] = stat.S_IMODE(status.st_mode)
        if known and known.stamp == Stamp.of(status):
            self.entries[named.path] = known
            return None
        return self._read(named)

    def admit(self, file: LockedFile[T], value: T) -> None:
        """What the pass phrase has opened."""
        self.entries[file.path] = Entry(file.stamp, value)

    def _not_there(self, named: NamedFile, known: Entry[T] | None, error: OSError) -> None:
        if known is None:
            self._findings.append(named.problem(f"cannot be read: {error.strerror}", _CHECK_PATH))
            return
        self.entries[named.path] = known
        self._findings.append(
            Finding(
                "info",
                named.directive,
                named.where,
                f"{named.path} cannot be looked at ({error.strerror}); what was read from it earlier stays in use",
                "it must be there when the server is started the next time",
            )
        )

    def _read(self, named: NamedFile) -> LockedFile[T] | None:
        try:
            stamp, data = _contents(named.path)
            parsed = self._parse(data)
        except OSError as error:
            self._findings.append(named.problem(f"cannot be read: {error.strerror}", _CHECK_PATH))
            return None
        except Unreadable as error:
            self._findings.append(named.problem(str(error), error.hint))
            return None
        if isinstance(parsed, Locked):
            return LockedFile(named.path, stamp, parsed)
        self.entries[named.path] = Entry(stamp, parsed)
        return None


def _contents(path: Path) -> tuple[Stamp, bytes]:
    """The file's stamp when it was read, and all its bytes."""
    _refuse_what_is_no_file(path.stat())
    # Should it have become a FIFO by now: without O_NONBLOCK, opening it would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return Stamp.of(os.fstat(descriptor)), file.read(LARGEST_FILE)


def _refuse_what_is_no_file(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Unreadable("is a directory", "name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is not a regular file", "name a file")
    if status.st_size > LARGEST_FILE:
        raise Unreadable(
            f"has {status.st_size} bytes, more than any certificate or key file", "check the path"
        )
