"""wsgi.errors: what applications say, as lines of their host's error log."""

from __future__ import annotations

import io

from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level

# Characters of a line that is written although it has not ended.
_LONGEST = 8192


class ErrorStream(io.TextIOBase):
    """A text stream, whole lines of which become messages."""

    def __init__(self, log: ErrorLog) -> None:
        self._log = log
        self._begun = ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Log the lines that `text` completes."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._tell(line)
        if len(self._begun) > _LONGEST:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Log what there is of a line."""
        if self._begun:
            begun, self._begun = self._begun, ""
            self._tell(begun)

    def close(self) -> None:
        """It outlives whoever writes to it."""

    def _tell(self, line: str) -> None:
        self._log.write(Level.ERROR, line, module="wsgi")
