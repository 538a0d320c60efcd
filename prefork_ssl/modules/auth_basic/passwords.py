"""Whether a user's password is right: hashed in a thread of its own, and then known for a while.

What is known is not the password but a keyed hash of it, with a key that only this process has; and it counts only as
long as the file has the same entry.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time

from gevent.threadpool import ThreadPool

from prefork_ssl.modules.auth_basic.directives import UserFile
from prefork_ssl.modules.auth_basic.hashes import is_hash, is_hash_of

# Seconds that a password that was right is taken to be right without being hashed again.
_KNOWN_FOR = 60.0

# Users that are known at most.
_MOST = 10000


class UnknownHash(Exception):
    """What the file has for a user is no hash of a known kind."""


class Passwords:
    """Checks passwords for one worker process. It is made before there is a worker, so it starts no thread until it is
    needed."""

    def __init__(self) -> None:
        self._known: dict[tuple[UserFile, str], tuple[bytes, float]] = {}
        self._key = b""
        self._threads: ThreadPool | None = None

    def right(self, file: UserFile, user: str, password: bytes) -> bool:
        """Whether the file has the user with this password. It takes as long for users that do not exist.

        Raises OSError if the file cannot be read, UnknownHash if the entry cannot be used.
        """
        users = file.read()
        stored = users.get(user)
        if stored is None:
            for other in filter(is_hash, users.values()):
                self._hash(other, password)
                break
            return False
        digest = self._digest(stored, password)
        if self._is_known(file, user, digest):
            return True
        if not is_hash(stored):
            raise UnknownHash
        if not self._hash(stored, password):
            return False
        self._remember(file, user, digest)
        return True

    def _hash(self, stored: str, password: bytes) -> bool:
        """In a thread, so that the worker's other connections go on."""
        if self._threads is None:
            self._threads = ThreadPool(os.cpu_count() or 1)
        right: bool = self._threads.apply(is_hash_of, (stored, password))
        return right

    def _digest(self, stored: str, password: bytes) -> bytes:
        if not self._key:
            self._key = secrets.token_bytes(32)
        entry = stored.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(b"%d:%b%b" % (len(entry), entry, password), key=self._key).digest()

    def _is_known(self, file: UserFile, user: str, digest: bytes) -> bool:
        known, until = self._known.get((file, user), (b"", 0.0))
        return time.monotonic() < until and hmac.compare_digest(known, digest)

    def _remember(self, file: UserFile, user: str, digest: bytes) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[file, user] = (digest, time.monotonic() + _KNOWN_FOR)
