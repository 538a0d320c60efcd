"""The pass phrase dialog on the terminal (SSLPassPhraseDialog builtin)."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from prefork_ssl.modules.ssl.passphrase.dialog import PROMPT
from prefork_ssl.modules.ssl.passphrase.reader import PhraseReader

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_LOCAL_MODES, _CONTROL_CHARACTERS = 3, 6  # places in what termios.tcgetattr returns
_DISABLED = b"\0"  # _POSIX_VDISABLE on Linux


class Terminal:
    """The controlling terminal of this process, wherever its standard streams lead. A Channel.

    For the main thread only: a question is surrounded by handlers for the signals that would end the process, so that
    no signal leaves the terminal without echo; they raise KeyboardInterrupt.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._reader = PhraseReader(descriptor)

    @classmethod
    def open(cls) -> Terminal | None:
        """The terminal, or None if the process has none."""
        try:
            return cls(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        except OSError:
            return None

    @contextmanager
    def session(self) -> Iterator[None]:
        """No echo inside, pauses included; afterwards the terminal is as before."""
        settings = termios.tcgetattr(self._descriptor)
        with _signals_interrupt():
            try:
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, _quiet(settings))
                yield
            finally:
                with suppress(termios.error):  # hung up
                    termios.tcsetattr(self._descriptor, termios.TCSADRAIN, settings)

    def say(self, text: str) -> None:
        """Print the text; a terminal that has hung up is noticed when it is read."""
        data = text.encode(errors="backslashreplace")
        with suppress(OSError):
            while data:
                data = data[os.write(self._descriptor, data) :]

    def read_phrase(self) -> bytearray:
        """The next line that is not empty; EOFError at Ctrl-D or when the terminal hangs up."""
        while (phrase := self._read_line()) is not None:
            self.say("\n")  # the line end that was typed is not echoed
            if phrase:
                return phrase
            self.say(f"Error: a pass phrase has at least 1 character.\n{PROMPT}")
        self.say("\n")
        raise EOFError

    def close(self) -> None:
        """Let go of the terminal."""
        self._reader.wipe()
        os.close(self._descriptor)

    def _read_line(self) -> bytearray | None:
        try:
            return self._reader.line()
        except OSError:  # hung up: the same to us as Ctrl-D
            return None


def _quiet(settings: list[Any]) -> list[Any]:
    """The settings without echo, by lines, and without Ctrl-Z: the shell would come back to a terminal without echo."""
    quiet = settings.copy()
    quiet[_LOCAL_MODES] = settings[_LOCAL_MODES] & ~termios.ECHO | termios.ICANON | termios.ISIG
    quiet[_CONTROL_CHARACTERS] = settings[_CONTROL_CHARACTERS].copy()
    quiet[_CONTROL_CHARACTERS][termios.VSUSP] = _DISABLED
    return quiet


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    heeded = [number for number in _STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    handlers = {number: signal.signal(number, _interrupt) for number in heeded}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
