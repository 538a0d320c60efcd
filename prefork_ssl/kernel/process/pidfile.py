"""PidFile: tells others which process is the master, and whether that master lives.

The master holds a POSIX lock on its file for as long as it lives (fcntl(2); not inherited by its workers). So a file
that was left behind is told from one in use, even when its process id has been given to another process since, as after
a reboot. The system tells who holds the lock, by the number that the process has for whoever asks: the file of a server
in a container may say 1, which outside is somebody else.
"""

from __future__ import annotations

import enum
import fcntl
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

# struct flock (fcntl(2)): type, whence, start, length, pid.
_FLOCK = struct.Struct("hhqqi4x")


class State(enum.Enum):
    """What a pid file says."""

    ABSENT = "there is no file"
    STALE = "the process that wrote it has ended"
    RUNNING = "the master is running"
    FOREIGN = "the process is running, and is not a master of ours"


class PidFileError(Exception):
    """The file cannot be read, written or understood. The message is one line, and names the file."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a pid file; `pid` is 0 if it is absent."""

    state: State
    pid: int = 0


def look(path: Path) -> Found:
    """Read a pid file and find out what has become of its process. Raises PidFileError.

    Not for the file of this very process: a POSIX lock is gone as soon as its holder closes the file once.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return Found(State.ABSENT)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        return _judge(fd, path)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(fd)


def _unreadable(path: Path, error: OSError) -> PidFileError:
    return PidFileError(f"PidFile {path} cannot be read: {error.strerror}")


def _judge(fd: int, path: Path) -> Found:
    text = os.read(fd, 32).decode("latin-1").strip()
    if not (text.isdigit() and 0 < int(text) < 1 << 31):
        raise PidFileError(f"PidFile {path} holds {text!r}, which is not a process id: remove it")
    pid = int(text)
    holder = _lock_holder(fd)
    if holder is not None:
        return Found(State.RUNNING, _visible(holder, path))
    if _older(pid, os.fstat(fd).st_mtime):
        return Found(State.FOREIGN, pid)
    return Found(State.STALE, pid)


def _lock_holder(fd: int) -> int | None:
    """Who has locked the file; None if nobody has."""
    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _whence, _start, _length, pid = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else pid


def _visible(holder: int, path: Path) -> int:
    if holder <= 0:
        raise PidFileError(
            f"PidFile {path} belongs to a server in another PID namespace, out of reach from here"
        )
    return holder


def _older(pid: int, moment: float) -> bool:
    """Whether the process lives and was there at `moment` (time.time()): only then it may have written the file."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    state, start_ticks = fields[0], int(fields[19])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - start_ticks / os.sysconf("SC_CLK_TCK")
    return state not in "ZX" and time.time() - age <= moment + 1


def claim(path: Path) -> PidFile:
    """Write the file of this process, unless another one is running. Raises PidFileError."""
    found = look(path)
    if found.state is State.RUNNING:
        raise PidFileError(f"PidFile {path}: prefork-ssl (pid {found.pid}) is already running")
    if found.state is State.FOREIGN:
        raise PidFileError(
            f"PidFile {path}: process {found.pid} is already running, and is not prefork-ssl "
            "(remove the file if it is a leftover, or choose another PidFile)"
        )
    return PidFile(path)


class PidFile:
    """The file of this process, while it is the master."""

    def __init__(self, path: Path) -> None:
        """Write the file and lock it. Readers never see half of it. Raises PidFileError."""
        self.path = path
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._fd = _create(draft)
            draft.rename(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise PidFileError(f"PidFile {path} cannot be written: {error.strerror}") from error

    def remove(self) -> None:
        """Take the file away, unless another process has put its own in place. Raises PidFileError."""
        try:
            if self.is_at(self.path):
                self.path.unlink()
        except OSError as error:
            raise PidFileError(f"PidFile {self.path} cannot be removed: {error.strerror}") from error
        self.forget()

    def is_at(self, path: Path) -> bool:
        """Whether this is the file at `path`, whatever links lead there."""
        try:
            return os.path.samestat(path.stat(), os.fstat(self._fd))
        except OSError:
            return False

    def forget(self) -> None:
        """Let go of the file without touching it: in a worker, whose pid it does not hold."""
        os.close(self._fd)


def _create(draft: Path) -> int:
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(fd, 0o644)
        os.write(fd, f"{os.getpid()}\n".encode())
    except OSError:
        os.close(fd)
        raise
    return fd
