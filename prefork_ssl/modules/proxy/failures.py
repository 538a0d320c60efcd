"""What goes wrong with a backend, and what the client is told of it: the reason is only for the log."""

from __future__ import annotations

from prefork_ssl.kernel.log.levels import Level

_NOTES = {
    502: "The server behind this one gave no valid answer.",
    503: "The server behind this one cannot be reached just now.",
    504: "The server behind this one did not answer in time.",
}


class BackendFailure(Exception):
    """The request is answered with `status`, which is 502, 503 or 504. `level` is that of the log line."""

    def __init__(self, status: int, reason: str, level: Level = Level.ERROR) -> None:
        super().__init__(reason)
        self.status = status
        self.level = level
        self.note = _NOTES[status]


class Stale(BackendFailure):
    """A connection that was used before has ended without a byte of an answer: the backend may not have seen the
    request (RFC 9110 section 9.2.2)."""

    def __init__(self) -> None:
        super().__init__(502, "closed the connection without an answer")
