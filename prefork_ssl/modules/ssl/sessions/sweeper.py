"""The helper program that drops expired records from a DBM file, and how the master has it run.

    python -m prefork_ssl.modules.ssl.sessions.sweeper TYPE LIMIT PATH MUTEX [UID GID [GROUP...]]

The numbers at the end are those of the user and the groups that it becomes before it opens anything: what is in the
file comes from the workers, and it has no more rights than they. It holds the mutex for a moment at a time, and ends
when all is done, or when the master ends. MUTEX is "-" for none.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from setproctitle import setproctitle

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.process.privileges import Identity, become, end_with_parent
from prefork_ssl.modules.ssl.sessions.mutex import FileMutex, Mutex, MutexError, NoMutex
from prefork_ssl.modules.ssl.sessions.place import StorePlace
from prefork_ssl.modules.ssl.sessions.stores.store import Store, StoreError
from prefork_ssl.modules.ssl.sessions.stores.types import find_type

_MODULE = "prefork_ssl.modules.ssl.sessions.sweeper"
# What the helper gets of the environment: enough to find Python's modules.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")

# Records that are dropped while the mutex is held, and seconds for others in between.
_BATCH, _PAUSE = 64, 0.001
# Seconds that one run may take; less than there is between two.
_LONGEST = 10.0


class Sweeper:
    """Runs the helper, at most one at a time. Nothing here waits."""

    def __init__(self, place: StorePlace, identity: Identity | None) -> None:
        """`identity` is who the helper becomes."""
        self._arguments = [place.kind.type_name, str(place.limit), str(place.path), str(place.mutex or "-")]
        if identity is not None:
            self._arguments += map(str, (identity.uid, identity.gid, *identity.groups))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Let it sweep. One that still runs has had its time: it hangs, maybe with the mutex, and is ended. Raises
        OSError."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            return
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - this very module
            [sys.executable, "-m", _MODULE, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            env=environment,
        )


def main() -> None:
    """Sweep until nothing is left that has expired."""
    name, limit, path, mutex, *numbers = sys.argv[1:]
    setproctitle("prefork_ssl: sweeping the session cache")
    if numbers:
        user, group, *groups = map(int, numbers)
        become(Identity(user, group, tuple(groups)))
    end_with_parent()
    held = NoMutex() if mutex == "-" else FileMutex(Path(mutex))
    try:
        _sweep(find_type(name), Path(path), int(limit), held)
    except (StoreError, MutexError, BadArgument) as error:
        # The workers run into the same, and tell.
        sys.exit(str(error))


def _sweep(kind: type[Store], path: Path, limit: int, mutex: Mutex) -> None:
    """Raises StoreError and MutexError."""
    ends_at = time.monotonic() + _LONGEST
    store = kind(path, limit)
    dropped = _BATCH
    while dropped == _BATCH and time.monotonic() < ends_at:
        if mutex.acquire():
            try:
                dropped = store.sweep(time.time(), _BATCH)
            finally:
                mutex.release()
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main()
