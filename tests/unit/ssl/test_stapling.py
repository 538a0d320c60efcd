"""Stapling's parts by themselves: shared memory, the schedule, what is handed over, responders that misbehave."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from blackbox.until import until
from hypothesis import given
from hypothesis import strategies as st
from unit.ssl.issued import Issued, ca

from prefork_ssl.modules.ssl.stapling import responder, staple, subject
from prefork_ssl.modules.ssl.stapling.errand import Job, Outcome, decode, encode
from prefork_ssl.modules.ssl.stapling.policy import Policy
from prefork_ssl.modules.ssl.stapling.staple import LONGEST, Staple
from prefork_ssl.modules.ssl.stapling.subject import Inquiry, Subject

FOR_EVER = float("inf")

# --- memory ---


@pytest.fixture
def every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staple, "_PAUSE", 0.0)


@pytest.mark.usefixtures("every_look")
def test_a_forked_process_sees_what_is_put_later() -> None:
    shared = Staple()
    assert shared.current() == b""
    go, seen = os.pipe(), os.pipe()
    if os.fork() == 0:
        os.read(go[0], 1)
        os.write(seen[1], shared.current() + b".")
        os._exit(0)
    shared.put(b"answer", FOR_EVER)
    os.write(go[1], b"!")
    assert os.read(seen[0], 100) == b"answer."
    os.wait()


@pytest.mark.usefixtures("every_look")
def test_what_is_over_is_not_sent() -> None:
    shared = Staple()
    shared.put(b"answer", time.time() - 1)
    assert shared.current() == b""
    shared.put(b"answer", time.time() + 0.05)
    assert shared.current() == b"answer"
    until(lambda: shared.current() == b"", "the end")


@pytest.mark.usefixtures("every_look")
def test_a_half_written_answer_is_never_seen() -> None:
    shared, answers = Staple(), [bytes([number]) * 8000 for number in range(1, 9)]
    if (writer := os.fork()) == 0:
        while True:
            for answer in answers:
                shared.put(answer, FOR_EVER)
    seen: Counter[bytes] = Counter()
    try:
        end = time.monotonic() + 30
        while (len(seen) <= 3 or seen.total() < 20_000) and time.monotonic() < end:
            seen[shared.current()] += 1
    finally:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
    assert seen.keys() <= {b"", *answers}
    assert len(seen) > 3


@pytest.mark.usefixtures("every_look")
def test_sizes() -> None:
    shared = Staple()
    shared.put(b"x" * LONGEST, FOR_EVER)
    assert len(shared.current()) == LONGEST
    shared.clear()
    assert shared.current() == b""
    with pytest.raises(ValueError, match="bytes"):
        shared.put(b"x" * (LONGEST + 1), FOR_EVER)


# --- schedule ---

AUTHORITY = ca("Authority")
SERVED = Issued(issuer=AUTHORITY)
POLICY = Policy(10, 0, FOR_EVER, refresh=3600, retry=600, return_errors=False, fake_try_later=False)


class Clock:
    """Both clocks, which only move when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(subject, "time", clock)
    monkeypatch.setattr(staple, "time", clock)
    monkeypatch.setattr(staple, "_PAUSE", 0.0)
    return clock


def new_subject(policy: Policy = POLICY) -> Subject:
    return Subject(Inquiry(SERVED.certificate, AUTHORITY.certificate, "http://127.0.0.1/", policy))


def good(clock: Clock, seconds: float) -> Outcome:
    return Outcome(1, "good", b"good", clock.now + seconds)


FAILED = Outcome(1, "failed", reason="it is down")


def pause(one: Subject, clock: Clock) -> float:
    """Seconds until it is due."""
    start = clock.now
    while not one.due():
        clock.now += 1
    return clock.now - start


def test_a_new_one_is_due_at_once(clock: Clock) -> None:
    assert new_subject().due()


@pytest.mark.parametrize(
    ("holds", "expected"), [(7 * 86400, 3600), (1000, 500), (10, 5), (1, 1), (FOR_EVER, 3600)]
)
def test_asked_again_after_an_hour_or_at_half_time(clock: Clock, holds: float, expected: float) -> None:
    one = new_subject()
    one.settle(good(clock, holds))
    assert one.staple.current() == b"good"
    assert pause(one, clock) == expected


def test_an_answer_without_an_end_outlives_one_failed_question(clock: Clock) -> None:
    one = new_subject()
    one.settle(good(clock, FOR_EVER))
    clock.now += 3600
    one.settle(FAILED)
    assert one.staple.current() == b"good"
    clock.now += 3600
    one.settle(FAILED)
    assert one.staple.current() == b""


