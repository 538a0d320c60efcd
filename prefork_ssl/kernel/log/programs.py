"""Piped logs: "|program arguments" gets the lines on its standard input (Apache's reliable piped logs).

The master keeps both ends of the pipe, so lines wait in it while a program that ended is started again.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time

from prefork_ssl.kernel.log.files import LogPipe, Report

# A program that ends sooner than this many seconds after its start is started again with a pause, which doubles.
_YOUNG = 60.0
_LONGEST_PAUSE = 60.0


class LogProgram(LogPipe):
    """A pipe to a program. Only the master starts it; the workers inherit the pipe.

    "|program" and "||program" start it directly, "|$command" through /bin/sh.
    """

    def __init__(self, target: str, report: Report) -> None:
        """Raises OSError or ValueError (unbalanced quotes) when the program cannot be started."""
        self._command = _command(target)
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)
        super().__init__(target, writing, report)
        self._pause = 0.0
        try:
            self._start()
        except OSError:
            self.close()
            raise

    def tend(self) -> None:
        """Start the program again if it has ended. The master calls this about once a second."""
        status = self._process.poll()
        if status is None or time.monotonic() < self._begun + self._pause:
            return
        young = time.monotonic() < self._begun + _YOUNG
        self._pause = min(self._pause * 2 + 1, _LONGEST_PAUSE) if young else 0.0
        try:
            self._start()
        except OSError as error:
            self._report(f"log program {self.target} ended, and cannot be started again: {error.strerror}")
        else:
            self._report(f"log program {self.target} ended (status {status}) and was started again")

    def reopen(self) -> int:
        """A program has no file that could move."""
        raise OSError(f"{self.target} is not a file")

    def close(self) -> None:
        """Close the pipe: the program reads the end of its input once all workers have closed theirs."""
        super().close()
        os.close(self._reading)

    def _start(self) -> None:
        self._begun = time.monotonic()
        # A process group of its own: Ctrl-C in the foreground must not end it before the last lines are written.
        self._process = subprocess.Popen(self._command, stdin=self._reading, process_group=0)  # noqa: S603


def _command(target: str) -> list[str]:
    line = target[1:]
    if line.startswith("$"):
        return ["/bin/sh", "-c", line[1:]]
    words = shlex.split(line.removeprefix("|"))
    if not words:
        raise ValueError("a program must follow the '|'")
    return words
