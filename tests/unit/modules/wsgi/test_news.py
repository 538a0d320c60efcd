"""One of several processes tells what has happened to all."""

import os

import pytest
from blackbox import processes

from prefork_ssl.modules.wsgi.applications import news
from prefork_ssl.modules.wsgi.applications.news import News


def told_by_children(shared: News, number: int) -> int:
    """How many of so many processes, begun at once, are to tell it."""
    reading, writing = os.pipe()
    go, ready = os.pipe()
    for _ in range(number):
        if os.fork() == 0:
            os.read(go, 1)
            os.write(writing, b"x" if shared.is_mine() else b".")
            os._exit(0)
    os.write(ready, b"!" * number)
    said = b"".join(os.read(reading, 1) for _ in range(number))
    for _ in range(number):
        os.wait()
    for fd in (reading, writing, go, ready):
        os.close(fd)
    return said.count(b"x")


def test_one_of_many() -> None:
    for _ in range(20):
        assert told_by_children(News(), 4) == 1


def test_it_is_news_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = News()
    assert [shared.is_mine() for _ in range(3)] == [True, False, False]
    monkeypatch.setattr(news, "_OLD", 0.0)
    assert shared.is_mine()


def test_nothing_is_left_open() -> None:
    before = processes.open_files(os.getpid())
    for _ in range(10):
        News().is_mine()
    assert processes.open_files(os.getpid()) == before
