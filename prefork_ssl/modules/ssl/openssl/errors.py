"""What OpenSSL says when something goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from OpenSSL import SSL

Error = SSL.Error


_OF_SSL = "SSL routines"
# An alert whose number nobody has assigned, for example.
_NO_WORDS = "something that OpenSSL has no words for"


@dataclass(frozen=True, slots=True)
class QueuedError:
    """One entry of OpenSSL's error queue, such as ("SSL routines", "no shared cipher")."""

    library: str
    reason: str

    def __str__(self) -> str:
        return f"{self.library}: {self.reason}"


def queued_errors(error: SSL.Error) -> tuple[QueuedError, ...]:
    """What OpenSSL had to say; empty where it said nothing, as when the peer has ended the connection."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else ()
    return tuple(QueuedError(library, reason or _NO_WORDS) for library, _, reason in queue)


def main_reason(errors: Sequence[QueuedError]) -> str:
    """What OpenSSL says of TLS itself, rather than of what it is made of; "no reason given" if it said nothing."""
    of_ssl = (error.reason for error in errors if error.library == _OF_SSL)
    return next(of_ssl, errors[0].reason if errors else "no reason given")
