"""Leaving the terminal: the process that was started waits until the server is ready, and exits with the outcome."""

from __future__ import annotations

import os
import sys
from typing import NoReturn, Protocol

_READY = b"ready"


class Launch(Protocol):
    """Who started the server, and wants to know how it went."""

    def ready(self) -> None:
        """The server accepts connections."""

    def failed(self, reason: str) -> None:
        """The server does not start, and leaves nothing behind."""

    def errors_to(self, fd: int) -> None:
        """The error log is open: `fd` leads to it."""

    def forget(self) -> None:
        """In a worker: this is the master's business."""


class Foreground:
    """Started to stay: whoever started the server still listens on standard error."""

    def ready(self) -> None:
        """Nobody waits for this."""

    def failed(self, reason: str) -> None:
        """Say why."""
        print(reason, file=sys.stderr, flush=True)

    def errors_to(self, fd: int) -> None:
        """Standard output and error stay where they are."""

    def forget(self) -> None:
        """There is nothing to close."""


class Detached:
    """Started to go to the background: the starting process waits at the other end of a pipe."""

    def __init__(self, fd: int) -> None:
        self._pipe = os.fdopen(fd, "wb", buffering=0)

    def ready(self) -> None:
        """Let the starting process exit with status 0."""
        self._tell(_READY)

    def failed(self, reason: str) -> None:
        """Let the starting process say why, and exit with status 1."""
        self._tell(reason.encode("utf-8", "backslashreplace"))

    def errors_to(self, fd: int) -> None:
        """Nobody sees standard output and error any more: the error log gets what applications write there."""
        os.dup2(fd, 1)
        os.dup2(fd, 2)

    def forget(self) -> None:
        """Close the pipe: when its last copy is closed, the starting process knows that nothing more will come."""
        self._pipe.close()

    def _tell(self, outcome: bytes) -> None:
        try:
            self._pipe.write(outcome)
        except BrokenPipeError:
            pass  # it was interrupted, and does not wait any more
        finally:
            self.forget()


def detach() -> Detached:
    """Go on in a new process, in a session of its own, that no terminal can reach; the starting one never returns from
    here. Standard input leads to /dev/null, and so does standard output until the caller has a log; standard error
    stays as it is until then."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        os.close(writing)
        _await(reading)
    os.close(reading)
    os.setsid()
    # A session leader could gain a terminal by opening one; its child cannot.
    if os.fork():
        os._exit(0)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return Detached(writing)


def _await(reading: int) -> NoReturn:
    with os.fdopen(reading, "rb") as pipe:
        outcome = pipe.read()
    if outcome == _READY:
        os._exit(0)
    reason = outcome.decode() or "the server ended while it started; its error log may tell why"
    print(reason, file=sys.stderr, flush=True)
    os._exit(1)
