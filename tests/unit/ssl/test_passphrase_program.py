"""Programs that give pass phrases, and programs that misbehave."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from unit.ssl.questions import OTHER, QUESTION, opened_by

from prefork_ssl.modules.ssl.passphrase.dialog import (
    DialogEnded,
    NotOpened,
    Question,
)
from prefork_ssl.modules.ssl.passphrase.means import Occasion, PassPhraseDialog, Unlocker, Way, parse_means
from prefork_ssl.modules.ssl.passphrase.memory import Phrase, PhraseBook
from prefork_ssl.modules.ssl.passphrase.reader import LONGEST_LINE


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
