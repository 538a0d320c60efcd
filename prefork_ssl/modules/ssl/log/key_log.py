"""SSLKeyLogFile: the secrets of every connection, for Wireshark (draft-ietf-tls-keylogfile).

Whoever has this file reads everything that it was written for. So nobody but its owner may, and the log says loudly
that it is being written.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from OpenSSL import SSL


class KeyLogRefused(Exception):
    """The file is not fit for secrets, or cannot be opened. `hint` is what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class KeyLog:
    """An open key log. The master opens it, workers write to it; it closes when nobody has it any more."""

    def __init__(self, path: Path) -> None:
        """Raises KeyLogRefused."""
        self.path = path
        self._file = open(_open(path), "ab", buffering=0)  # noqa: SIM115 - for as long as the Contexts live

    def attach(self, context: SSL.Context) -> None:
        """Write the secrets of the context's connections from now on."""
        context.set_keylog_callback(self._write)

    def _write(self, _connection: SSL.Connection, line: bytes) -> None:
        # A callback of OpenSSL's must not raise. What a full disk has no room for is missing, as in any log.
        try:
            self._file.write(line + b"\n")
        except OSError:
            return


def _open(path: Path) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        fd = os.open(path, flags, 0o600)
    except OSError as error:
        hint = (
            "name a file, not a link to one"
            if path.is_symlink()
            else "check the path, and that it can be written"
        )
        raise KeyLogRefused(f"cannot open {path}: {error.strerror}", hint) from error
    try:
        _refuse_unsafe(path, os.fstat(fd))
    except KeyLogRefused:
        os.close(fd)
        raise
    return fd


def _refuse_unsafe(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyLogRefused(f"{path} is no regular file", "name one; it is made if it is not there")
    if status.st_uid not in (0, os.geteuid()):
        raise KeyLogRefused(
            f"{path} belongs to another user", f"remove it, or chown it: chown $(id -u) {path}"
        )
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        raise KeyLogRefused(
            f"{path} can be read or written by others than its owner (mode {mode:04o})", f"chmod 600 {path}"
        )
