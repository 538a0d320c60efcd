"""Asking the master: who may, what is answered, and who pretends."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blackbox.until import until

from prefork_ssl.kernel.process.control import Answer, ControlError, ControlServer, ask
from prefork_ssl.kernel.process.loop import Loop


class Questions:
    """What was asked, and how to answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Answer]] = []

    def __call__(self, question: str, answer: Answer) -> None:
        self.asked.append((question, answer))


@pytest.fixture
def questions() -> Questions:
    return Questions()


@pytest.fixture
def loop(questions: Questions) -> Iterator[Loop]:
    loop = Loop((), lambda number: None)
    server = ControlServer(loop, questions)
    yield loop
    server.close()
    loop.forget()


def in_thread(call: Callable[[], str]) -> list[str]:
    """Where the result of the call, or its error, will be."""
    results: list[str] = []

    def run() -> None:
        try:
            results.append(call())
        except ControlError as error:
            results.append(f"error: {error}")

    threading.Thread(target=run, daemon=True).start()
    return results


def turn_until(loop: Loop, condition: Callable[[], object]) -> None:
    until(lambda: loop.turn(0.05) or condition(), "the turn of events")


def test_a_question_and_a_late_answer(loop: Loop, questions: Questions) -> None:
    results = in_thread(lambda: ask(os.getpid(), "reload"))
    turn_until(loop, lambda: questions.asked)
    for _ in range(5):
        loop.turn(0.01)
    (question, answer), *more = questions.asked
    assert (question, more, results) == ("reload", [], [])
    answer("refused\na.conf:1: é\na.conf:2: more")
    until(lambda: results, "the answer")
    assert results == ["refused\na.conf:1: é\na.conf:2: more"]


def test_many_ask_at_once(loop: Loop, questions: Questions) -> None:
    results = [in_thread(lambda: ask(os.getpid(), "reload")) for _ in range(5)]
    turn_until(loop, lambda: len(questions.asked) == 5)
    for number, (_, answer) in enumerate(questions.asked):
        answer(f"ok {number}")
    until(lambda: all(results), "the answers")
    assert sorted(result for (result,) in results) == [f"ok {number}" for number in range(5)]


def test_who_has_gone_is_not_missed(loop: Loop, questions: Questions) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"\0prefork_ssl.{os.getpid()}")
        loop.turn(1)
    loop.turn(1)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"\0prefork_ssl.{os.getpid()}")
        client.sendall(b"reload\n")
        turn_until(loop, lambda: questions.asked)
    questions.asked[0][1]("ok")
    assert len(questions.asked) == 1


def test_nobody_answers() -> None:
    with pytest.raises(ControlError, match="cannot be asked: Connection refused"):
        ask(os.getpid(), "reload")


def test_a_master_that_hangs_up(loop: Loop, questions: Questions) -> None:
    results = in_thread(lambda: ask(os.getpid(), "reload"))
    turn_until(loop, lambda: questions.asked)
    questions.asked[0][1]("")
    until(lambda: results, "the answer")
    assert results == [f"error: process {os.getpid()} gave no answer; its error log may tell why"]


def test_another_process_under_the_masters_name() -> None:
    pretender = (
        "import socket,sys\n"
        "s = socket.socket(socket.AF_UNIX); s.bind('\\0prefork_ssl.' + sys.argv[1]); s.listen()\n"
        "print('there', flush=True); print(s.accept()[0].recv(100))"
    )
    command = [sys.executable, "-c", pretender, str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "there\n"
        with pytest.raises(ControlError, match="another process pretends to be"):
            ask(os.getpid(), "reload")
        assert process.stdout.readline() == "b''\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_other_users_are_not_heard(loop: Loop, questions: Questions) -> None:
    stranger = (
        "import os,socket,sys\n"
        "os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect('\\0prefork_ssl.' + sys.argv[1])\n"
        "try: s.sendall(b'reload\\n'); print(s.recv(100))\n"
        "except OSError: print('hung up')\n"
    )
    command = [sys.executable, "-c", stranger, str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path("/")) as process:
        turn_until(loop, lambda: process.poll() is not None)
        assert process.stdout.read() in ("b''\n", "hung up\n")
    assert questions.asked == []
