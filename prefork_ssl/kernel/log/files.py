"""Log files: appended to by the master and all workers, moved away by logrotate, and on disks that fill up.

In a worker, lines are gathered and written by one system call per turn of the loop; elsewhere each is written at once.
A file is open in append mode, so that the lines of several processes never mix.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

# Bytes kept for a reader that does not keep up; what comes on top is lost, and counted.
_PATIENCE = 1 << 20
# Seconds until the next try.
_RETRY = 0.05

_STANDARD_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}


class Timer(Protocol):
    """One of the loop's timers."""

    def start(self, callback: Callable[[], object]) -> object:
        """Call `callback` each time that the time is over."""

    def stop(self) -> object:
        """Call it no more."""


class Loop(Protocol):
    """What is needed of a worker's event loop (gevent's hub.loop)."""

    def run_callback(self, func: Callable[[], object]) -> Any:
        """Call `func` before the loop waits again."""

    def timer(self, after: float, repeat: float) -> Timer:
        """A timer of `after` seconds, and then of `repeat` seconds again and again.

        One that does not repeat can be started once only: the next time, gevent calls back at once."""


Report = Callable[[str], None]


def open_for_append(path: str) -> int:
    """A descriptor of the log file `path`, which is created if need be. Raises OSError.

    It never blocks: a named pipe must have a reader.
    """
    if path in _STANDARD_STREAMS:
        # By number: under systemd they are sockets, which cannot be opened by name.
        return os.dup(_STANDARD_STREAMS[path])
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    return os.open(path, flags, 0o640)


def _identity(status: os.stat_result) -> tuple[int, int] | None:
    """What tells a regular file from the one that takes its name; None for devices and pipes."""
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


class LogFile:
    """A file that lines are appended to. Writing never raises: lines that find no room are counted, and `report` is
    called with one sentence when writing works again.

    `target` is the absolute path; `fd` keeps its number for life, whatever file it leads to.
    """

    def __init__(self, target: str, fd: int, report: Report) -> None:
        self.target = target
        self.fd = fd
        self._report = report
        self._identity = _identity(os.fstat(fd))
        self._lines: list[bytes] = []
        self._rest = b""
        self._whole = True  # what was written so far ends with a newline
        self._lost = 0
        self._why = ""
        self._loop: Loop | None = None
        self._retry: Timer | None = None

    def write(self, line: bytes) -> None:
        """Append `line`, which ends with a newline."""
        self._lines.append(line)
        if self._loop is None:
            self.flush()
        elif len(self._lines) == 1:
            self._loop.run_callback(self.flush)

    def buffer(self, loop: Loop) -> None:
        """From now on, gather the lines of one turn of `loop` and write them together. For workers."""
        self._loop = loop
        self._retry = loop.timer(_RETRY, _RETRY)

    def unbuffer(self) -> None:
        """In a copy of the worker: what was gathered is the worker's to write, and there is no loop any more."""
        self._lines.clear()
        self._rest = b""
        self._loop = self._retry = None

    def flush(self) -> None:
        """Write what was gathered."""
        data = self._rest + b"".join(self._lines)
        if not data:
            return
        self._rest = b""
        self._lines.clear()
        written = 0
        try:
            while written < len(data):
                piece = self._piece(data, written)
                count = os.write(self.fd, piece)
                written += count
                self._whole = piece[count - 1 : count] == b"\n"
        except BlockingIOError:
            self._keep(data[written:])
        except OSError as error:
            self._lose(data[written:], os.strerror(error.errno or 0))
        else:
            self._tell_losses()

    def moved(self) -> bool:
        """Whether the file has gone from its path: renamed or deleted, perhaps with another in its place."""
        if self._identity is None:
            return False
        try:
            return _identity(Path(self.target).stat()) != self._identity
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def reopen(self) -> int:
        """Open the path anew under the same descriptor number. Raises OSError.

        Returns a second descriptor of the new file, to hand to the other processes; the caller closes it.
        """
        fd = open_for_append(self.target)
        self.flush()
        os.dup2(fd, self.fd, inheritable=False)
        self._identity = _identity(os.fstat(fd))
        return fd

    def close(self) -> None:
        """Write what was gathered, and close."""
        self.flush()
        os.close(self.fd)

    def _piece(self, data: bytes, start: int) -> bytes:
        """What of `data`, from `start` on, one system call is to write."""
        return data[start:]

    def _keep(self, data: bytes) -> None:
        """The reader at the other end is slow: try again soon, unless it is too far behind."""
        if len(data) > _PATIENCE:
            self._lose(data, "its reader does not keep up")
            return
        self._rest = data
        if self._retry is not None:
            self._retry.start(self._try_again)

    def _try_again(self) -> None:
        if self._retry is not None:
            self._retry.stop()
        self.flush()

    def _lose(self, data: bytes, why: str) -> None:
        """Count the lines of `data`; one that was begun is ended before the next line that is written."""
        self._lost += data.count(b"\n") - data.startswith(b"\n")
        self._why = why
        self._rest = b"" if self._whole else b"\n"

    def _tell_losses(self) -> None:
        if self._lost:
            lost, self._lost = self._lost, 0
            self._report(f"{lost} lines could not be written to {self.target}: {self._why}")


class LogPipe(LogFile):
    """A log file that is a pipe, which several processes write to."""

    def _piece(self, data: bytes, start: int) -> bytes:
        """Whole lines of at most PIPE_BUF bytes: so much is written all or nothing (POSIX, write)."""
        end = start + select.PIPE_BUF
        if end < len(data):
            end = data.rfind(b"\n", start, end) + 1 or end
        return data[start:end]


def open_log_file(target: str, report: Report) -> LogFile:
    """The LogFile of the path `target`. Raises OSError."""
    fd = open_for_append(target)
    kind = LogPipe if stat.S_ISFIFO(os.fstat(fd).st_mode) else LogFile
    return kind(target, fd, report)
