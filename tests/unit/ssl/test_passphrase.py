"""Pass phrases: attempts and pauses, programs that behave and misbehave, memory that is wiped.

The terminal itself is tried in tests/blackbox/test_passphrase_dialog.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.passphrase import Means, Occasion, PassPhraseDialog, Unlocker, Way, parse_means
from prefork_ssl.modules.ssl.passphrase_dialog import (
    Conversation,
    DialogEnded,
    NotOpened,
    Question,
    WrongPhrase,
    attempts,
)
from prefork_ssl.modules.ssl.phrase_reader import LONGEST_LINE, LineTooLong, PhraseReader
from prefork_ssl.modules.ssl.secret_memory import Phrase, PhraseBook

QUESTION = Question("www.example.test:443", "EC", Path("/ssl/www.key"), "SSLCertificateKeyFile", "ssl.conf:7")
OTHER = Question(
    "shop.example.test:443", "RSA", Path("/ssl/shop.key"), "SSLCertificateKeyFile", "ssl.conf:17"
)


def opened_by(right: bytes) -> Callable[[Phrase], str]:
    """A lock with one right phrase."""

    def open_with(phrase: Phrase) -> str:
        if phrase != right:
            raise WrongPhrase
        return f"opened by {right.decode()}"

    return open_with


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


# --- programs ---


class Program:
    """A shell script that gives phrases, and a record of its calls."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._calls = path.with_suffix(".calls")

    def write(self, script: str, mode: int = 0o700) -> Program:
        self.path.write_text(f'#!/bin/sh\necho "$*" >> "{self._calls}"\n{script}\n')
        self.path.chmod(mode)
        return self

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "phrase")


def ask(
    way: Way,
    command: str,
    *locks: tuple[Question, bytes],
    phrases: PhraseBook | None = None,
    time_limit: float = 5.0,
    slept: list[float] | None = None,
) -> list[str]:
    """Open the locks on a reload, when only programs are asked."""
    pauses: list[float] = [] if slept is None else slept
    dialog = PassPhraseDialog(
        parse_means([way.value + command], Path("/")),
        "ssl.conf:1",
        time_limit=time_limit,
        sleep=pauses.append,
    )
    with closing(Unlocker(dialog, Occasion.RELOAD, PhraseBook() if phrases is None else phrases)) as unlocker:
        return [unlocker.unlock(question, opened_by(right)) for question, right in locks]


def test_exec_is_called_with_server_and_key_type_and_its_first_line_counts(program: Program) -> None:
    program.write("printf 'right\\r\\nsecond line\\n'")
    assert ask(Way.EXEC, str(program.path), (QUESTION, b"right")) == ["opened by right"]
    assert program.calls == ["www.example.test:443 EC"]


def test_exec_may_leave_out_the_line_end_and_runs_in_its_directory(program: Program) -> None:
    program.write('printf %s "$(pwd)"')
    assert ask(Way.EXEC, str(program.path), (QUESTION, str(program.path.parent).encode()))


def test_exec_is_called_again_only_when_no_known_phrase_fits(program: Program) -> None:
    program.write('[ "$2" = EC ] && echo first || echo second')
    phrases = PhraseBook()
    locks = [
        (QUESTION, b"first"),
        (QUESTION, b"first"),
        (OTHER, b"second"),
        (QUESTION, b"first"),
        (OTHER, b"second"),
    ]
    ask(Way.EXEC, str(program.path), *locks, phrases=phrases)
    assert program.calls == ["www.example.test:443 EC", "shop.example.test:443 RSA"]
    program.path.unlink()
    assert ask(Way.EXEC, str(program.path), *locks, phrases=phrases)


def test_exec_sees_no_phrase_of_another_key(program: Program) -> None:
    program.write(
        '[ "$2" = EC ] && echo first-secret || { env; echo "$*"; tr "\\0" " " < /proc/$PPID/cmdline; } > seen'
    )
    with suppress(NotOpened):
        ask(Way.EXEC, str(program.path), (QUESTION, b"first-secret"), (OTHER, b"second"))
    seen = (program.path.parent / "seen").read_text()
    assert "shop.example.test:443" in seen
    assert "first-secret" not in seen


def test_exec_with_the_wrong_phrase_is_not_asked_twice(program: Program) -> None:
    program.write("echo wrong-one")
    with pytest.raises(NotOpened, match="SSLCertificateKeyFile: the pass phrase printed by") as caught:
        ask(Way.EXEC, str(program.path), (QUESTION, b"right"))
    assert not isinstance(caught.value, DialogEnded)
    assert "wrong-one" not in str(caught.value)
    assert len(program.calls) == 1


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exec sleep 60", "gave no answer within 0.3 s and was ended"),
        ("echo right; exec sleep 60", "gave no answer within 0.3 s and was ended"),
        ("exit 0", "printed no pass phrase"),
        ("echo", "printed no pass phrase"),
        ("echo right; exit 3", "ended with status 3"),
        ("kill -KILL $$", "was ended by SIGKILL"),
        ("head -c 9000 /dev/zero", f"printed {LONGEST_LINE} bytes without a line end"),
    ],
)
def test_exec_programs_that_misbehave(program: Program, script: str, message: str) -> None:
    program.write(script)
    begin = time.monotonic()
    with pytest.raises(DialogEnded) as caught:
        ask(Way.EXEC, str(program.path), (QUESTION, b"right"), time_limit=0.3)
    assert time.monotonic() - begin < 5
    told = str(caught.value)
    assert told.startswith(f"ssl.conf:1: SSLPassPhraseDialog: {program.path} {message}")
    assert "the private key in /ssl/www.key stays closed (" in told
    assert "\n" not in told


def no_interpreter(path: Path) -> None:
    path.write_text("#!/nowhere/sh\n")
    path.chmod(0o700)


