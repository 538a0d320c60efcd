"""The workers as their master sees them: forked, watched, and buried. Only processes that were forked here count."""

from __future__ import annotations

import enum
import faulthandler
import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from gevent._hub_local import get_hub_if_exists

from prefork_ssl.config.errors import ConfigError
from prefork_ssl.kernel.process.channel import Channel, WorkerChannel
from prefork_ssl.kernel.process.crew import Crew
from prefork_ssl.kernel.process.loop import Loop
from prefork_ssl.kernel.process.privileges import allow_core_dumps, become
from prefork_ssl.kernel.process.scoreboard import BEATS, PID, Scoreboard, Slot
from prefork_ssl.kernel.process.worker import Worker

_SIGNAL_NAMES = {number.value: number.name for number in signal.Signals}
# What a terminal sends to all processes in the foreground is the master's business.
_IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)


class Stage(enum.Enum):
    """A worker's way."""

    STARTING = "starting"
    SERVING = "serving"
    LEAVING = "leaving"


@dataclass(eq=False)
class Member:
    """One worker. `spent` tells that it asked to be replaced, `condemned` that it did not answer any more; `reason` is
    why it could not begin."""

    pid: int
    number: int
    crew: Crew
    channel: Channel
    slot: Slot
    stage: Stage = Stage.STARTING
    reason: str = ""
    began: float = field(default_factory=time.monotonic)
    beats: int = 0
    heard: float = field(default_factory=time.monotonic)
    spent: bool = False
    condemned: bool = False

    def __str__(self) -> str:
        return f"worker {self.number} of generation {self.crew.generation.number} (pid {self.pid})"

    def send_home(self) -> None:
        """Let it finish what is under way, and end."""
        self.stage = Stage.LEAVING
        self.channel.send("drain")

    def dismiss(self) -> None:
        """Let it end now. It is told twice: while it starts it does not listen yet, and later an application may have
        taken the signal for itself."""
        self.channel.send("stop")
        self.kill(signal.SIGTERM)

    def kill(self, number: signal.Signals) -> None:
        """Send a signal. Its pid cannot be another process's: it is ours until it is buried."""
        self.stage = Stage.LEAVING
        os.kill(self.pid, number)

    def ask_for_stacks(self) -> None:
        """Let it write to the error log what each greenlet does. One that is still starting would end by the signal."""
        if self.stage is not Stage.STARTING:
            os.kill(self.pid, signal.SIGUSR2)

    def silent_for(self, now: float) -> float:
        """Seconds (time.monotonic) since its last sign of life."""
        if self.slot.words[BEATS] != self.beats:
            self.beats, self.heard = self.slot.words[BEATS], now
        return now - self.heard


@dataclass(frozen=True, slots=True)
class Burial:
    """The end of a worker: `status` is its exit status, negative if a signal ended it (subprocess's way)."""

    member: Member
    status: int

    def __str__(self) -> str:
        if self.status < 0:
            return f"{self.member} was ended by {_SIGNAL_NAMES.get(-self.status, f'signal {-self.status}')}"
        return f"{self.member} ended with status {self.status}"


class Workforce:
    """All workers of all crews.

    `said` is called with what a worker says ("ready"...); `forget` in a new worker of a crew, to let go of what is
    not that crew's.
    """

    def __init__(
        self, loop: Loop, said: Callable[[Member, str], None], forget: Callable[[Crew], None]
    ) -> None:
        self.board = Scoreboard()
        self._loop = loop
        self._said = said
        self._forget = forget
        self._members: dict[int, Member] = {}

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._members.values()))

    def __len__(self) -> int:
        return len(self._members)

    def of(self, crew: Crew) -> list[Member]:
        """The workers of one crew."""
        return [member for member in self if member.crew is crew]

    def hire(self, crew: Crew, number: int) -> Member:
        """Fork a worker. Raises OSError if the system has no room for it."""
        _refuse_a_hub()
        slot = self.board.claim(number, crew.generation.number)
        if slot is None:
            raise BlockingIOError(0, "too many workers are still draining")
        ours, theirs = Channel.pair()
        # Until the worker has let go of the master's handlers, a signal to it would be taken for one to the master.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            pid = os.fork()
            if pid == 0:
                self._live(crew, number, slot, ours, theirs)
        finally:
            _unblock_signals()
        theirs.close()
        slot.words[PID] = pid
        member = Member(pid, number, crew, ours, slot)
        self._members[pid] = member
        self._loop.watch(ours, lambda: self._hear(member))
        return member

    def bury(self) -> Iterator[Burial]:
        """Those that have ended since the last call. As process 1 of a container, others' orphans are reaped too."""
        for candidate in [-1] if os.getpid() == 1 else list(self._members):
            for pid, status in _ended(candidate):
                member = self._members.pop(pid, None)
                if member is not None:
                    self._hear(member)
                    self._hang_up(member)
                    self.board.release(member.slot)
                    yield Burial(member, os.waitstatus_to_exitcode(status))

    def _hear(self, member: Member) -> None:
        """Read what a worker says; at its end there is a burial."""
        while member.channel.open and (message := member.channel.receive()) != "":
            if message is None:
                self._hang_up(member)
            else:
                self._said(member, message)

    def _hang_up(self, member: Member) -> None:
        if member.channel.open:
            self._loop.unwatch(member.channel)
            member.channel.close()

    def _live(self, crew: Crew, number: int, slot: Slot, ours: Channel, channel: WorkerChannel) -> NoReturn:
        """The worker's whole life. Never returns: what the master was doing is none of its business."""
        status = 1
        try:
            ours.close()
            self._let_go(crew)
            _settle(crew)
            Worker(crew, number, slot, channel).run()
            status = 0
        except ConfigError as error:  # a module cannot begin, and says what it lacks
            channel.send(f"failed {error}")
        except BaseException as error:
            crew.log.exception(f"worker {number} ends by a mistake in the program")
            channel.send(f"failed {error}")
        finally:
            os._exit(status)

    def _let_go(self, crew: Crew) -> None:
        """In a new worker: close what is the master's, and treat signals as a new process does."""
        for member in self:
            member.channel.close()
        self._forget(crew)
        for ignored in _IGNORED:
            signal.signal(ignored, signal.SIG_IGN)
        _unblock_signals()


def _unblock_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())


def _ended(candidate: int) -> Iterator[tuple[int, int]]:
    """Process ids and wait statuses of those that ended: of one process, or of all children (-1)."""
    while True:
        try:
            pid, status = os.waitpid(candidate, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def _settle(crew: Crew) -> None:
    """Become an ordinary process that gives its memory and its rights no more thought."""
    # What there is now lives as long as the worker; looking at it again and again would only copy shared pages.
    gc.freeze()
    if crew.identity is not None:
        become(crew.identity)
    allow_core_dumps(crew.settings)
    faulthandler.enable(crew.log.file.fd)


def _refuse_a_hub() -> None:
    """A hub's greenlets would run on in the worker (gevent#2203), and its TLS connections with them (gevent#2196)."""
    if get_hub_if_exists() is not None:
        raise RuntimeError("gevent's hub was used in the master, which must fork without one")
