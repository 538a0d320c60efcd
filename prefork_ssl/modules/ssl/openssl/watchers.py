"""Who watches the connection that OpenSSL is at work on."""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """Who is told. Nothing here may raise, or wait."""

    def step(self, what: str, state: str) -> None:
        """OpenSSL is in `state`. `what` is "start" or "done" of a handshake, "in" where it goes on, "waiting in" or
        "failed in" where it leaves off."""

    def alert(self, direction: str, level: int, number: int) -> None:
        """An alert (RFC 8446 section 6) was "received" or "sent"; a `level` of 2 is fatal."""

    def verified(self, depth: int, certificate: bytes, code: int) -> None:
        """OpenSSL has looked at a certificate (DER) of the client's chain, `depth` steps above the client's own: a
        `code` of 0 (X509_V_OK) is good, others are what is wrong with it."""

    def received(self, data: bytes) -> None:
        """This came from the peer."""

    def sent(self, data: bytes) -> None:
        """This goes to the peer."""


# The last one is the one to tell; empty as long as nobody watches. A worker has one thread.
current: list[Watcher] = []
