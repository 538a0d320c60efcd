"""What happens to all workers at once, and need be told in full by one of them only."""

from __future__ import annotations

import fcntl
import os
import struct
import time

# Seconds after which the same is news again.
_OLD = 10.0
_TIME = struct.Struct("d")


class News:
    """Made before the processes that share it are forked."""

    def __init__(self) -> None:
        # In memory: when it was told last (time.monotonic), with a lock that the system lets go of if its holder dies.
        self._told = os.fdopen(os.memfd_create("wsgi"), "r+b", buffering=0)

    def is_mine(self) -> bool:
        """Whether this process is to tell it: no other has just done so."""
        fcntl.lockf(self._told, fcntl.LOCK_EX)
        try:
            before = os.pread(self._told.fileno(), _TIME.size, 0)
            if before and time.monotonic() - _TIME.unpack(before)[0] < _OLD:
                return False
            os.pwrite(self._told.fileno(), _TIME.pack(time.monotonic()), 0)
            return True
        finally:
            fcntl.lockf(self._told, fcntl.LOCK_UN)