def no_first_line(path: Path) -> None:
    path.write_bytes(b"\0\1\2\3")
    path.chmod(0o700)


@pytest.mark.parametrize(
    ("prepare", "message", "hint"),
    [
        (lambda path: None, "No such file", "name an existing program"),
        (lambda path: path.write_text("#!/bin/sh\n"), "Permission denied", "chmod 700"),
        (lambda path: path.mkdir(), "Permission denied", "chmod 700"),
        (no_interpreter, "No such file", "interpreter in its first line"),
        (no_first_line, "Exec format error", "#!/bin/sh"),
    ],
)
@pytest.mark.parametrize("way", [Way.EXEC, Way.PIPE])
def test_programs_that_cannot_be_started(
    program: Program, prepare: Callable[[Path], None], message: str, hint: str, way: Way
) -> None:
    prepare(program.path)
    with pytest.raises(DialogEnded) as caught:
        ask(way, str(program.path), (QUESTION, b"right"))
    told = str(caught.value)
    assert told.startswith(f"ssl.conf:1: SSLPassPhraseDialog: {program.path} cannot be started: {message}")
    assert hint in told


def test_a_hanging_program_is_gone_afterwards(program: Program) -> None:
    program.write("echo $$ > pid; exec sleep 60")
    for way in (Way.EXEC, Way.PIPE):
        with pytest.raises(DialogEnded):
            ask(way, str(program.path), (QUESTION, b"right"), time_limit=0.5)
        pid = int((program.path.parent / "pid").read_text())
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_pipe_keeps_one_program_that_reads_the_dialog_and_answers_with_lines(program: Program) -> None:
    program.write(
        """
        for answer in first wrong second; do
            while read -r line; do
                echo "$line" >> heard
                case $line in *"key, "*) break;; *incorrect*) break;; esac
            done
            echo $answer
        done
        cat >> heard
        """
    )
    slept: list[float] = []
    locks = [(QUESTION, b"first"), (OTHER, b"second"), (OTHER, b"first")]
    assert ask(Way.PIPE, f"{program.path} --for web", *locks, slept=slept) == [
        "opened by first",
        "opened by second",
        "opened by first",
    ]
    assert program.calls == ["--for web"]
    heard = (program.path.parent / "heard").read_text()
    assert heard.count("(Pass Phrase Dialog)") == 1
    assert heard.count("Enter pass phrase:\n") == 3
    assert "Server shop.example.test:443 (RSA key, /ssl/shop.key)" in heard
    assert "incorrect (5 more attempts)" in heard
    assert heard.count("OK: Pass Phrase Dialog successful.") == 2
    assert "first" not in heard


def test_pipe_starts_a_program_that_left_after_its_answer_again_for_the_next_key(program: Program) -> None:
    program.write(
        "while read -r line; do case $line in *EC*) exec echo first;; *RSA*) exec echo second;; esac; done"
    )
    assert len(ask(Way.PIPE, str(program.path), (QUESTION, b"first"), (OTHER, b"second"))) == 2
    assert len(program.calls) == 2


def test_pipe_has_six_attempts_with_the_same_pauses(program: Program) -> None:
    program.write("for i in 1 2 3 4 5 6 7; do echo wrong$i; done; cat > heard")
    slept: list[float] = []
    with pytest.raises(DialogEnded, match="none of the 6 pass phrases"):
        ask(Way.PIPE, str(program.path), (QUESTION, b"right"), slept=slept)
    assert slept == [5.0, 10.0, 15.0]
    assert "**Stopped" in (program.path.parent / "heard").read_text()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 1", "ended without an answer"),
        ("echo; cat > /dev/null", "answered with an empty line"),
        ("exec sleep 60", "gave no answer within 0.3 s"),
        ("echo wrong", "ended without an answer"),
    ],
)
def test_pipe_programs_that_misbehave(program: Program, script: str, message: str) -> None:
    program.write(script)
    with pytest.raises(DialogEnded, match=f"SSLPassPhraseDialog: .*{message}") as caught:
        ask(Way.PIPE, str(program.path), (QUESTION, b"right"), time_limit=0.3)
    assert "must" in caught.value.finding.hint


def test_pipe_programs_need_not_read(program: Program) -> None:
    """More is said than a pipe holds, to a program that reads nothing of it."""
    program.write("i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo phrase$i; done; exec sleep 60")
    locks = [(QUESTION, b"phrase%d" % number) for number in range(1, 1001)]
    assert len(ask(Way.PIPE, str(program.path), *locks)) == 1000


@pytest.mark.parametrize("way", [Way.EXEC, Way.PIPE])
@pytest.mark.parametrize("right", [b"right", b"another"])
def test_phrases_of_programs_are_wiped_right_or_wrong(program: Program, way: Way, right: bytes) -> None:
    program.write("echo right")
    given: list[Phrase] = []

    def open_with(phrase: Phrase) -> None:
        given.append(phrase)
        opened_by(right)(phrase)

    dialog = PassPhraseDialog(parse_means([f"{way.value}{program.path}"], Path("/")), sleep=lambda _: None)
    with closing(Unlocker(dialog, Occasion.RELOAD, PhraseBook())) as unlocker, suppress(NotOpened):
        unlocker.unlock(QUESTION, open_with)
    assert given == [bytes(5)]


def test_readers_keep_nothing_that_was_taken() -> None:
    with pipe_with(b"secret phrase\nother\n") as (reader, _):
        reader.line()
        assert b"phrase" not in reader._buffer
        reader.wipe()
        assert reader._buffer == bytes(len(reader._buffer))


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


# --- memory ---


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
from prefork_ssl.modules.ssl.secret_memory import PhraseBook, protect_process_memory
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
