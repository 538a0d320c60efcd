"""What is said during the start, before the error log is there: problems always, notes on request (-e)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from prefork_ssl.cli.failure import Failure
from prefork_ssl.kernel.log.levels import Level


class Notes:
    """Writes the notes of a level and the graver ones to standard error."""

    def __init__(self, level: Level) -> None:
        self._level = level

    def write(self, level: Level, text: str) -> None:
        """Say `text`, if it is important enough."""
        if level <= self._level:
            print(f"prefork-ssl: {level.name.lower()}: {text}", file=sys.stderr, flush=True)


def write_errors_to(path: Path) -> None:
    """From now on, standard error is written to the end of this file. Raises Failure."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    except OSError as error:
        raise Failure(f"-E {path}: {error.strerror}") from error
    os.dup2(fd, 2)
    os.close(fd)
