"""A file that is read again when it has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

# Nanoseconds that a file must have been left alone before what was read is relied upon: until then it may be half
# written, and another change could share its times.
_SETTLED = 2_000_000_000


class ChangingFile(Generic[T]):
    """`parse` makes of the contents what is asked for. Two of the same path are equal."""

    def __init__(self, path: Path, parse: Callable[[bytes], T]) -> None:
        self.path = path
        self._name = str(path)
        self._parse = parse
        self._identity: tuple[int, ...] | None = None
        self._value: T

    def read(self) -> T:
        """The value of the contents as they are now. Raises OSError."""
        status = os.stat(self._name)  # noqa: PTH116 - a Path would cost more than the system call
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if identity != self._identity:
            self._value = self._parse(self.path.read_bytes())
            settled = time.time_ns() - status.st_ctime_ns > _SETTLED
            self._identity = identity if settled else None
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChangingFile) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)


def entries(contents: bytes) -> list[tuple[str, str]]:
    """What stands before and behind the first colon of each line, in a password or a group file. What is not UTF-8 is
    kept as with os.fsdecode."""
    text = contents.decode("utf-8", "surrogateescape")
    lines = (line.strip("\r\t ") for line in text.split("\n"))
    pairs = (line.partition(":") for line in lines if not line.startswith("#"))
    return [(name, value) for name, colon, value in pairs if colon]
