"""What OpenSSL says when something goes wrong."""

from __future__ import annotations

from dataclasses import dataclass

from OpenSSL import SSL

Error = SSL.Error


@dataclass(frozen=True, slots=True)
class QueuedError:
    """One entry of OpenSSL's error queue, such as ("SSL routines", "no shared cipher")."""

    library: str
    reason: str

    def __str__(self) -> str:
        return f"{self.library}: {self.reason}"


def queued_errors(error: SSL.Error) -> tuple[QueuedError, ...]:
    """What OpenSSL had to say; empty where it said nothing, as when the peer was just gone."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else ()
    return tuple(QueuedError(library, reason) for library, _, reason in queue)
