"""The life of the keys that session tickets are sealed with (SSLSessionTicketKeyLifetime).

OpenSSL makes them with the Context and gives no way to change them: whoever learns one can read every session that was
resumed with its tickets. So the Contexts themselves are renewed, in a graceful turn of the workers.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

# Seconds until a renewal that was refused is asked for again.
_RETRY = 300.0


class TicketKeys:
    """The ticket keys of a generation, as old as the oldest of its Contexts."""

    def __init__(self, lifetime: float, births: Iterable[float]) -> None:
        """`lifetime` is in seconds, 0 for ever. `births` (time.monotonic) are those of the Contexts with tickets."""
        self._ends = min(births, default=float("inf")) + (lifetime or float("inf"))
        self._asked = float("-inf")

    def spent(self) -> bool:
        """Whether their time is over."""
        return time.monotonic() >= self._ends

    def due(self) -> bool:
        """Whether a renewal is to be asked for now."""
        now = time.monotonic()
        if not self.spent() or now < self._asked + _RETRY:
            return False
        self._asked = now
        return True
