"""The lines of a log file, in large pieces; and those that are still to come."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_PIECE = 1 << 20
# Bytes of a line that has not ended; of a longer one, the beginning is lost.
_LONGEST_LINE = 1 << 16
# Seconds between two looks at a file that is followed.
_LOOK = 0.25


def lines(file: BinaryIO, progress: Callable[[int], None], *, growing: bool = False) -> Iterator[list[bytes]]:
    """The lines from where the file stands to its end, without their line feeds, many at a time.

    `progress` is told how many bytes were read. A last line without a line feed comes too; if the file is still
    `growing`, it is left for later.
    """
    rest = b""
    while piece := file.read(_PIECE):
        progress(len(piece))
        *whole, rest = (rest + piece).split(b"\n")
        yield whole
        rest = rest[-_LONGEST_LINE:]
    if growing:
        file.seek(-len(rest), os.SEEK_CUR)
    elif rest:
        yield [rest]


def follow(path: Path, file: BinaryIO) -> Iterator[list[bytes]]:
    """The lines that are written from now on: an empty list when there are none for a moment. When the file is moved
    away, what is still written to it comes first, and then what is in the one in its place."""
    rest = b""
    while True:
        piece = file.read(_PIECE)
        if piece:
            *whole, rest = (rest + piece).split(b"\n")
            rest = rest[-_LONGEST_LINE:]
            yield whole
            continue
        successor = _successor(path, file)
        if successor is not None:
            file.close()
            file, rest = successor, b""
            continue
        yield []
        time.sleep(_LOOK)


def _successor(path: Path, file: BinaryIO) -> BinaryIO | None:
    """The file that has taken the place of this one; itself, from the beginning, if it was cut short."""
    own = os.fstat(file.fileno())
    try:
        now = path.stat()
    except FileNotFoundError:
        return None
    if (now.st_dev, now.st_ino) != (own.st_dev, own.st_ino):
        return path.open("rb")
    if now.st_size < file.tell():
        return path.open("rb")
    return None
