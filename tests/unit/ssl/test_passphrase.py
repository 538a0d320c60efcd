"""The pass phrase dialog: its directive, its attempts and pauses, what it says.

The terminal itself is tried in tests/blackbox/test_passphrase_dialog.py.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from unit.ssl.questions import OTHER, QUESTION, opened_by

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.passphrase.dialog import (
    Conversation,
    DialogEnded,
    attempts,
)
from prefork_ssl.modules.ssl.passphrase.means import Means, Way, parse_means

# --- the directive ---


@pytest.mark.parametrize(
    ("words", "means"),
    [
        (["builtin"], Means()),
        (["exec:/sbin/phrase"], Means(Way.EXEC, ("/sbin/phrase",))),
        (["exec:bin/my phrase"], Means(Way.EXEC, ("/etc/server/bin/my phrase",))),
        (["|/sbin/phrase --for  web"], Means(Way.PIPE, ("/sbin/phrase", "--for", "web"))),
        (["|bin/phrase", "--for", "web"], Means(Way.PIPE, ("/etc/server/bin/phrase", "--for", "web"))),
    ],
)
def test_the_three_forms(words: list[str], means: Means) -> None:
    assert parse_means(words, Path("/etc/server")) == means


@pytest.mark.parametrize("words", [[], [""], ["exec:"], ["|"], ["|  "], ["file:/x"], ["/sbin/phrase"]])
def test_anything_else_is_refused_with_the_forms(words: list[str]) -> None:
    with pytest.raises(BadArgument) as caught:
        parse_means(words, Path("/"))
    assert "exec:/path/to/program" in caught.value.hint


# --- attempts ---


class Script:
    """A channel on which everything is answered from a list; the end of the list is the end of file."""

    def __init__(self, *answers: bytes) -> None:
        self.said = ""
        self._answers = iter(answers)
        self.given: list[bytearray] = []

    @contextmanager
    def session(self) -> Iterator[None]:
        yield

    def say(self, text: str) -> None:
        self.said += text

    def read_phrase(self) -> bytearray:
        for answer in self._answers:
            self.given.append(bytearray(answer))
            return self.given[-1]
        raise EOFError

    def close(self) -> None:
        pass


def test_six_attempts_with_growing_pauses() -> None:
    slept: list[float] = []
    channel = Script(b"1", b"2", b"3", b"4", b"5", b"6", b"right")
    with pytest.raises(DialogEnded) as caught:
        Conversation(channel, slept.append).ask(QUESTION, opened_by(b"right"))
    assert slept == [5.0, 10.0, 15.0]
    assert re.findall(r"\((\d) more (\w+)\)", channel.said) == [
        ("5", "attempts"),
        ("4", "attempts"),
        ("3", "attempts"),
        ("2", "attempts"),
        ("1", "attempt"),
        ("0", "attempts"),
    ]
    assert channel.said.endswith("**Stopped\n")
    assert str(caught.value).startswith("ssl.conf:7: SSLCertificateKeyFile: none of the 6 pass phrases")


def test_the_sixth_attempt_may_be_right() -> None:
    channel = Script(b"1", b"2", b"3", b"4", b"5", b"right")
    assert Conversation(channel, lambda _: None).ask(QUESTION, opened_by(b"right")) == "opened by right"


def test_nobody_pauses_before_the_third_failure() -> None:
    slept: list[float] = []
    left = attempts(slept.append)
    assert [next(left), next(left), next(left)] == [5, 4, 3]
    assert slept == []


def test_the_header_comes_once_and_each_question_says_what_it_is_for() -> None:
    channel = Script(b"a", b"b")
    conversation = Conversation(channel, time.sleep)
    conversation.ask(QUESTION, opened_by(b"a"))
    conversation.ask(OTHER, opened_by(b"b"))
    assert channel.said.count("(Pass Phrase Dialog)") == 1
    assert "Server www.example.test:443 (EC key, /ssl/www.key)\nEnter pass phrase:" in channel.said
    assert "Server shop.example.test:443 (RSA key, /ssl/shop.key)\nEnter pass phrase:" in channel.said


def test_phrases_typed_are_wiped_right_or_wrong() -> None:
    channel = Script(b"wrong", b"right")
    Conversation(channel, time.sleep).ask(QUESTION, opened_by(b"right"))
    assert channel.given == [bytearray(5), bytearray(5)]
