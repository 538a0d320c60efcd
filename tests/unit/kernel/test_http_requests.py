"""Every request of the corpus, sent whole, byte by byte, and cut at random places: the answers are the same."""

from __future__ import annotations

import random

import pytest
from unit.kernel.http_requests import ANSWERED, BROKEN_BODIES, GET, REFUSED, ROOT, SERVED
from unit.kernel.talk import Reply, Server, splits


@pytest.fixture(scope="module")
def server() -> Server:
    return Server()


def ways(data: bytes):
    """Whole, byte by byte (if that is quick), and cut three times at random."""
    yield [data]
    if len(data) < 2000:
        yield list(splits(data, range(len(data))))
    generator = random.Random(len(data))
    for _ in range(3):
        yield list(splits(data, (generator.randrange(len(data) + 1) for _ in range(4))))


def told(reply: Reply, expected: int | str) -> int | str:
    """What the reply says, in the corpus's terms."""
    return reply.status if isinstance(expected, int) else reply.body.decode("latin-1")


def params(cases):
    return [pytest.param(*rest, id=name) for name, *rest in cases]


@pytest.mark.parametrize(("data", "expected"), params(SERVED))
def test_served(server, data, expected):
    for pieces in ways(data):
        replies = [reply for reply in server.replies(*pieces) if reply.status != 100]
        assert len(replies) == len(expected)
        assert [told(*pair) for pair in zip(replies, expected, strict=True)] == expected
        assert all(reply.status == 200 and reply.complete for reply in replies)


@pytest.mark.parametrize(("data", "status"), params(REFUSED))
def test_refused(server, data, status):
    for pieces in ways(data):
        (reply,) = server.replies(*pieces)
        assert (reply.status, reply.headers["connection"]) == (status, "close")


@pytest.mark.parametrize(("data", "status"), params(ANSWERED))
def test_answered(server, data, status):
    for pieces in ways(data + GET):
        first, second = server.replies(*pieces)
        assert (first.status, told(second, ROOT)) == (status, ROOT)
        assert "connection" not in first.headers


@pytest.mark.parametrize("data", params(BROKEN_BODIES))
def test_broken_bodies(server, data):
    for pieces in ways(data):
        (reply,) = server.replies(*pieces)
        assert (reply.status, reply.headers["connection"]) == (400, "close")


def test_nothing_of_all_this_was_a_mistake_of_ours(server):
    assert "Traceback" not in server.errors()
    assert server.begun == server.ended
