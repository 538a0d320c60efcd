"""Lines read from a descriptor straight into memory that can be wiped."""

from __future__ import annotations

import os
import select
import time

from prefork_ssl.modules.ssl.passphrase.memory import wipe

LONGEST_LINE = 8191  # as in Apache


class LineTooLong(Exception):
    """There is no line end within the first LONGEST_LINE bytes."""


class PhraseReader:
    """Reads lines from a descriptor, which it does not own. `wipe` it when done."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray(LONGEST_LINE + 1)
        self._filled = 0

    def line(self, deadline: float | None = None) -> bytearray | None:
        """The next line without its end (LF or CR LF); None at the end of file.

        `deadline` is a time.monotonic() time.

        Raises:
            TimeoutError: the deadline passed.
            LineTooLong: no line end came.
        """
        while (end := self._buffer.find(b"\n", 0, self._filled)) < 0:
            if not self._fill(deadline):
                return self._take(self._filled) if self._filled else None
        return self._take(end)

    def wipe(self) -> None:
        """Overwrite what was read but not taken."""
        wipe(self._buffer)
        self._filled = 0

    def _fill(self, deadline: float | None) -> int:
        if self._filled == len(self._buffer):
            raise LineTooLong
        if deadline is not None:
            self._await_input(deadline)
        count = os.readv(self._descriptor, [memoryview(self._buffer)[self._filled :]])
        self._filled += count
        return count

    def _await_input(self, deadline: float) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError

    def _take(self, end: int) -> bytearray:
        """Cut the line that ends before `end` out of the buffer."""
        line, rest = self._buffer[:end], self._buffer[end + 1 : self._filled]
        self.wipe()
        self._buffer[: len(rest)] = rest
        self._filled = len(rest)
        wipe(rest)
        while line.endswith(b"\r"):
            del line[-1]
        return line