def test_trouble_makes_it_ask_more_often_and_changes_nothing(clock: Clock) -> None:
    one = new_subject()
    one.settle(good(clock, 2000))
    assert pause(one, clock) == 1000
    one.settle(FAILED)
    assert (one.trouble, one.covered) == ("it is down", True)
    assert one.staple.current() == b"good"
    assert pause(one, clock) == 500
    one.settle(FAILED)
    assert pause(one, clock) == 250
    clock.now += 250
    one.settle(FAILED)
    assert not one.covered
    assert one.staple.current() == b""
    assert pause(one, clock) == 600
    one.settle(good(clock, 9000))
    assert (one.trouble, one.covered) == ("", True)


def test_unknown_does_not_replace_a_good_answer_but_revoked_does(clock: Clock) -> None:
    one = new_subject()
    one.settle(good(clock, 2000))
    one.settle(Outcome(1, "unknown", b"unknown", clock.now + 2000))
    assert one.staple.current() == b"good"
    one.settle(Outcome(1, "revoked", b"revoked", clock.now + 2000))
    assert one.staple.current() == b""
    assert not one.covered


@pytest.mark.parametrize(
    ("return_errors", "fake", "answer", "sent"),
    [
        (False, True, b"error", b""),
        (True, False, b"error", b"error"),
        (True, False, b"", b""),
        (True, True, b"", bytes.fromhex("30030a0103")),
    ],
)
def test_what_clients_get_of_an_error(clock, return_errors, fake, answer, sent) -> None:
    one = new_subject(Policy(10, 0, FOR_EVER, 3600, 600, return_errors, fake))
    one.settle(Outcome(1, "failed", answer, reason="it is down"))
    assert one.staple.current() == sent


# --- handing over ---

numbers = st.floats(allow_nan=False)


@given(st.builds(Outcome, st.integers(), st.text(), st.binary(), numbers, st.text()))
def test_outcomes_arrive_as_they_were(outcome: Outcome) -> None:
    line = encode(outcome)
    assert line.count(b"\n") == 1
    assert decode(Outcome, line) == outcome


@given(st.builds(Job, st.integers(), st.text(), st.binary(), st.binary(), numbers, numbers, numbers))
def test_jobs_arrive_as_they_were(job: Job) -> None:
    assert decode(Job, encode(job)) == job


@pytest.mark.parametrize("line", [b"", b"null", b"{}", b"[1]", b'{"number": "1"}', b"\xff", b"nonsense"])
def test_what_is_no_record(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which kind does not matter
        decode(Outcome, line)


def test_a_record_of_wrong_types() -> None:
    line = encode(FAILED).replace(b'"number": 1', b'"number": "1"')
    with pytest.raises(ValueError, match="belongs"):
        decode(Outcome, line)


# --- responders that misbehave ---


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a server that treats one connection so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as sock, suppress(OSError):  # the client may have left, as it should
                answer(sock)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/path?query"
        thread.join()


def no_answer(answer: Callable[[socket.socket], None], seconds: float = 5) -> str:
    with serving(answer) as url, pytest.raises(responder.NoAnswer) as caught:
        responder.ask(url, b"question", seconds)
    return str(caught.value)


def saying(data: bytes) -> Callable[[socket.socket], None]:
    def answer(sock: socket.socket) -> None:
        # All of it: an end with unread bytes would be a reset.
        question = b""
        while not question.endswith(b"question"):
            question += sock.recv(4096)
        sock.sendall(data)

    return answer


def test_a_proper_answer() -> None:
    got = bytearray()

    def answer(sock: socket.socket) -> None:
        while not got.endswith(b"question"):
            got.extend(sock.recv(4096))
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nanswer")

    with serving(answer) as url:
        assert responder.ask(url, b"question", 5) == b"answer"
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /path?query HTTP/1.1\r\n")
    assert b"Content-Type: application/ocsp-request" in head
    assert body == b"question"


def test_other_answers() -> None:
    assert no_answer(saying(b"HTTP/1.1 503 Busy\r\n\r\n")) == "it answers 503 Busy"
    assert (
        no_answer(saying(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n"))
        == "it answers 302 Found"
    )
    assert "cannot be asked" in no_answer(saying(b"SSH-2.0\r\n"))
    assert "cannot be asked" in no_answer(saying(b""))
    assert "breaks off 4 bytes" in no_answer(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"))
    assert "more than" in no_answer(saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LONGEST + 1)))


def drip(sock: socket.socket, start: bytes, piece: bytes) -> None:
    sock.recv(4096)
    sock.sendall(start)
    while True:
        sock.sendall(piece)
        time.sleep(0.05)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_one_that_always_says_a_little_more(start: bytes) -> None:
    began = time.monotonic()
    assert no_answer(lambda sock: drip(sock, start, b"a"), 0.5) == "it does not answer within 0.5 s"
    assert time.monotonic() - began < 2


def test_one_that_says_nothing() -> None:
    def answer(sock: socket.socket) -> None:
        while sock.recv(4096):
            continue

    assert no_answer(answer, 0.3) == "it does not answer within 0.3 s"


def test_nobody_is_there() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        with pytest.raises(responder.NoAnswer, match="Connection refused"):
            responder.ask(f"http://127.0.0.1:{sock.getsockname()[1]}", b"", 1)
