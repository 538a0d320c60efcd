"""The master's part in a cache that is a DBM file: it makes the files, looks whether they are still there, and has them
swept.

It makes them because the workers may have no right to. It never opens what workers have written: it may be root, and
they are not. A look from outside is enough, and the sweeping is done by a process with no more rights than they have.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

from prefork_ssl.kernel.process.privileges import Identity
from prefork_ssl.modules.ssl.sessions.mutex import open_mutex_file
from prefork_ssl.modules.ssl.sessions.place import StorePlace
from prefork_ssl.modules.ssl.sessions.placing import put_in_place
from prefork_ssl.modules.ssl.sessions.stores.store import StoreError
from prefork_ssl.modules.ssl.sessions.stores.types import TYPES
from prefork_ssl.modules.ssl.sessions.sweeper import Sweeper
from prefork_ssl.modules.ssl.sessions.trouble import Kind, Trouble

# Seconds between two sweeps.
_SWEEP_EACH = 15.0
_NOT_MADE = "is there room on its disk, and the right to write in its directory?"
_LEAVE = "a new one was made; nobody else should touch these files"


class MutexFile:
    """The file that workers lock."""

    def __init__(self, path: Path, identity: Identity | None) -> None:
        self._path = path
        self._identity = identity
        self._fd = -1

    def make(self) -> None:
        """Put a new file in its place. Raises OSError."""
        self.forget()
        put_in_place(self._path, lambda path: path.touch(0o600), self._identity)
        self._fd = open_mutex_file(self._path)

    def restore(self) -> bool:
        """Make it anew if it is not there any more, and nobody still has the lock of the old one; whether that was so.

        Raises OSError.
        """
        gone = self._fd < 0 or (not self._in_place() and lock_descriptor(self._fd, blocking=False))
        if gone:
            self.make()
        return gone

    def acquire(self) -> bool:
        """Take the lock, if nobody has it."""
        return self._fd >= 0 and self._in_place() and lock_descriptor(self._fd, blocking=False)

    def release(self) -> None:
        """Give the lock back."""
        unlock_descriptor(self._fd)

    def forget(self) -> None:
        """Let go of the file. In a worker, too: as long as a copy of the descriptor is open, the lock is not the
        system's to release."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _in_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._fd), self._path.stat(follow_symlinks=False))
        except OSError:
            return False


class Keeper:
    """Keeps the files of one cache, for as many generations as use it."""

    def __init__(self, place: StorePlace, identity: Identity | None) -> None:
        """`identity` is whose the files are to be, None for who runs this."""
        self.place = place
        self.identity = identity
        self._mutex = MutexFile(place.mutex, identity) if place.mutex else None
        self._sweeper = Sweeper(place, identity)
        self._sweeps_at = 0.0
        self._stamp: object = None
        self._changed_at = 0.0

    def begin(self, trouble: Trouble) -> None:
        """Make everything anew: what is there is of an earlier server, whose key nobody has any more."""
        self.remove()
        self._do(trouble, self._make_all)

    def tend(self, trouble: Trouble, lifetime: float) -> None:
        """About once a second: make anew what is gone or damaged, and have it swept from time to time.

        `lifetime` is how many seconds a session is kept at most.
        """
        self._do(trouble, lambda: self._look_after(lifetime, trouble))

    def remove(self) -> None:
        """Take the store away, and what other types may have left in its place."""
        for suffix in {suffix for kind in TYPES.values() for suffix in kind.suffixes}:
            file = Path(f"{self.place.path}{suffix}")
            with suppress(OSError):
                file.unlink()

    def forget(self) -> None:
        """In a worker: it is none of its business."""
        if self._mutex is not None:
            self._mutex.forget()

    def _do(self, trouble: Trouble, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, StoreError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            trouble.tell(Kind.KEEPING, f"{self.place.path} cannot be made: {why}", _NOT_MADE)
        else:
            trouble.over(Kind.KEEPING)

    def _make_all(self) -> None:
        if self._mutex is not None:
            self._mutex.make()
        self._make_store()

    def _make_store(self) -> None:
        place = self.place
        put_in_place(place.path, lambda path: place.kind.create(path, place.limit), self.identity)

    def _look_after(self, lifetime: float, trouble: Trouble) -> None:
        self._restore(trouble)
        now, stamp = time.monotonic(), self.place.kind.stamp(self.place.path)
        if stamp != self._stamp:
            self._stamp, self._changed_at = stamp, now
        if now >= self._sweeps_at and now - self._changed_at < lifetime + 2 * _SWEEP_EACH:
            self._sweeps_at = now + _SWEEP_EACH
            self._sweeper.start()

    def _restore(self, trouble: Trouble) -> None:
        if self._mutex is not None and self._mutex.restore():
            trouble.tell(Kind.MUTEX, f"the mutex {self.place.mutex} was gone", _LEAVE)
        if not self._is_intact() and self._remake():
            trouble.tell(Kind.READING, f"{self.place.path} was gone or damaged", _LEAVE)

    def _remake(self) -> bool:
        """Make the store anew, unless a worker is just at it; whether that was done."""
        if self._mutex is None:
            self._make_store()
            return True
        if not self._mutex.acquire():
            return False
        try:
            # A worker may just have been in the middle of a change.
            if self._is_intact():
                return False
            self._make_store()
            return True
        finally:
            self._mutex.release()

    def _is_intact(self) -> bool:
        return self.place.kind.intact(self.place.path, self.place.limit)
