"""How a pass phrase is asked for: the question, the attempts, and a conversation over any channel.

The shape of the conversation is that of mod_ssl's SSLPassPhraseDialog: a header once, the server, the prompt; six
attempts, with growing pauses after the third, so that a terminal left alone cannot be used for guessing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, TypeVar

from prefork_ssl.modules.ssl.keys.findings import Finding, Severity
from prefork_ssl.modules.ssl.passphrase.memory import Phrase, wipe

T = TypeVar("T")

ATTEMPTS = 6

# Opens a key with a phrase, or raises WrongPhrase.
Opener = Callable[[Phrase], T]
Sleep = Callable[[float], None]

HEADER = f"""
prefork_ssl/{version("prefork_ssl")} (Pass Phrase Dialog)
Some of the private keys are encrypted. The server needs their pass phrases
to read them; each is asked for once.
"""
PROMPT = "Enter pass phrase:"


class WrongPhrase(Exception):
    """This phrase does not open the key."""


class NotOpened(Exception):
    """This key stays closed, for the reason in `finding`; others may still be opened."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class DialogEnded(NotOpened):
    """This key stays closed, and there is no use in asking for the phrase of another."""


class ProgramFailed(Exception):
    """The program that should give phrases is of no use: why, and what would help."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Question:
    """Which phrase is wanted: of the key in `file`, named by `directive` at `where`, for `server` ("host:port").

    `key_type` is "RSA", "EC", "ED25519"..., or "PKCS12" for a file of that format whose key is not known yet.
    """

    server: str
    key_type: str
    file: Path
    directive: str
    where: str

    def finding(self, message: str, hint: str, severity: Severity = "error") -> Finding:
        """Something to tell about this key."""
        return Finding(severity, self.directive, self.where, message, hint)


class PhraseSource(Protocol):
    """Somebody or something that knows pass phrases."""

    def ask(self, question: Question, open_with: Opener[T]) -> T:
        """Get phrases until one opens the key; return what `open_with` made of it.

        Raises:
            NotOpened: none did.
            ProgramFailed, EOFError, KeyboardInterrupt: there will be no more phrases.
        """

    def close(self) -> None:
        """The last question has been asked."""


class Channel(Protocol):
    """What a conversation is held over."""

    def session(self) -> AbstractContextManager[None]:
        """Surrounds everything said about one key."""

    def say(self, text: str) -> None:
        """Show text to the other end."""

    def read_phrase(self) -> bytearray:
        """The next phrase, never empty; EOFError if the other end has left."""

    def close(self) -> None:
        """The last question has been asked."""


def attempts(sleep: Sleep) -> Iterator[int]:
    """Six attempts: yields how many remain after this one; sleeps 5, 10, 15 s after the third, fourth, fifth."""
    for number in range(1, ATTEMPTS + 1):
        yield ATTEMPTS - number
        if 2 < number < ATTEMPTS:
            sleep((number - 2) * 5.0)


def refusal(attempts_left: int) -> str:
    """What is said about a wrong phrase."""
    return f"Error: pass phrase incorrect ({attempts_left} more {'attempt' if attempts_left == 1 else 'attempts'})."


def out_of_attempts(question: Question) -> DialogEnded:
    """The end of a dialog in which every attempt failed."""
    return DialogEnded(
        question.finding(
            f"none of the {ATTEMPTS} pass phrases given opens the private key in {question.file}",
            f"try the phrase with: openssl pkey -noout -in {question.file}",
        )
    )


class Conversation:
    """A phrase source at the other end of a channel: a person, or a program that talks like one."""

    def __init__(self, channel: Channel, sleep: Sleep) -> None:
        self._channel = channel
        self._sleep = sleep
        self._greeting = HEADER

    def ask(self, question: Question, open_with: Opener[T]) -> T:
        """See PhraseSource. EOFError if the other end leaves."""
        with self._channel.session():
            self._introduce(question)
            for left in attempts(self._sleep):
                self._channel.say(PROMPT)
                phrase = self._channel.read_phrase()
                try:
                    opened = open_with(phrase)
                except WrongPhrase:
                    self._channel.say(f"{refusal(left)}\n")
                else:
                    self._channel.say("\nOK: Pass Phrase Dialog successful.\n")
                    return opened
                finally:
                    wipe(phrase)
            self._channel.say("**Stopped\n")
        raise out_of_attempts(question)

    def close(self) -> None:
        """See PhraseSource."""
        self._channel.close()

    def _introduce(self, question: Question) -> None:
        self._channel.say(
            f"{self._greeting}\nServer {question.server} ({question.key_type} key, {question.file})\n"
        )
        self._greeting = ""
