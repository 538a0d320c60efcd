"""What can be asked about files: file(...), filesize(...), and tests such as -f."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

from prefork_ssl.kernel.expression.condition import EvaluationError

# The most that file() reads, in bytes (as in Apache).
_LARGEST = 10 << 20


def contents(path: str) -> str:
    """The whole file. Raises EvaluationError if it cannot be read, is too large, or is something else: a pipe would let
    everybody wait who is served by this worker."""
    try:
        # A Path would find no NUL in the name until it is too late.
        with open(path, "rb", opener=_without_waiting) as file:
            _must_be_regular(file)
            data = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"{path!r} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if len(data) > _LARGEST:
        raise EvaluationError(f"{path!r} is larger than {_LARGEST >> 20} MB")
    return data.decode("utf-8", "surrogateescape")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _must_be_regular(file: BinaryIO) -> None:
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        raise OSError(errno.EINVAL, "not a regular file")


def size(path: str) -> str:
    """The length in bytes; "0" for what is not there."""
    status = _status(path)
    return str(status.st_size if status else 0)


def exists(path: str) -> bool:
    """-e: there is such a file, directory or anything else."""
    return _status(path) is not None


def is_file(path: str) -> bool:
    """-f: it is a file."""
    status = _status(path)
    return status is not None and stat.S_ISREG(status.st_mode)


def is_directory(path: str) -> bool:
    """-d: it is a directory."""
    status = _status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def is_not_empty(path: str) -> bool:
    """-s: it is there, and has contents."""
    status = _status(path)
    return status is not None and status.st_size > 0


def is_link(path: str) -> bool:
    """-L, -h: it is a symbolic link."""
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def is_executable(path: str) -> bool:
    """-x: this process may execute it."""
    try:
        return os.access(path, os.X_OK)
    except ValueError:
        return False


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - as in `contents`
    except (OSError, ValueError):
        return None
