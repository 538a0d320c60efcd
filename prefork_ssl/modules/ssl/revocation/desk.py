"""The master's part, or under -X that of the one process: the helper is started, and started anew when it has ended.
One for all generations."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.process.privileges import Identity

_PROGRAM = (sys.executable, "-m", "prefork_ssl.modules.ssl.revocation.inspector")
# What the helper gets of the environment, beside the places of Python's modules.
_ENVIRONMENT = ("PATH", "PYTHONHOME", "LD_LIBRARY_PATH")
# Seconds between two starts at the least; after each that fails, it is twice as long.
_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class Desk:
    """Where workers hand in their ends of new lines (socket.send_fds to `entrance`)."""

    def __init__(self) -> None:
        self.entrance, self._exit = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.entrance.setblocking(False)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = float("-inf")
        self._pause = _PAUSE
        self._keeper = 0

    def tend(self, identity: Identity | None) -> str:
        """To be called about once a second: start the helper if it does not run; it becomes `identity`, if that is not
        None. Returns what there is to tell of, or ""."""
        self._keeper = os.getpid()
        ended = self._process is not None and self._process.poll() is not None
        if (self._process is not None and not ended) or time.monotonic() < self._started + self._pause:
            return ""
        status = self._process.returncode if self._process else None
        self._started = time.monotonic()
        try:
            self._process = _start(self._exit, identity)
        except OSError as error:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            return f"the program that asks OCSP responders cannot be started: {error.strerror}"
        self._pause = _PAUSE
        return f"the program that asks OCSP responders has ended with status {status}" if ended else ""

    def forget(self) -> None:
        """In a worker, unless it looks after the helper itself."""
        if self._keeper != os.getpid():
            self._process = None
            self._exit.close()


DESK = Key[Desk]("ssl ocsp desk")


def keep_desk(generation: Generation, *, needed: bool) -> Desk | None:
    """The desk for a generation that is being prepared: that of the generations before; a new one if one is needed."""
    desk = generation.previous.get(DESK) if generation.previous else None
    if desk is None and needed:
        desk = Desk()
    if desk is not None:
        generation.keep(DESK, desk)
    return desk


def _start(desk: socket.socket, identity: Identity | None) -> subprocess.Popen[bytes]:
    numbers = (identity.uid, identity.gid, *identity.groups) if identity else ()
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(  # noqa: S603 - this very package
        [*_PROGRAM, str(desk.fileno()), *map(str, numbers)],
        stdin=subprocess.DEVNULL,
        pass_fds=(desk.fileno(),),
        cwd="/",
        env=environment,
        process_group=0,  # Ctrl-C is for the master
    )
