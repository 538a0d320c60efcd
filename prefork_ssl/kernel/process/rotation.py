"""Log files that somebody moved away (logrotate) are opened anew, without a reload.

The master may be the only one who is allowed to open them. It hands the new descriptor to each worker, which puts it in
the place of the old one: the number of a log file's descriptor never changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Protocol

from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.log.logs import Logs

_STANDARD_ERROR = 2


class Receiver(Protocol):
    """A worker's channel."""

    def send_log(self, number: int, fd: int) -> None: ...


def put_in_place(fd: int, number: int) -> None:
    """Let the descriptor `number` lead where `fd` leads; standard error comes along if it led to the same file."""
    along = os.path.sameopenfile(number, _STANDARD_ERROR)
    os.dup2(fd, number, inheritable=False)
    if along:
        os.dup2(fd, _STANDARD_ERROR)


class Rotation:
    """Looks after the moved files of the running generations."""

    def __init__(self) -> None:
        self._failing: set[str] = set()

    def look_after(self, logs: Logs, receivers: Iterable[Receiver]) -> None:
        """Open what was moved, and hand it to the workers that write to these logs."""
        receivers = list(receivers)
        for file in logs.moved():
            along = os.path.sameopenfile(file.fd, _STANDARD_ERROR)
            try:
                fd = logs.reopen(file)
            except OSError as error:
                self._complain(logs, file.target, error)
                continue
            self._failing.discard(file.target)
            for receiver in receivers:
                receiver.send_log(file.fd, fd)
            if along:
                os.dup2(fd, _STANDARD_ERROR)
            os.close(fd)

    def _complain(self, logs: Logs, target: str, error: OSError) -> None:
        """Once, not every second."""
        if target not in self._failing:
            self._failing.add(target)
            message = f"log file {target} was moved away and cannot be opened anew: {error.strerror}"
            logs.server.write(Level.ERROR, message)
