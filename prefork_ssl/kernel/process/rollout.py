"""Putting a crew into service is a transaction: all of its workers become ready, or none of it has happened.

The first start is one, and so is each reload.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from prefork_ssl.kernel.process.control import Answer
from prefork_ssl.kernel.process.crew import Crew
from prefork_ssl.kernel.process.pidfile import PidFile
from prefork_ssl.kernel.process.workforce import Burial, Stage, Workforce


@dataclass(eq=False)
class Rollout:
    """A crew on its way into service. `pid_file` is the one that comes with it, if there is a new one; `answers` are
    for those who asked for it."""

    crew: Crew
    pid_file: PidFile | None = None
    answers: list[Answer] = field(default_factory=list)

    def hire(self, workforce: Workforce) -> None:
        """Fork all workers. Raises OSError; the caller rolls back then."""
        for number in range(1, self.crew.size + 1):
            workforce.hire(self.crew, number)

    def complete(self, workforce: Workforce) -> bool:
        """Whether every worker serves."""
        return all(member.stage is Stage.SERVING for member in workforce.of(self.crew))

    def undo(self, workforce: Workforce, successor: Crew | None) -> None:
        """Send the workers home, and take back the pid file and the sockets that `successor` does not use."""
        for member in workforce.of(self.crew):
            member.dismiss()
        if self.pid_file is not None:
            self.pid_file.remove()
        self.crew.close_sockets(successor)

    def answer(self, text: str) -> None:
        """Tell those who asked how it went."""
        for answer in self.answers:
            answer(text)


def cause(burial: Burial) -> str:
    """Why a rollout fails of which a worker has ended."""
    reason = f": {burial.member.reason}" if burial.member.reason else ""
    return f"{burial} before all workers were ready{reason}"
