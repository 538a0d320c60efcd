"""The key that sessions are sealed with: made at start, or read from SSLSessionCacheKeyFile."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from prefork_ssl.modules.ssl.sessions.sealing import KEY_SIZE


class KeyFileError(Exception):
    """The file cannot be used. The message is one line, `hint` says what to do; its contents are in neither."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def new_key() -> bytes:
    """A key that nobody else has."""
    return os.urandom(KEY_SIZE)


def read_key(path: Path) -> bytes:
    """The key in a file. Raises KeyFileError."""
    make = f"make one that only its owner may read: (umask 077; openssl rand {KEY_SIZE} >{path})"
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(4 * KEY_SIZE)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}", make) from error
    if not stat.S_ISREG(mode):
        raise KeyFileError(f"{path} is no file", make)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f"others than its owner may read {path}", f"chmod 400 {path}")
    key = data if len(data) == KEY_SIZE else _from_hexadecimal(data)
    if key is None or len(set(key)) < KEY_SIZE // 4:
        raise KeyFileError(
            f"{path} does not hold {KEY_SIZE} random bytes, or {2 * KEY_SIZE} hexadecimal digits", make
        )
    return key


def _from_hexadecimal(data: bytes) -> bytes | None:
    try:
        key = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        return None
    return key if len(key) == KEY_SIZE else None
