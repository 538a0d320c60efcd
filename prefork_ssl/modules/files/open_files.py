"""Open files: large ones as descriptors, small ones read into memory, where they stay for the next request.

Serving a small file from memory costs one stat instead of opening, reading and closing it, a third of the processor
time of a request. What is remembered counts only as long as the stat shows the same inode, size, modification and
change time; so nothing stale is served, and no path that now leads elsewhere is taken for what it was.
"""

from __future__ import annotations

import math
import os
import stat
import time
from collections.abc import Callable

from prefork_ssl.kernel.files.paths import Symlinks, open_below
from prefork_ssl.kernel.http.validators import of_file

# The largest file that is read into memory, and how much a worker remembers of them, in bytes.
_SMALL = 32768
_MEMORY = 16 << 20

# Nanoseconds that a file must have been left alone before it is remembered: until then, another change could share its
# times.
_SETTLED = 2_000_000_000

_Key = tuple[Symlinks, str, str]


class OpenFile:
    """What was found under a path. `data` are the contents of a small regular file, whose descriptor is closed."""

    __slots__ = ("data", "fd", "identity", "is_directory", "is_regular", "status", "validators")

    def __init__(self, fd: int) -> None:
        """Takes over the descriptor."""
        self.fd = fd
        self.status = os.fstat(fd)
        self.is_directory = stat.S_ISDIR(self.status.st_mode)
        self.is_regular = stat.S_ISREG(self.status.st_mode)
        self.identity = _identity(self.status)
        self.validators = of_file(self.status)
        self.data: bytes | None = None
        if self.is_regular and self.status.st_size <= _SMALL:
            self._read()

    @property
    def size(self) -> int:
        """The length of the contents in bytes."""
        return self.status.st_size if self.data is None else len(self.data)

    def read(self, offset: int, count: int) -> bytes:
        """At most `count` bytes from `offset` on; b"" at the end."""
        if self.data is None:
            return os.pread(self.fd, count, offset)
        return self.data[offset : offset + count]

    def close(self) -> None:
        """Close the descriptor."""
        if self.data is None:
            os.close(self.fd)

    def _read(self) -> None:
        try:
            self.data = os.pread(self.fd, self.status.st_size, 0)
        finally:
            os.close(self.fd)


class Files:
    """Opens files below trusted folders; one for each generation, and so with its own memory in each worker.

    `turn` gives a number that stays the same for one turn of the worker's loop. Requests that arrived together may be
    answered from one look at the file system. Without a loop every moment is a turn of its own.
    """

    def __init__(self) -> None:
        self.turn: Callable[[], float] = lambda: math.nan
        self._remembered: dict[_Key, OpenFile] = {}
        self._room = _MEMORY

    def open(self, folder: str, path: str, symlinks: Symlinks) -> OpenFile:
        """What `path` names below `folder`. Raises as paths.open_below does."""
        key = (symlinks, folder, path)
        known = self._remembered.get(key)
        if known is not None:
            if known.identity == _identity_now(f"{folder}/{path}"):
                return known
            self._forget(key)
        found = OpenFile(open_below(folder, path, symlinks))
        if found.data is not None and time.time_ns() - found.status.st_ctime_ns > _SETTLED:
            self._remember(key, found)
        return found

    def _remember(self, key: _Key, file: OpenFile) -> None:
        self._room -= _cost(file)
        while self._room < 0:
            self._forget(next(iter(self._remembered)))
        self._remembered[key] = file

    def _forget(self, key: _Key) -> None:
        self._room += _cost(self._remembered.pop(key))


def _cost(file: OpenFile) -> int:
    """Bytes of memory: the contents, and roughly what is around them."""
    return file.size + 1024


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """What changes when the file becomes another, or other."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _identity_now(filename: str) -> tuple[int, ...] | None:
    try:
        return _identity(os.stat(filename))  # noqa: PTH116 - a Path would cost more than the system call
    except (OSError, ValueError):
        return None
