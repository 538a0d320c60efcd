"""The mutex that keeps writers apart (SSLMutex): a lock on a file, by filelock.

It is tried, and never waited for: what to do when another process holds it is for the caller to decide. The system
releases it when its holder ends, however that happens. The file stays open between uses, so that a lock costs one
system call; whether it is still the one that others lock is looked at each time.

A lock belongs to an open file and is shared with whoever inherits that (flock(2)): each process opens its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from filelock import lock_descriptor, unlock_descriptor


class MutexError(Exception):
    """The mutex cannot be used: its file is gone, or not ours. The message says which."""


class Mutex(Protocol):
    """What writers hold."""

    def acquire(self) -> bool:
        """Take it, if nobody else has it; whether that is so. Raises MutexError."""

    def release(self) -> None:
        """Give it back."""

    def holder(self) -> int:
        """The process that has it; 0 if that cannot be told."""

    def close(self) -> None:
        """Let go of the file, and of the lock."""


class FileMutex:
    """A lock on the file at `path`, which is there already."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        self._identity = (0, 0)  # device and inode; nobody else gets these as long as the file is open

    def acquire(self) -> bool:
        """See Mutex."""
        try:
            if self._fd < 0:
                self._open()
            if not lock_descriptor(self._fd, blocking=False):
                return False
            now = os.lstat(self.path)
        except OSError as error:
            self.close()
            raise MutexError(f"{self.path}: {error.strerror}") from error
        if (now.st_dev, now.st_ino) == self._identity:
            return True
        # Another file has been put in its place. The next time, that one is opened.
        self.close()
        return False

    def _open(self) -> None:
        self._fd = open_mutex_file(self.path)
        opened = os.fstat(self._fd)
        self._identity = (opened.st_dev, opened.st_ino)

    def release(self) -> None:
        """See Mutex."""
        unlock_descriptor(self._fd)

    def holder(self) -> int:
        """See Mutex. As /proc/locks has it: processes in other PID namespaces are not seen."""
        try:
            inode = self.path.stat().st_ino
            lines = Path("/proc/locks").read_text().splitlines()
        except OSError:
            return 0
        # 1: FLOCK  ADVISORY  WRITE 12345 fd:00:67890 0 EOF
        fields = (line.split() for line in lines)
        return next((int(row[4]) for row in fields if row[1] == "FLOCK" and row[5].endswith(f":{inode}")), 0)

    def close(self) -> None:
        """See Mutex."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class NoMutex:
    """SSLMutex none: for stores that look after themselves."""

    def acquire(self) -> bool:
        """See Mutex."""
        return True

    def release(self) -> None:
        """See Mutex."""

    def holder(self) -> int:
        """See Mutex."""
        return 0

    def close(self) -> None:
        """See Mutex."""


def open_mutex_file(path: Path) -> int:
    """A descriptor of the file at `path`. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
