"""One run of the helper program, as the master sees it: started, listened to once a second, and never waited for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

from prefork_ssl.kernel.process.privileges import Identity
from prefork_ssl.modules.ssl.stapling.errand import Outcome, decode, encode
from prefork_ssl.modules.ssl.stapling.subject import Subject

_PROGRAM = (sys.executable, "-m", "prefork_ssl.modules.ssl.stapling.fetcher")
# What the helper gets of the environment, beside the places of Python's modules.
_ENVIRONMENT = ("PATH", "PYTHONHOME", "LD_LIBRARY_PATH")
_LONGEST_PIECE = 1 << 20


class Helper:
    """Asks about some subjects. It writes to a file in memory, so that neither side ever waits for the other."""

    def __init__(self, subjects: Mapping[int, Subject], identity: Identity | None) -> None:
        """`identity` is who it becomes. Raises OSError."""
        self._subjects = dict(subjects)
        self._outcomes = os.memfd_create("outcomes")
        self._read = 0
        jobs = b"".join(encode(subject.job(number)) for number, subject in subjects.items())
        try:
            self._process = _start(jobs, self._outcomes, identity)
        except OSError:
            os.close(self._outcomes)
            raise

    def settled(self) -> Iterator[Subject]:
        """The subjects whose outcomes have come since the last call."""
        ended = self._process.poll() is not None
        data = os.pread(self._outcomes, _LONGEST_PIECE, self._read)
        lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
        for line in lines:
            self._read += len(line)
            if subject := self._settle(line):
                yield subject
        if ended and not lines:
            yield from self._left_over()

    def _settle(self, line: bytes) -> Subject | None:
        """Its subject; None if the line makes no sense, and so comes from no helper of ours."""
        try:
            outcome = decode(Outcome, line)
            subject = self._subjects[outcome.number]
            subject.settle(outcome)
        except (KeyError, ValueError):
            return None
        del self._subjects[outcome.number]
        return subject

    def _left_over(self) -> Iterator[Subject]:
        """Those about which the helper has said nothing before it ended."""
        for number, subject in self._subjects.items():
            why = f"the program that asks it has ended with status {self._process.returncode}"
            subject.settle(Outcome(number, "failed", reason=why))
            yield subject
        self._subjects.clear()

    @property
    def done(self) -> bool:
        """Whether everything is settled."""
        return not self._subjects

    def forget(self) -> None:
        """Let go of it: it is done, or this is a worker."""
        os.close(self._outcomes)


def _start(jobs: bytes, outcomes: int, identity: Identity | None) -> subprocess.Popen[bytes]:
    numbers = (identity.uid, identity.gid, *identity.groups) if identity else ()
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with os.fdopen(os.memfd_create("jobs"), "w+b") as file:
        file.write(jobs)
        file.seek(0)
        return subprocess.Popen(  # noqa: S603 - this very package
            [*_PROGRAM, *map(str, numbers)],
            stdin=file,
            stdout=outcomes,
            cwd="/",
            env=environment,
            process_group=0,  # Ctrl-C is for the master
        )
