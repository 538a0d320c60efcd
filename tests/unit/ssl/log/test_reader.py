"""prefork-ssl-log: lines as the log writes them, counted by cause."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from prefork_ssl.modules.ssl.log import json_lines, text
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.reader import report
from prefork_ssl.modules.ssl.log.reader.causes import MOST_CAUSES, MOST_CLIENTS, Causes, named
from prefork_ssl.modules.ssl.log.reader.entries import Entry, entry
from prefork_ssl.modules.ssl.log.reader.since import parse_since, seek_time, time_of
from prefork_ssl.modules.ssl.log.reader.source import follow, lines
from prefork_ssl.modules.ssl.log.repeats import Repeats
from prefork_ssl.modules.ssl.log.vocabulary import FAILURES
from prefork_ssl.modules.ssl.openssl import QueuedError

FORMS = pytest.mark.parametrize("render", [text.render, json_lines.render], ids=["text", "json"])
CLIENT = ("192.0.2.1", 5)
NOW = datetime(2026, 11, 23, 12, 0, 0)


def nobody(_bytes: int) -> None:
    """Who does not care how far it is."""


def failed(message: str = "handshake failed: x", **more) -> Event:
    return Event(SSLLevel.INFO, "handshake-failed", message, **({"client": CLIENT} | more))


def read(render, event: Event):
    first, *_ = render(event, "www.test:443").splitlines()
    return entry(first)


# --- lines ---


@FORMS
@pytest.mark.parametrize(("name", "words"), FAILURES.items())
def test_each_kind_of_failure_is_found(render, name, words):
    found = read(
        render,
        Event(SSLLevel.INFO, name, f"{words} y: z", CLIENT, details=("asked for x",), hint="do [this]"),
    )
    assert found
    assert (found.level, found.message) == ("info", f"{words} y: z")
    assert (found.client, found.host, found.hint, found.count) == (
        "192.0.2.1",
        "www.test:443",
        "do [this]",
        1,
    )
    assert abs(datetime.now() - _moment(found.time)) < timedelta(seconds=5)


def _moment(written: str) -> datetime:
    form = "%d/%b/%Y %H:%M:%S" if "/" in written else "%Y-%m-%d %H:%M:%S"
    return datetime.strptime(written, form)


def test_parts_of_the_configuration_may_have_brackets():
    details = ("GET /", 'failed: %{SSL_CLIENT_S_DN_O} in { "a" } and (x [y])')
    found = read(
        text.render,
        Event(SSLLevel.INFO, "denied", "access denied by SSLRequire", CLIENT, details=details, hint="a (b)"),
    )
    assert found
    assert (found.message, found.client, found.host, found.hint) == (
        "access denied by SSLRequire",
        "192.0.2.1",
        "www.test:443",
        "a (b)",
    )


@FORMS
def test_what_went_well_is_passed_over(render):
    for name, message in (
        ("handshake-done", "handshake done: TLSv1.3"),
        ("closed", "connection closed (standard)"),
    ):
        assert read(render, Event(SSLLevel.INFO, name, message, CLIENT)) is None
        assert read(render, Event(SSLLevel.TRACE, name, message, CLIENT)) is None


@FORMS
@pytest.mark.parametrize("level", [SSLLevel.WARN, SSLLevel.ERROR])
def test_warnings_and_errors_are_found_whatever_they_say(render, level):
    found = read(
        render, Event(level, "finding", "x.conf:1: SSLCertificateFile: (old) thing", hint="renew it")
    )
    assert found
    assert (found.level, found.message) == (level.word, "x.conf:1: SSLCertificateFile: (old) thing")
    assert (found.client, found.host, found.hint) == ("", "www.test:443", "renew it")


@FORMS
def test_a_number_of_failures_counts_as_so_many(render):
    log = Told()
    repeats = Repeats(1, 60)
    for _ in range(8):
        repeats.admit(log, failed(hint="do this"))
    repeats.tell()
    (summary,) = log.events
    found = read(render, summary)
    assert found
    assert (found.count, found.message, found.client, found.hint) == (
        7,
        "handshake failed: x",
        "192.0.2.1",
        "do this",
    )


class Told:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        self.events.append(event)


def test_lines_that_belong_to_others_do_not_count():
    event = failed(errors=(QueuedError("SSL routines", "x"),), system=OSError(104, "gone"))
    event.level = SSLLevel.ERROR
    assert [bool(entry(line)) for line in text.render(event, "h:1").splitlines()] == [True, False, False]


@pytest.mark.parametrize(
    ("client", "shown"),
    [(("2001:db8::1", 5), "2001:db8::1"), (("2001:db8::1", 0), "2001:db8::1"), (CLIENT, "192.0.2.1")],
)
@FORMS
def test_clients_have_no_ports(render, client, shown):
    found = read(render, failed(client=client))
    assert found
    assert found.client == shown


@pytest.mark.parametrize(
    "line", [b"", b"{", b"{}", b'{"event":1}', b"[", b"hello", b"[x] [info]  handshake failed", b"[1]"]
)
def test_other_lines_are_none(line):
    assert entry(line) is None


def test_a_line_cannot_do_anything_to_a_terminal():
    prefix = b"[23/Nov/2026 10:29:27.123 12345] [info]  "
    found = entry(prefix + b"handshake failed: \x1b[31m (client 192.0.2.1:5, server h:1) [Hint: \x07]")
    assert found
    assert (found.message, found.hint) == ("handshake failed: ?[31m", "?")
    found = entry(b'{"time":"x","pid":1,"level":"error","event":"x","message":"\\u001b]0;","host":""}')
    assert found
    assert found.message == "?]0;"


# --- causes ---


def test_causes_are_counted_and_the_worst_come_first():
    causes = Causes()
    for number in range(5):
        causes.add(read(text.render, failed(client=(f"192.0.2.{number}", 1), hint=f"hint {number}")))
    causes.add(read(text.render, failed("handshake failed: y")))
    causes.add(read(text.render, Event(SSLLevel.WARN, "finding", "soon")))
    causes.add(read(text.render, Event(SSLLevel.ERROR, "finding", "bad")))
    shown = causes.sorted()
    assert [(each.message, each.count) for each in shown] == [
        ("bad", 1),
        ("soon", 1),
        ("handshake failed: x", 5),
        ("handshake failed: y", 1),
    ]
    assert shown[2].hints == {f"hint {number}": 1 for number in range(5)}
    assert len(shown[2].clients) == 5
    assert shown[2].first <= shown[2].last


def test_numbers_do_not_make_another_cause():
    causes = Causes()
    for days in (9, 12, 120):
        causes.add(read(text.render, Event(SSLLevel.WARN, "finding", f"expires in {days} days")))
    (only,) = causes.sorted()
    assert only.count == 3


def test_memory_is_bounded():
    causes = Causes()
    for number in range(MOST_CLIENTS + 500):
        causes.add(read(text.render, failed(client=(f"10.0.{number >> 8}.{number & 255}", 1))))
    for number in range(MOST_CAUSES + 500):
        word = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        causes.add(read(text.render, failed(f"handshake failed: {word}")))
    shown = causes.sorted()
    assert len(shown) <= MOST_CAUSES + 1
    assert sum(each.count for each in shown) == MOST_CLIENTS + MOST_CAUSES + 1000
    first = next(each for each in shown if each.message == "handshake failed: x")
    assert len(first.clients) <= MOST_CLIENTS + 1
    assert named(first.clients, 2).endswith("+ more")


def test_who_is_named():
    assert named(Counter(), 2) == ""
    assert named(Counter(a=7), 2) == "a"
    assert named(Counter(a=7, b=9, c=1), 2) == "b (9), a (7) and 1 more"


# --- the page ---


def drawn(causes: Causes, width: int = 100) -> list[str]:
    screen = Console(file=io.StringIO(), width=width)
    screen.print(report.page(causes.sorted()))
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def at(second: int, message: str, hint: str = "do this", level: bytes = b"info", client: int = 1) -> Entry:
    line = b"[24/Nov/2026 08:04:%02d.000 00001] [%s]  %s (client 192.0.2.%d:1, server a:443) [Hint: %s]"
    found = entry(line % (second, level, message.encode(), client, hint.encode()))
    assert found
    return found


def test_a_page():
    causes = Causes()
    for number in range(1200):
        causes.add(at(number // 200, "handshake failed: x", client=number % 2))
    causes.add(at(9, "it expires", "renew it", b"warn"))
    assert drawn(causes) == [
        "    1  WARN it expires",
        "       when   2026-11-24 08:04:09",
        "       who    192.0.2.1",
        "       where  a:443",
        "       do     renew it",
        "",
        "1,200  handshake failed: x",
        "       when   2026-11-24 08:04:00 to 08:04:05",
        "       who    192.0.2.0 (600), 192.0.2.1 (600)",
        "       where  a:443",
        "       do     do this",
        "",
        "1,201 failures and findings of 2 kinds, 2026-11-24 08:04:00 to 08:04:09.",
    ]


def test_the_most_frequent_hints_of_a_cause():
    causes = Causes()
    for number in range(10):
        causes.add(at(number, "handshake failed: x", f"name {'aaaabbbccd'[number]}"))
    assert [line.strip() for line in drawn(causes)[4:7]] == [
        "do     4 x name a",
        "do     3 x name b",
        "do     and 2 other hints in the log",
    ]


@pytest.mark.parametrize("width", [40, 60, 100])
def test_a_narrow_terminal(width):
    causes = Causes()
    causes.add(at(1, "handshake failed: " + "many words " * 20, "what to do " * 30))
    shown = drawn(causes, width)
    assert max(map(len, shown)) <= width
    assert all(
        line.startswith("          ") for line in shown if "what to do" in line and "do     " not in line
    )


# --- time ---


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-20", datetime(2026, 11, 20)),
        ("2026-11-20 10:30", datetime(2026, 11, 20, 10, 30)),
        ("2026-11-20T10:30:05", datetime(2026, 11, 20, 10, 30, 5)),
        ("9:05", datetime(2026, 11, 23, 9, 5)),
        ("23:05:07", datetime(2026, 11, 23, 23, 5, 7)),
        ("90s", NOW - timedelta(seconds=90)),
        ("30 min", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("1w", NOW - timedelta(weeks=1)),
    ],
)
def test_points_in_time(written, moment):
    assert parse_since(written, NOW) == moment


@pytest.mark.parametrize("written", ["", "yesterday", "25:00", "2026-13-01", "-1h", "3x", "99999999d"])
def test_what_is_none(written):
    with pytest.raises((ValueError, OverflowError)):
        parse_since(written, NOW)


@FORMS
def test_the_time_of_a_line(render):
    line = render(failed(), "h:1")
    assert abs(time_of(line) - datetime.now()) < timedelta(seconds=5)
    assert time_of(b"[31/Foo/2026 10:00:00.000 1] x") is None
    assert time_of(b"{}") is None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40_000))
def test_seeking_finds_every_line_from_a_time_on(second):
    file, size = _LONG_LOG
    seek_time(file, size, NOW + timedelta(seconds=second))
    written = [time_of(line) for batch in lines(file, nobody) for line in batch]
    wanted = [moment for moment in written if moment and moment >= NOW + timedelta(seconds=second)]
    assert len(wanted) == max(0, 20_000 - (second + 1) // 2)
    assert len(written) <= len(wanted) + 3000


def _long_log() -> tuple[io.BytesIO, int]:
    """A line each two seconds."""
    moments = (NOW + timedelta(seconds=2 * number) for number in range(20_000))
    data = b"".join(
        b"%s handshake failed: x\n" % moment.strftime("[%d/%b/%Y %H:%M:%S.000 12345] [info] ").encode()
        for moment in moments
    )
    return io.BytesIO(data), len(data)


_LONG_LOG = _long_log()


# --- files ---


@given(
    st.lists(st.binary(max_size=50).map(lambda data: data.replace(b"\n", b" ")), max_size=30),
    st.integers(1, 64),
)
def test_lines_come_whole_whatever_the_pieces(written, piece):
    class Slow(io.BytesIO):
        def read(self, _size: int = -1) -> bytes:
            return super().read(piece)

    told: list[int] = []
    data = b"\n".join(written)
    got = [line for batch in lines(Slow(data), told.append) for line in batch]
    assert b"\n".join(got) == data.removesuffix(b"\n") or (got == [] and data == b"")
    assert sum(told) == len(data)


def test_a_file_that_grows_is_followed_through_its_rotation(tmp_path: Path):
    path = tmp_path / "log"
    path.write_bytes(b"old\nbegun")
    with path.open("rb") as file:
        assert [*lines(file, nobody, growing=True)] == [[b"old"]]
        source = follow(path, file)
        got: list[bytes] = []

        def take(count: int) -> list[bytes]:
            for batch in islice(source, 20):
                got.extend(batch)
                if len(got) >= count:
                    break
            return got

        with path.open("ab") as growing:
            growing.write(b" and ended\nnext\n")
        assert take(2) == [b"begun and ended", b"next"]
        path.rename(tmp_path / "log.1")
        with (tmp_path / "log.1").open("ab") as late:
            late.write(b"late\n")
        path.write_bytes(b"new\n")
        assert take(4)[2:] == [b"late", b"new"]
        path.write_bytes(b"cut\n"[:4])
        with path.open("r+b") as cut:
            cut.truncate(0)
        assert take(5)[4:] == []
        path.write_bytes(b"again\n")
        assert take(5)[4:] == [b"again"]


def test_it_needs_neither_openssl_nor_a_server():
    code = (
        "import sys; import prefork_ssl.modules.ssl.log.reader.cli; "
        "print([name for name in sys.modules if name.split('.')[0] in ('OpenSSL', 'cryptography', 'gevent')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
