"""Which way of running holds where: greenlets, or the threads that a WSGIThreads line asks for."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

from gevent import get_hub
from gevent.threadpool import ThreadPool

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Origin
from prefork_ssl.modules.wsgi.directives import WSGI_THREADS
from prefork_ssl.modules.wsgi.running.greenlets import GreenletRun
from prefork_ssl.modules.wsgi.running.run import Run
from prefork_ssl.modules.wsgi.running.threads import ThreadRun

# Seconds that a thread which computes may keep Python to itself while others wait; Python's own 5 ms add up for the
# event loop, which lets go of Python with each of its system calls.
_TURN = 0.0005


class Stage(Protocol):
    """A way of running applications."""

    def new_run(self) -> Run:
        """For one request."""

    def errors(self, stream: io.TextIOBase) -> io.TextIOBase:
        """`stream`, as applications may write to it from where they run. Called in a worker."""


class Greenlets:
    """Without WSGIThreads."""

    new_run: Callable[[], Run] = GreenletRun

    def errors(self, stream: io.TextIOBase) -> io.TextIOBase:
        """See Stage."""
        return stream


class Threads:
    """One WSGIThreads line: all requests that it is for share its threads, in each worker."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._pool: ThreadPool | None = None

    def new_run(self) -> Run:
        """See Stage."""
        if self._pool is None:  # the master, where the line was read, has no event loop
            self._pool = ThreadPool(self._number)
            sys.setswitchinterval(_TURN)
        return ThreadRun(self._pool)

    def errors(self, stream: io.TextIOBase) -> io.TextIOBase:
        """See Stage."""
        return _FromThread(stream)


class _FromThread(io.TextIOBase):
    """Hands over what is written to the thread that has the event loop, without waiting."""

    def __init__(self, stream: io.TextIOBase) -> None:
        self._stream = stream
        self._loop: Any = get_hub().loop
        self._pid = os.getpid()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"what is written must be a str, not {type(text).__name__}")
        self._hand_over(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        self._hand_over(self._stream.flush)

    def close(self) -> None:
        # Called at the end of its life, too, which would flush what another request has begun.
        pass

    def _hand_over(self, function: Callable[..., object], *arguments: str) -> None:
        if os.getpid() == self._pid:
            self._loop.run_callback_threadsafe(function, *arguments)
        else:  # in a child, which has this thread only
            function(*arguments)


class Stages:
    """The stages of one generation."""

    def __init__(self) -> None:
        self._greenlets = Greenlets()
        self._threads: dict[Origin | None, Threads] = {}

    def at(self, settings: Settings) -> Stage:
        """The stage where these settings hold."""
        number, origin = settings[WSGI_THREADS], settings.origin(WSGI_THREADS)
        if not number:
            return self._greenlets
        if origin not in self._threads:
            self._threads[origin] = Threads(number)
        return self._threads[origin]
