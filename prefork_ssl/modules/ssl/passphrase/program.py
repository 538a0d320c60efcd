"""Programs that know pass phrases: exec:program, |program args, and systemd's agent.

They run without a shell, in the program's own directory, with the server's standard error. A program that does not
answer within the time limit is killed.
"""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGPIPE, Signals
from typing import IO, TypeVar, cast

from prefork_ssl.modules.ssl.passphrase.dialog import (
    NotOpened,
    Opener,
    ProgramFailed,
    Question,
    Sleep,
    WrongPhrase,
    attempts,
    out_of_attempts,
    refusal,
)
from prefork_ssl.modules.ssl.passphrase.memory import wipe
from prefork_ssl.modules.ssl.passphrase.reader import LONGEST_LINE, LineTooLong, PhraseReader

T = TypeVar("T")

SYSTEMD_ASK_PASSWORD = "systemd-ask-password"  # noqa: S105 - the name of a program

_WHY_NOT_STARTED = {
    errno.ENOENT: "name an existing program; in a script, check also the interpreter in its first line",
    errno.EACCES: "make it executable by root alone: chmod 700",
    errno.ENOEXEC: "a script needs a first line such as #!/bin/sh",
    errno.EISDIR: "name a program, not a directory",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments, and how long it may take for an answer, in seconds."""

    arguments: tuple[str, ...]
    time_limit: float

    def failure(self, message: str, hint: str) -> ProgramFailed:
        """What to raise when the program is of no use."""
        return ProgramFailed(f"{self.arguments[0]} {message}", hint)

    def start(self, stdin: int | None = None, more_arguments: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Start the program with a pipe from its standard output; ProgramFailed if that is impossible."""
        arguments = [*self.arguments, *more_arguments]
        try:
            return subprocess.Popen(  # noqa: S603 - the administrator's own program, without a shell
                arguments, bufsize=0, stdin=stdin, stdout=subprocess.PIPE, cwd=Path(arguments[0]).parent
            )
        except OSError as error:
            hint = _WHY_NOT_STARTED.get(error.errno or 0, "start it by hand to see why")
            raise self.failure(f"cannot be started: {error.strerror}", hint) from error

    def read_line(self, reader: PhraseReader, deadline: float) -> bytearray | None:
        """The program's next line; ProgramFailed if it hangs or never ends its line."""
        try:
            return reader.line(deadline)
        except TimeoutError:
            raise self._hangs() from None
        except LineTooLong:
            raise self.failure(
                f"printed {LONGEST_LINE} bytes without a line end",
                "it must print the pass phrase as its first line",
            ) from None

    def first_line(self, *more_arguments: str) -> bytearray:
        """Run the program to its end; return the first line it printed, which is not empty. Else ProgramFailed."""
        deadline = time.monotonic() + self.time_limit
        process = self.start(more_arguments=more_arguments)
        with _killed_if_left_running(process), _reading(process) as reader:
            line = self.read_line(reader, deadline)
            try:
                status = process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise self._hangs() from None
        if status not in (0, -SIGPIPE):
            raise self.failure(_ending(status), "run it by hand with the same arguments to see why")
        if not line:
            raise self.failure(
                "printed no pass phrase",
                "it must print the pass phrase on its standard output as the first line",
            )
        return line

    def _hangs(self) -> ProgramFailed:
        return self.failure(
            f"gave no answer within {self.time_limit:g} s and was ended",
            "it must print the pass phrase and exit",
        )


class ExecProgram:
    """exec:program, run once per key that no known phrase opens, with "host:port" and the key type as arguments."""

    def __init__(self, command: Command) -> None:
        self._command = command

    def ask(self, question: Question, open_with: Opener[T]) -> T:
        """See PhraseSource. A wrong answer is not asked for again: the program would say the same."""
        phrase = self._command.first_line(question.server, question.key_type)
        try:
            return open_with(phrase)
        except WrongPhrase:
            program, arguments = self._command.arguments[0], f"{question.server} {question.key_type}"
            message = f"the pass phrase printed by {program} does not open the private key in {question.file}"
            hint = f"compare: {program} {arguments}; openssl pkey -noout -in {question.file}"
            raise NotOpened(question.finding(message, hint)) from None
        finally:
            wipe(phrase)

    def close(self) -> None:
        """See PhraseSource."""


class PipeProgram:
    """|program args: gets what a person would read on its standard input, answers with lines. A Channel.

    One program is kept for all questions. One that leaves after its first key is started again for the next.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: PhraseReader | None = None
        self._unanswered = ""
        self._may_restart = False

    @contextmanager
    def session(self) -> Iterator[None]:
        """One key; a program that has already answered for another may have ended since."""
        self._may_restart = self._process is not None
        yield

    def say(self, text: str) -> None:
        """Write to the program; text that it does not want to read is lost."""
        self._unanswered += text
        self._write(text)

    def read_phrase(self) -> bytearray:
        """The program's next line; ProgramFailed if there is none or it is empty."""
        line = self._next_line()
        if line is None and self._may_restart:
            self.close()
            self._write(self._unanswered)
            line = self._next_line()
        if not line:
            raise self._command.failure(
                "ended without an answer" if line is None else "answered with an empty line",
                "it must answer each prompt on its standard input with one line on its standard output",
            )
        self._may_restart = False
        self._unanswered = ""
        self._write("\n")
        return line

    def close(self) -> None:
        """End the program: it reads the end of its input, and is killed if that does not move it within a second."""
        process, reader = self._process, self._reader
        self._process = self._reader = None
        if process is None or reader is None:
            return
        reader.wipe()
        with process:  # closes what is left of the pipes
            cast("IO[bytes]", process.stdin).close()
            try:
                process.wait(1.0)
            except subprocess.TimeoutExpired:
                process.kill()

    def _next_line(self) -> bytearray | None:
        _, reader = self._running()
        return self._command.read_line(reader, time.monotonic() + self._command.time_limit)

    def _write(self, text: str) -> None:
        process, _ = self._running()
        # It has ended, which is noticed when it is read; or it does not read, and its pipe is full.
        with suppress(BrokenPipeError, BlockingIOError):
            os.write(_descriptor(process.stdin), text.encode(errors="backslashreplace"))

    def _running(self) -> tuple[subprocess.Popen[bytes], PhraseReader]:
        if self._process is None or self._reader is None:
            self._process = self._command.start(stdin=subprocess.PIPE)
            os.set_blocking(_descriptor(self._process.stdin), False)
            self._reader = PhraseReader(_descriptor(self._process.stdout))
        return self._process, self._reader


class SystemdAgent:
    """systemd-ask-password: whoever watches the machine's password queries is asked (systemd-ask-password(1))."""

    def __init__(self, command: Command, sleep: Sleep) -> None:
        self._command = command
        self._sleep = sleep

    def ask(self, question: Question, open_with: Opener[T]) -> T:
        """See PhraseSource."""
        prompt = f"Pass phrase of the {question.key_type} key of {question.server} ({question.file}):"
        said_before = ""
        for left in attempts(self._sleep):
            phrase = self._command.first_line(f"--id=prefork_ssl:{question.server}", said_before + prompt)
            try:
                return open_with(phrase)
            except WrongPhrase:
                said_before = f"{refusal(left)} "
            finally:
                wipe(phrase)
        raise out_of_attempts(question)

    def close(self) -> None:
        """See PhraseSource."""


@contextmanager
def _killed_if_left_running(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def _reading(process: subprocess.Popen[bytes]) -> Iterator[PhraseReader]:
    reader = PhraseReader(_descriptor(process.stdout))
    try:
        yield reader
    finally:
        reader.wipe()
        if process.stdout is not None:
            process.stdout.close()


def _descriptor(pipe: IO[bytes] | None) -> int:
    return cast("IO[bytes]", pipe).fileno()  # a pipe was asked for, so there is one


def _ending(status: int) -> str:
    return f"ended with status {status}" if status > 0 else f"was ended by {Signals(-status).name}"
