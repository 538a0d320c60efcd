"""What a client library must do for the cache."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

# Seconds that the server has for anything.
PATIENCE = 0.05
# What each key begins with: the server may be used for other things, too.
PREFIX = "prefork_ssl:session:"


class RemoteError(Exception):
    """The server cannot be reached, or does not do what it is asked. The message says which."""


class Client(Protocol):
    """One connection to the server, made when it is first needed. It is used by one greenlet at a time."""

    def get(self, session_id: bytes) -> bytes | None:
        """The record of a session. Raises RemoteError."""

    def change(self, records: Mapping[bytes, bytes], removed: Collection[bytes]) -> None:
        """File records until they expire, and take others out. Raises RemoteError."""

    def close(self) -> None:
        """End the connection, whatever state it is in."""


def key_of(session_id: bytes) -> str:
    """The key that a session is filed under."""
    return PREFIX + session_id.hex()
