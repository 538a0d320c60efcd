"""A circuit breaker: who does not answer is not asked for a while, so that nobody waits in vain again and again."""

from __future__ import annotations

import time

# Failures in a row until nothing is asked any more.
_FAILURES = 3
# Seconds without asking: at first, and at most. Each failure after such a pause doubles the next one.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


class Breaker:
    """Asked before each call, and told how it went."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause = _FIRST_PAUSE
        self._closed_again = 0.0

    @property
    def open(self) -> bool:
        """Whether nothing is to be asked now."""
        return self._failures >= _FAILURES and time.monotonic() < self._closed_again

    def admits(self) -> bool:
        """Whether a call may be made. After a pause, one is let through, and the others wait for what becomes of it."""
        if self._failures < _FAILURES:
            return True
        if self.open:
            return False
        self._closed_again = time.monotonic() + self._pause
        return True

    def succeeded(self) -> None:
        """The call was answered."""
        self._failures, self._pause = 0, _FIRST_PAUSE

    def failed(self) -> bool:
        """The call was not; whether nothing will be asked for a while."""
        self._failures += 1
        if self._failures < _FAILURES:
            return False
        if self._failures > _FAILURES:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._closed_again = time.monotonic() + self._pause
        return True
