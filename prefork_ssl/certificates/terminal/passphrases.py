"""Where pass phrases come from: the terminal, an environment variable, a file descriptor or a program; never argv."""

import getpass
import os
import shlex
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass

from prefork_ssl.certificates.errors import CertificateError

# The limit of OpenSSL's and cryptography's own callbacks.
LONGEST = 1023


class Source(ABC):
    """Where a pass phrase comes from. Nothing is read before a phrase is needed."""

    @abstractmethod
    def read(self, what: str) -> bytes:
        """The pass phrase of `what` (the name of a file, for the prompt), as it is given."""

    def existing(self, what: str) -> bytes:
        """The pass phrase that opens `what`; CertificateError if there is none to be had."""
        return _checked(self.read(what))

    def new(self, what: str) -> bytes | None:
        """The pass phrase that shall protect `what`, or None to leave it open."""
        return _checked(self.read(what))


class Terminal(Source):
    """Asked on the controlling terminal, without echo; a new phrase is asked twice."""

    def read(self, what: str) -> bytes:
        return self._ask(f"Pass phrase of {what}: ", what)

    def new(self, what: str) -> bytes | None:
        phrase = _checked(self._ask(f"New pass phrase of {what}: ", what))
        if self._ask("The same again: ", what) != phrase:
            raise CertificateError("the two pass phrases differ")
        return phrase

    def _ask(self, prompt: str, what: str) -> bytes:
        _require_terminal(what)
        try:
            return os.fsencode(getpass.getpass(prompt))
        except EOFError as error:
            raise CertificateError("no pass phrase was given") from error


def _require_terminal(what: str) -> None:
    # Without this getpass would fall back to reading standard input, with echo.
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError as error:
        raise CertificateError(
            f"{what} needs a pass phrase and there is no terminal: see the pass phrase options of --help"
        ) from error


@dataclass(frozen=True)
class Environment(Source):
    """The value of an environment variable."""

    name: str

    def read(self, what: str) -> bytes:
        phrase = os.environb.get(os.fsencode(self.name))
        if phrase is None:
            raise CertificateError(f"the environment variable {self.name} with the pass phrase is not set")
        return phrase


@dataclass(frozen=True)
class Descriptor(Source):
    """The next line from an open file descriptor; two phrases may come as two lines from the same one."""

    number: int

    def read(self, what: str) -> bytes:
        try:
            return self._line()
        except OSError as error:
            reason = error.strerror
            raise CertificateError(
                f"cannot read the pass phrase from descriptor {self.number}: {reason}"
            ) from error

    def _line(self) -> bytes:
        # Byte by byte: a buffer would swallow the line that belongs to the next phrase.
        line = bytearray()
        while (byte := os.read(self.number, 1)) not in (b"", b"\n") and len(line) <= LONGEST:
            line += byte
        return bytes(line).removesuffix(b"\r")


@dataclass(frozen=True)
class Program(Source):
    """The first line that a program prints; the command is split into words, no shell is involved."""

    command: str

    def read(self, what: str) -> bytes:
        try:
            # The administrator names the program: running it is the purpose.
            result = subprocess.run(self._words(), stdout=subprocess.PIPE, check=False)  # noqa: S603
        except OSError as error:
            raise CertificateError(f"the pass phrase program cannot be run: {error.strerror}") from error
        if result.returncode != 0:
            raise CertificateError(f"the pass phrase program failed with status {result.returncode}")
        return result.stdout.partition(b"\n")[0].removesuffix(b"\r")

    def _words(self) -> list[str]:
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise CertificateError(f"the pass phrase program cannot be run: {error}") from error
        if not words:
            raise CertificateError("the pass phrase program has no name")
        return words


class Open(Source):
    """No pass phrase: what is written stays unencrypted."""

    def read(self, what: str) -> bytes:
        raise CertificateError(f"{what} is encrypted, and no pass phrase was given")

    def new(self, what: str) -> bytes | None:
        return None


def _checked(phrase: bytes) -> bytes:
    if not phrase:
        raise CertificateError("the pass phrase is empty")
    if len(phrase) > LONGEST:
        raise CertificateError(f"the pass phrase is longer than {LONGEST} bytes")
    return phrase
