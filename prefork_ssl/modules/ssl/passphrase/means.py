"""Pass phrases of private keys (SSLPassPhraseDialog): where they come from, and when nobody may be asked.

The rooms: passphrase_dialog (question, attempts, conversation), passphrase_terminal and passphrase_program (the ways to
ask), phrase_reader and secret_memory (phrases never become objects that cannot be wiped). What the key store needs is
`PassPhraseDialog`, `Occasion` and `Unlocker`.
"""

from __future__ import annotations

import enum
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.passphrase.dialog import (
    Conversation,
    DialogEnded,
    NotOpened,
    Opener,
    PhraseSource,
    ProgramFailed,
    Question,
    Sleep,
    WrongPhrase,
)
from prefork_ssl.modules.ssl.passphrase.memory import Phrase, PhraseBook
from prefork_ssl.modules.ssl.passphrase.program import (
    SYSTEMD_ASK_PASSWORD,
    Command,
    ExecProgram,
    PipeProgram,
    SystemdAgent,
)
from prefork_ssl.modules.ssl.passphrase.terminal import Terminal

T = TypeVar("T")


class Occasion(enum.Enum):
    """Why keys are loaded, which decides who may be asked."""

    START = "start"  # the terminal, else systemd's agent
    RELOAD = "reload"  # nobody: only known phrases and programs
    CHECK = "check"  # -t: the terminal if there is one; a key that stays closed is no error


class Way(enum.Enum):
    """The three forms of SSLPassPhraseDialog."""

    BUILTIN = "builtin"
    EXEC = "exec:"
    PIPE = "|"


@dataclass(frozen=True, slots=True)
class Means:
    """The value of SSLPassPhraseDialog; `command` is the program's absolute path and, for a pipe, its arguments."""

    way: Way = Way.BUILTIN
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassPhraseDialog:
    """All that is configured about asking.

    `where` is the "file:line" of SSLPassPhraseDialog, empty by default; `reuse` is SSLPassPhraseReuse: phrases are kept
    for later reloads; `time_limit` (seconds) is for one answer of a program; `sleep` makes the pauses between attempts.
    """

    means: Means = Means()
    where: str = ""
    reuse: bool = True
    time_limit: float = 60.0
    sleep: Sleep = time.sleep

    def command(self) -> Command:
        """The configured program."""
        return Command(self.means.command, self.time_limit)


def parse_means(words: Sequence[str], server_root: Path) -> Means:
    """The arguments of SSLPassPhraseDialog: builtin, exec:program, or |program args (quoted as one word or not).

    Relative programs are taken below ServerRoot. That they exist is checked when they are needed, so that a reload
    that needs no phrase does not need the program.

    Raises:
        BadArgument: none of the three forms.
    """
    text = " ".join(words)
    if text.lower() == Way.BUILTIN.value:
        return Means()
    if text.startswith(Way.EXEC.value) and text != Way.EXEC.value:
        return Means(Way.EXEC, (str(server_root / text.removeprefix(Way.EXEC.value)),))
    if text.startswith(Way.PIPE.value) and (command := text.removeprefix(Way.PIPE.value).split()):
        return Means(Way.PIPE, (str(server_root / command[0]), *command[1:]))
    raise BadArgument(
        f"{text!r} is no way to get pass phrases", "write builtin, exec:/path/to/program or |/path/to/program"
    )


def phrase_source(dialog: PassPhraseDialog, occasion: Occasion) -> PhraseSource:
    """Whom to ask on this occasion. To be called only when there is a question: it opens the terminal."""
    if dialog.means.way is Way.EXEC:
        return ExecProgram(dialog.command())
    if dialog.means.way is Way.PIPE:
        return Conversation(PipeProgram(dialog.command()), dialog.sleep)
    if occasion is not Occasion.RELOAD and (terminal := Terminal.open()):
        return Conversation(terminal, dialog.sleep)
    if occasion is Occasion.START and (agent := _systemd_agent()):
        return SystemdAgent(Command((agent, "--no-tty"), _SYSTEMD_PATIENCE), dialog.sleep)
    return Nobody(occasion)


