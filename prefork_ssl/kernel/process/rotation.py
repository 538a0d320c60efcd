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

_STANDARD_STREAMS = (1, 2)


class Receiver(Protocol):
    """A worker's channel."""

    def send_log(self, number: int, fd: int) -> None: ...


def put_in_place(fd: int, number: int) -> None:
    """Let the descriptor `number` lead where `fd` leads; standard output and error come along if they led to the same
    file."""
    along = _streams_to(number)
    os.dup2(fd, number, inheritable=False)
    _lead(along, fd)


def _streams_to(fd: int) -> list[int]:
    """The standard streams that lead where `fd` leads."""
    return [stream for stream in _STANDARD_STREAMS if os.path.sameopenfile(fd, stream)]


def _lead(streams: Iterable[int], fd: int) -> None:
    for stream in streams:
        os.dup2(fd, stream)


class Rotation:
    """Looks after the moved files of the running generations."""

    def __init__(self) -> None:
        self._failing: set[str] = set()

    def look_after(self, logs: Logs, receivers: Iterable[Receiver]) -> None:
        """Open what was moved, and hand it to the workers that write to these logs."""
        receivers = list(receivers)
        for file in logs.moved():
            along = _streams_to(file.fd)
            try:
                fd = logs.reopen(file)
            except OSError as error:
                self._complain(logs, file.target, error)
                continue
            self._failing.discard(file.target)
            for receiver in receivers:
                receiver.send_log(file.fd, fd)
            _lead(along, fd)
            os.close(fd)

    def _complain(self, logs: Logs, target: str, error: OSError) -> None:
        """Once, not every second."""
        if target not in self._failing:
            self._failing.add(target)
            message = f"log file {target} was moved away and cannot be opened anew: {error.strerror}"
            logs.server.write(Level.ERROR, message)
