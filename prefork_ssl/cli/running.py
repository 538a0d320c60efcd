"""A server that runs already: found by its pid file, signalled, asked."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

from prefork_ssl.cli.failure import Failure
from prefork_ssl.kernel.process.pidfile import Found, State, look

# A server that is told to stop kills what does not end within a few seconds.
_PATIENCE = 30


def find(path: Path) -> Found:
    """What the pid file says; a process that is not a server is a failure. Raises PidFileError, Failure."""
    found = look(path)
    if found.state is State.FOREIGN:
        raise Failure(f"PidFile {path} names process {found.pid}, which is running, but is not prefork-ssl")
    return found


def send(path: Path, number: signal.Signals, *, wait: bool) -> Found:
    """Signal the server, and wait for its end if `wait`. Does nothing if none runs. Raises PidFileError, Failure."""
    found = find(path)
    if found.state is not State.RUNNING:
        return found
    try:
        fd = os.pidfd_open(found.pid)
    except ProcessLookupError:
        return Found(State.STALE, found.pid)
    try:
        # Now that the process is held, make sure that it is still the one: its number cannot change hands any more.
        if find(path) == found:
            signal.pidfd_send_signal(fd, number)
            if wait and not select.select([fd], [], [], _PATIENCE)[0]:
                raise Failure(f"prefork-ssl (pid {found.pid}) has not ended within {_PATIENCE} seconds")
    except PermissionError:
        raise Failure(f"prefork-ssl (pid {found.pid}) belongs to another user") from None
    finally:
        os.close(fd)
    return found
