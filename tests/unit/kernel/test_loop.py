"""The master's loop: signals are queued and handled in order, descriptors are watched."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from prefork_ssl.kernel.process.loop import Loop

SIGNALS = (signal.SIGUSR1, signal.SIGUSR2)


@pytest.fixture
def caught() -> list[signal.Signals]:
    return []


@pytest.fixture
def loop(caught: list[signal.Signals]) -> Iterator[Loop]:
    before = [signal.getsignal(number) for number in SIGNALS]
    loop = Loop(SIGNALS, caught.append)
    yield loop
    loop.forget()
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def test_signals_wait_for_the_next_turn(loop: Loop, caught: list[signal.Signals]) -> None:
    os.kill(os.getpid(), signal.SIGUSR2)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert caught == []
    loop.turn(5)
    assert caught == [signal.SIGUSR2, signal.SIGUSR1]
    loop.turn(0)
    assert len(caught) == 2


def test_what_ends_in_a_turn_is_not_called_any_more(loop: Loop) -> None:
    ends = [socket.socketpair() for _ in range(2)]
    called = []

    def read(number: int) -> None:
        called.append(number)
        for ours, _ in ends:
            loop.unwatch(ours)

    for number, (ours, theirs) in enumerate(ends):
        loop.watch(ours, lambda number=number: read(number))
        theirs.send(b"x")
    loop.turn(5)
    assert len(called) == 1
    for pair in ends:
        for sock in pair:
            sock.close()


def test_a_forked_process_has_its_own_signals(loop: Loop, caught: list[signal.Signals]) -> None:
    child = os.fork()
    if not child:
        loop.forget()
        os.kill(os.getpid(), signal.SIGUSR1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGUSR1
    loop.turn(0)
    assert caught == []


def test_no_hub_comes_into_being_where_processes_fork() -> None:
    script = (
        "import prefork_ssl.kernel.process.master, prefork_ssl.cli.actions\n"
        "from gevent._hub_local import get_hub_if_exists\n"
        "print(get_hub_if_exists())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
