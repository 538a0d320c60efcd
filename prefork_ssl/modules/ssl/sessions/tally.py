"""What the session cache counts, in the places that the scoreboard has for each worker."""

from __future__ import annotations

from prefork_ssl.kernel.process.scoreboard import SLOT_WORDS, Counter

HITS = Counter("ssl_session_hits", "sessions found for clients that came back with one")
MISSES = Counter("ssl_session_misses", "sessions asked for that were not there")
REFUSED = Counter(
    "ssl_session_refused", "records that did not open: tampered with, moved, or of another server"
)
ADOPTED = Counter("ssl_session_adopted", "sessions taken over from other workers")
STORED = Counter("ssl_session_stored", "sessions stored")
REMOVED = Counter(
    "ssl_session_removed", "sessions taken out, because they were used once or ended in an alert"
)
TOO_LONG = Counter("ssl_session_too_long", "sessions not stored: too long for the store")
NOT_STORED = Counter("ssl_session_not_stored", "sessions not stored: mutex busy, store or network down")
NOT_SOUGHT = Counter("ssl_session_not_sought", "sessions not looked for: mutex busy, store or network down")


class Tally:
    """Where this process counts. `words` are indexed by the counters; until the worker has its place on the scoreboard
    they count for nobody."""

    __slots__ = ("words",)

    def __init__(self) -> None:
        self.words = memoryview(bytearray(8 * SLOT_WORDS)).cast("q")