class Unlocker:
    """Opens keys during one load: with the phrases already known, in the order in which they were given, then by
    asking. A phrase is remembered once it has opened a key. To be used in the main thread, and closed."""

    def __init__(self, dialog: PassPhraseDialog, occasion: Occasion, phrases: PhraseBook) -> None:
        self._dialog = dialog
        self._phrases = phrases
        self._source = phrase_source(dialog, occasion)

    def unlock(self, question: Question, open_with: Opener[T]) -> T:
        """What `open_with` makes of the first phrase that opens the key.

        Raises:
            NotOpened: no phrase did; as DialogEnded, there is no use in trying other keys.
        """
        for known in self._phrases:
            try:
                return open_with(known)
            except WrongPhrase:
                continue
        return self._ask(question, open_with)

    def close(self) -> None:
        """End the dialog."""
        self._source.close()

    def _ask(self, question: Question, open_with: Opener[T]) -> T:
        def open_and_remember(phrase: Phrase) -> T:
            opened = open_with(phrase)
            self._phrases.add(phrase)
            return opened

        key = f"the private key in {question.file}"
        try:
            return self._source.ask(question, open_and_remember)
        except ProgramFailed as error:
            raise DialogEnded(
                self._blame_program(question, f"{error}; {key} stays closed", error.hint)
            ) from error
        except EOFError:
            raise DialogEnded(
                question.finding(f"the dialog ended without the pass phrase of {key}", _AGAIN)
            ) from None
        except KeyboardInterrupt:
            raise DialogEnded(
                question.finding(f"interrupted while asking for the pass phrase of {key}", _AGAIN)
            ) from None

    def _blame_program(self, question: Question, message: str, hint: str) -> Finding:
        """At the line that names the program; systemd's agent is named by none."""
        if self._dialog.where:
            return Finding("error", DIRECTIVE, self._dialog.where, message, hint)
        return question.finding(message, hint)


class Nobody:
    """The phrase source where there is none: says for each key what would help."""

    def __init__(self, occasion: Occasion) -> None:
        self._occasion = occasion

    def ask(self, question: Question, open_with: Opener[T]) -> T:
        """See PhraseSource: always NotOpened."""
        key = f"the private key in {question.file} is encrypted"
        raise NotOpened(
            {
                Occasion.START: question.finding(
                    f"{key} and there is no terminal to ask for its pass phrase",
                    f"{_SET_PROGRAM}, or start the server from a terminal",
                ),
                Occasion.RELOAD: question.finding(
                    f"{key}, no pass phrase known to the server opens it, and a reload does not ask",
                    f"{_SET_PROGRAM}, or stop the server and start it from a terminal",
                ),
                Occasion.CHECK: question.finding(
                    f"{key} and was not opened: there is no terminal to ask for its pass phrase",
                    f"{_SET_PROGRAM}, or check from a terminal",
                    "info",
                ),
            }[self._occasion]
        )

    def close(self) -> None:
        """See PhraseSource."""


DIRECTIVE = "SSLPassPhraseDialog"

_AGAIN = "start again and give it, or set SSLPassPhraseDialog exec:/path/to/program"
_SET_PROGRAM = "set SSLPassPhraseDialog exec:/path/to/program, a program that prints the pass phrase"

# systemd-ask-password itself gives up after 90 s; the rest is for it to say so.
_SYSTEMD_PATIENCE = 100.0


def _systemd_agent() -> str | None:
    """The path of systemd-ask-password if systemd started this process (systemd.exec(5)) and the program is there."""
    started_by_systemd = "INVOCATION_ID" in os.environ or "NOTIFY_SOCKET" in os.environ
    return shutil.which(SYSTEMD_ASK_PASSWORD) if started_by_systemd else None
