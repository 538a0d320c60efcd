"""Phrases on their way in, and where they are kept: nothing that cannot be wiped."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from prefork_ssl.modules.ssl.passphrase.memory import PhraseBook
from prefork_ssl.modules.ssl.passphrase.reader import LONGEST_LINE, LineTooLong, PhraseReader

# --- reading ---


@contextmanager
def pipe_with(data: bytes) -> Iterator[tuple[PhraseReader, int]]:
    """A reader of a pipe that holds `data`, and the pipe's other end."""
    reading, writing = os.pipe()
    os.write(writing, data)
    try:
        yield PhraseReader(reading), writing
    finally:
        os.close(reading)
        with suppress(OSError):
            os.close(writing)


def test_lines_end_with_lf_or_crlf_or_the_end_of_file() -> None:
    with pipe_with(b"one\ntwo\r\n\nlast") as (reader, writing):
        os.close(writing)
        assert [reader.line(), reader.line(), reader.line(), reader.line(), reader.line()] == [
            b"one",
            b"two",
            b"",
            b"last",
            None,
        ]


def test_a_line_comes_in_pieces() -> None:
    with pipe_with(b"on") as (reader, writing):
        with pytest.raises(TimeoutError):
            reader.line(time.monotonic() + 0.01)
        os.write(writing, b"e\ntw")
        assert reader.line(time.monotonic() + 1) == b"one"


def test_the_longest_line() -> None:
    longest = b"x" * LONGEST_LINE
    with pipe_with(longest + b"\n" + longest + b"xx") as (reader, _):
        assert reader.line() == longest
        with pytest.raises(LineTooLong):
            reader.line()


def test_readers_keep_nothing_that_was_taken() -> None:
    with pipe_with(b"secret phrase\nother\n") as (reader, _):
        reader.line()
        assert b"phrase" not in reader._buffer
        reader.wipe()
        assert reader._buffer == bytes(len(reader._buffer))


# --- keeping ---


def test_wiped_phrases_are_zeros() -> None:
    phrases = PhraseBook()
    for phrase in (b"first", b"second" * 1000):
        phrases.add(bytearray(phrase))
    views = list(phrases)
    assert views == [b"first", b"second" * 1000]
    phrases.wipe()
    assert [view.tobytes() for view in views] == [bytes(5), bytes(6000)]
    assert list(phrases) == []


def child_sees(phrases: PhraseBook) -> bytes:
    """The first phrase as it reads in a forked child."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.write(writing, next(iter(phrases)).tobytes())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read()


def test_children_get_zeros_once_the_master_has_become_a_daemon() -> None:
    phrases = PhraseBook()
    phrases.add(bytearray(b"before"))
    assert child_sees(phrases) == b"before"
    phrases.keep_from_children()
    assert child_sees(phrases) == bytes(6)
    assert list(phrases) == [b"before"]
    later = PhraseBook()
    later.keep_from_children()
    later.add(bytearray(b"after"))
    assert child_sees(later) == bytes(5)
    assert list(later) == [b"after"]


PROTECTED = """
import ctypes, re
from pathlib import Path
from prefork_ssl.modules.ssl.passphrase.memory import PhraseBook, protect_process_memory
def locked():
    return int(re.search(r"VmLck:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = locked()
phrases = PhraseBook()
phrases.add(bytearray(b"secret"))
address = ctypes.addressof(ctypes.c_char.from_buffer(next(iter(phrases)).obj))
flags = Path("/proc/self/smaps").read_text().split(f"{address:x}-")[1].split("VmFlags:")[1].split("\\n")[0].split()
agreed = protect_process_memory()
print(locked() > before, "dd" in flags, agreed, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_the_system_keeps_phrases_out_of_swap_and_core_dumps() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", PROTECTED], capture_output=True, text=True, check=True
    ).stdout
    assert shown.split() == ["True", "True", "True", "0"]
