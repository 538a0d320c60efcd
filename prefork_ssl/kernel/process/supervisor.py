"""Keeps the crew in service at full strength.

A worker that died is replaced, one that asked for it is relieved, one that hangs is killed.
"""

from __future__ import annotations

import signal
import time

from prefork_ssl.kernel.directives import WORKER_HEARTBEAT_TIMEOUT
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.process.crew import Crew
from prefork_ssl.kernel.process.workforce import Burial, Member, Stage, Workforce

# A worker that dies sooner than this many seconds after its birth makes the next one wait.
_YOUNG = 5.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
# The longest after one that has served: what killed it, a request or want of memory, need not await the next.
_LONGEST_PAUSE_AFTER_SERVICE = 1.0
# Seconds until the next try when the system cannot fork.
_NO_ROOM_PAUSE = 10.0
# A master that slept for so many seconds itself has no right to call others silent.
_OVERSLEPT = 5.0


class Supervisor:
    """Works for the crew that it was given last."""

    def __init__(self, workforce: Workforce, crew: Crew) -> None:
        self._workforce = workforce
        self.crew = crew
        self._young_deaths = 0
        self._pause_ends = 0.0
        self._looked = time.monotonic()

    @property
    def _log(self) -> ErrorLog:
        return self.crew.log

    def take_over(self, crew: Crew) -> None:
        """Another crew is in service."""
        self.crew = crew
        self._young_deaths = 0
        self._pause_ends = 0.0

    def ready(self, member: Member) -> None:
        """A replacement serves: the one that asked for it may go."""
        for other in self._workforce.of(member.crew):
            if other.number == member.number and other.spent and other is not member:
                other.send_home()

    def lost(self, burial: Burial) -> None:
        """A worker has ended, of this crew or an earlier one."""
        member = burial.member
        if member.stage is Stage.LEAVING:
            expected = burial.status in (0, -signal.SIGTERM)
            self._log.write(Level.DEBUG if expected else Level.WARN, str(burial))
            return
        self._log.write(Level.ALERT if burial.status else Level.NOTICE, f"{burial}; it will be replaced")
        if time.monotonic() - member.began < _YOUNG:
            served = member.stage is Stage.SERVING
            longest = _LONGEST_PAUSE_AFTER_SERVICE if served else _LONGEST_PAUSE
            self._pause_ends = time.monotonic() + self._next_pause(longest)

    def _next_pause(self, longest: float) -> float:
        """Seconds to wait after a worker died young: none after the first, then longer and longer."""
        self._young_deaths += 1
        if self._young_deaths == 1:
            return 0.0
        doublings = min(self._young_deaths - 2, 10)
        return min(_SHORTEST_PAUSE * 2.0**doublings, longest)

    @property
    def pause(self) -> float:
        """Seconds until somebody may be hired again."""
        return max(self._pause_ends - time.monotonic(), 0.0)

    def fill(self) -> None:
        """Hire for every number that nobody fills, or only somebody who asked to be relieved."""
        if self.pause:
            return
        members = self._workforce.of(self.crew)
        filled = {
            member.number for member in members if not member.spent and member.stage is not Stage.LEAVING
        }
        for number in sorted(set(range(1, self.crew.size + 1)) - filled):
            try:
                self._workforce.hire(self.crew, number)
            except OSError as error:
                self._pause_ends = time.monotonic() + _NO_ROOM_PAUSE
                self._log.write(Level.ALERT, f"cannot fork a worker: {error.strerror}; trying again later")
                return

    def look(self) -> None:
        """About once a second: whether all workers live, and whether the pause may be forgotten."""
        now = time.monotonic()
        overslept, self._looked = now - self._looked > _OVERSLEPT, now
        for member in self._workforce:
            if overslept:
                member.heard = now
            self._check(member, now)
        if len(self._workforce) and all(now - member.began >= _YOUNG for member in self._workforce):
            self._young_deaths = 0

    def _check(self, member: Member, now: float) -> None:
        patience = member.crew.settings[WORKER_HEARTBEAT_TIMEOUT]
        silence = member.silent_for(now)
        if not patience or silence <= patience:
            return
        if member.condemned:
            member.kill(signal.SIGKILL)
            return
        member.condemned = True
        self._log.write(
            Level.ALERT,
            f"{member} has not answered for {silence:.1f} s (WorkerHeartbeatTimeout {patience:g}) and is killed",
        )
        # Its last words, if it still can: faulthandler writes to the error log where it hangs.
        member.kill(signal.SIGABRT)
