"""Whether the files that a store has open are still what they were.

A store that reads through a memory map ends its process (SIGBUS) where somebody has cut the file short, and follows any
number that it finds there. So before each use the files are looked at: are they no shorter, and do they still begin as
this type does? That costs a microsecond. Whether they are still in their place takes longer to find out, and less
depends on it: it is looked at now and then.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from prefork_ssl.modules.ssl.sessions.stores.store import StoreError, StoreLost

# Seconds until readers and writers look again whether the files are in their place.
READER, WRITER = 0.5, 0.05
# A hint.
ANEW = "a new one is made; until then, sessions are neither stored nor resumed"


class Guard:
    """Looks after the file at `path`, which has `signature` at `offset`, and after others beside it."""

    def __init__(self, path: Path, offset: int, signature: bytes) -> None:
        """Raises StoreError."""
        self._looked = float("-inf")
        self._watched = [_Watched(path, offset, signature)]
        try:
            self.check()
        except StoreError:
            self.close()
            raise

    def watch(self, path: Path, signature: bytes = b"") -> None:
        """Look after this file, too. To be called when it is open, and as large as it is mapped. Raises StoreError."""
        self._watched.append(_Watched(path, 0, signature))
        for watched in self._watched:
            watched.size = os.fstat(watched.fd).st_size
        self.check(patience=0)

    def check(self, patience: float = READER) -> None:
        """Raises StoreError if a file was cut or overwritten, or if it was not in its place any more `patience` seconds
        ago."""
        for watched in self._watched:
            watched.check()
        now = time.monotonic()
        if now - self._looked >= patience:
            for watched in self._watched:
                watched.check_place()
            self._looked = now

    def condemn(self) -> None:
        """Overwrite the signature: nobody uses the file any more. Who is reading just now is not disturbed."""
        self._watched[0].overwrite_signature()

    def before_unmapping(self) -> None:
        """Unmapping a file may read it once more: give it back the size that it is mapped with."""
        short = [watched for watched in self._watched if os.fstat(watched.fd).st_size < watched.size]
        if short:
            self.condemn()
        for watched in short:
            os.ftruncate(watched.fd, watched.size)

    def close(self) -> None:
        """Look no more. To be called when the store has closed its own files: closing any descriptor of a file gives up
        the locks that this process has on it (fcntl(2))."""
        for watched in self._watched:
            os.close(watched.fd)


class _Watched:
    """A file, as it was when it was opened. It begins with `signature` at `offset`; b"" for none."""

    __slots__ = ("_offset", "_path", "_signature", "fd", "identity", "size")

    def __init__(self, path: Path, offset: int, signature: bytes) -> None:
        """Raises StoreError."""
        self._path = str(path)
        self._offset, self._signature = offset, signature
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise _trouble(self._path, error) from error
        found = os.fstat(self.fd)
        self.size = found.st_size
        self.identity = (found.st_dev, found.st_ino)

    def check(self) -> None:
        """Raises StoreLost if it was cut or overwritten."""
        if os.lseek(self.fd, 0, os.SEEK_END) < self.size:
            raise StoreLost(f"{self._path} was cut", ANEW)
        signature = self._signature
        if signature and os.pread(self.fd, len(signature), self._offset) != signature:
            raise StoreLost(f"{self._path} is damaged: it was overwritten, or errors were found in it", ANEW)

    def check_place(self) -> None:
        """Raises StoreError if it is not in its place."""
        try:
            now = os.stat(self._path)  # noqa: PTH116 - the faster one
        except OSError as error:
            raise _trouble(self._path, error) from error
        if (now.st_dev, now.st_ino) != self.identity:
            raise StoreLost(f"{self._path} was replaced", ANEW)

    def overwrite_signature(self) -> None:
        os.pwrite(self.fd, bytes(len(self._signature)), self._offset)


def _trouble(path: str, error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return StoreLost(f"{path} is gone", ANEW)
    return StoreError(f"{path} cannot be used: {error.strerror}", "it must belong to the user of the workers")


def head(path: Path, size: int) -> tuple[bytes, int]:
    """The first `size` bytes of a file, and how many it has in all; b"" if that cannot be told, or it is no plain file.

    For who does not trust the owner of the file: no link is followed, and nothing is waited for.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b"", 0
    try:
        found = os.fstat(fd)
        return (os.pread(fd, size, 0), found.st_size) if stat.S_ISREG(found.st_mode) else (b"", 0)
    except OSError:
        return b"", 0
    finally:
        os.close(fd)
