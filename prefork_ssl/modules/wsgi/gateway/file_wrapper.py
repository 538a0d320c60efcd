"""wsgi.file_wrapper (PEP 3333, "Optional Platform-Specific File Handling")."""

from __future__ import annotations

import io
import os
import stat
from typing import Any, Protocol

from prefork_ssl.kernel.request import FileBody

_BLOCK = 65536


class Readable(Protocol):
    """A file, or what can be read like one."""

    def read(self, size: int, /) -> bytes: ...


class FileWrapper:
    """The contents of a file from where it stands, as an application may return them."""

    def __init__(self, filelike: Readable, block_size: int = _BLOCK) -> None:
        self.filelike = filelike
        self.block_size = block_size

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        data = self.filelike.read(self.block_size)
        if not data:
            raise StopIteration
        return data

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self.filelike, "close", None)
        if close is not None:
            close()


def as_file_body(file: Any, length: int | None) -> FileBody | None:
    """`length` bytes of the file (None: all) from where it stands, to be sent by the system; None if it is no regular
    file, has not so much, or shows something else than what the system would read, such as decompressed text."""
    try:
        if not _is_plain(file):
            return None
        file.flush()
        status, offset = os.fstat(file.fileno()), file.tell()
    except (OSError, ValueError):  # closed, detached: reading it will tell
        return None
    left = status.st_size - offset
    count = left if length is None else length
    if not stat.S_ISREG(status.st_mode) or not 0 <= count <= left:
        return None
    return FileBody(os.dup(file.fileno()), offset, count)


def _is_plain(file: Any) -> bool:
    """Whether reading the file gives what is in its descriptor's file. Subclasses may do what they like."""
    if type(file) in (io.BufferedReader, io.BufferedRandom):
        file = file.raw
    return type(file) is io.FileIO
