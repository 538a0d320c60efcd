"""The master's event loop: descriptors that become readable, signals in the order of their arrival, and the time.

A signal's handler only puts its number on a socket (signal.set_wakeup_fd); everything is done in the loop, where
nothing is half done. Not gevent's loop, which must not exist in a process that forks.
"""

from __future__ import annotations

import selectors
import signal
import socket
from collections.abc import Callable, Iterable
from typing import Protocol


class _Descriptor(Protocol):
    def fileno(self) -> int: ...


class Loop:
    """Waits, and calls what was asked for."""

    def __init__(self, signals: Iterable[signal.Signals], caught: Callable[[signal.Signals], None]) -> None:
        """From now on `caught` is called from `turn` for each of the signals."""
        self._caught = caught
        self._selector = selectors.DefaultSelector()
        self._sleeper, self._waker = socket.socketpair()
        self._sleeper.setblocking(False)
        self._waker.setblocking(False)
        self.watch(self._sleeper, self._read_signals)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._signals = tuple(signals)
        for number in self._signals:
            signal.signal(number, _leave_to_the_loop)

    def watch(self, file: _Descriptor, readable: Callable[[], None]) -> None:
        """Call `readable` whenever `file` can be read."""
        self._selector.register(file, selectors.EVENT_READ, readable)

    def unwatch(self, file: _Descriptor) -> None:
        """Not any more. To be called before the file is closed."""
        self._selector.unregister(file)

    def turn(self, seconds: float) -> None:
        """Wait up to `seconds` for something to happen, and do what is due then."""
        for key, _events in self._selector.select(max(seconds, 0)):
            # One that came earlier in this turn may have ended what this one is about.
            if key.fd in self._selector.get_map():
                key.data()

    def _read_signals(self) -> None:
        try:
            numbers = self._sleeper.recv(4096)
        except BlockingIOError:
            return
        for number in numbers:
            if number in self._signals:
                self._caught(signal.Signals(number))

    def forget(self) -> None:
        """In a forked process, with signals blocked: let go of everything, and treat signals as a new process does."""
        signal.set_wakeup_fd(-1)
        for number in self._signals:
            signal.signal(number, signal.SIG_DFL)
        self._selector.close()
        self._sleeper.close()
        self._waker.close()


def _leave_to_the_loop(_number: int, _frame: object) -> None:
    """The wake-up descriptor has the number already."""
