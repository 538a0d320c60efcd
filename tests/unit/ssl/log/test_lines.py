"""The lines of the SSL log, and which of them go to the error log too."""

from __future__ import annotations

import os
import re

import gevent
import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.directives import LOG_LEVEL
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.files import open_log_file
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.modules.ssl.log.directives import SSL_LOG_LEVEL, level
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import Event, SSLLog
from prefork_ssl.modules.ssl.openssl import QueuedError

STAMP = r"\[\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d\.\d{3} "


@pytest.fixture
def log(tmp_path):
    """log(level, LogLevel's value): an SSLLog; its lines and those of the error log are read by lines()."""

    def make(level=SSLLevel.INFO, general=None):
        file = open_log_file(str(tmp_path / "ssl_log"), print)
        errors = ErrorLog(open_log_file(str(tmp_path / "error_log"), print), general or {"": Level.WARN})
        return SSLLog("www.test:443", file, level, errors)

    return make


@pytest.fixture
def lines(tmp_path):
    def read(name="ssl_log"):
        return (tmp_path / name).read_text().splitlines()

    return read


def event(level=SSLLevel.INFO, message="something happened", **more):
    return Event(level, "something", message, **more)


def test_a_line(log, lines):
    log().write(event(client=("192.0.2.1", 61234)))
    place = r"\(client 192.0.2.1:61234, server www.test:443\)"
    expected = rf"{STAMP}{os.getpid():05}\] \[info\]  something happened {place}"
    (line,) = lines()
    assert re.fullmatch(expected, line)


@pytest.mark.parametrize("level", list(SSLLevel)[1:])
def test_levels_stand_in_a_column_of_their_own(log, lines, level):
    log(SSLLevel.DEBUG).write(event(level))
    assert re.search(r"\] (\[\w+\] +)something", lines()[0])[1] == f"[{level.name.lower()}]".ljust(8)


def test_a_hint_follows_the_message(log, lines):
    log().write(event(hint="do this"))
    assert lines()[0].endswith("something happened (server www.test:443) [Hint: do this]")


def test_what_openssl_and_the_system_said_has_lines_of_its_own(log, lines):
    errors = (QueuedError("SSL routines", "no shared cipher"), QueuedError("SSL routines", "again"))
    log().write(event(errors=errors, hint="do this", system=OSError(104, "Connection reset by peer")))
    assert [line.split("]  ")[1] for line in lines()] == [
        "something happened (server www.test:443) [Hint: do this]",
        "System: Connection reset by peer (errno: 104)",
        "OpenSSL: SSL routines: no shared cipher",
        "OpenSSL: SSL routines: again",
    ]


def test_bytes_of_clients_cannot_make_lines(log, lines):
    log().write(event(message="asked for a\n[24/Nov/2026] forged\x1b[2J\xff", client=("2001:db8::1", 1)))
    (line,) = lines()
    assert r"asked for a\n[24/Nov/2026] forged\x1b[2J\xc3\xbf (client [2001:db8::1]:1" in line


@pytest.mark.parametrize("level", list(SSLLevel))
def test_each_level_has_all_that_the_smaller_ones_have(log, lines, level):
    written = log(level)
    for each in list(SSLLevel)[1:]:
        written.write(event(each, each.name))
    assert len(lines()) == level.value


@pytest.mark.parametrize(
    ("general", "expected"),
    [
        ({"": Level.WARN}, ["ERROR", "WARN"]),
        ({"": Level.ERROR}, ["ERROR"]),
        ({"": Level.WARN, "ssl": Level.INFO}, ["ERROR", "WARN", "INFO"]),
        ({"": Level.TRACE8}, ["ERROR", "WARN", "INFO", "TRACE", "DEBUG"]),
    ],
)
def test_the_error_log_gets_what_loglevel_lets_through(log, lines, general, expected):
    written = log(SSLLevel.NONE, general)
    for each in list(SSLLevel)[1:]:
        written.write(event(each, each.name))
    told = [
        re.search(r"\[ssl:\w+\] \[pid \d+\] (\w+) \(server www.test:443\)", line)[1]
        for line in lines("error_log")
    ]
    assert told == expected
    assert lines() == []
    assert written.tells_info is ("INFO" in expected)


def test_the_error_log_names_the_client_in_its_own_way(log, lines):
    log(general={"": Level.INFO}).write(event(client=("192.0.2.1", 5), hint="do this"))
    assert (
        "[client 192.0.2.1:5] something happened (server www.test:443) [Hint: do this]"
        in lines("error_log")[0]
    )


def test_details_stand_beside_client_and_server(log, lines):
    log().write(event(client=("192.0.2.1", 5), details=("asked for x", "port 1"), hint="do this"))
    assert lines()[0].endswith(
        "(client 192.0.2.1:5, server www.test:443, asked for x, port 1) [Hint: do this]"
    )


def test_bytes_follow_in_rows(log, lines):
    log(SSLLevel.DEBUG).write(event(SSLLevel.DEBUG, data=b"0123456789abcdefX"))
    assert [re.split(r"\] \[debug\] ", line)[1][:14] for line in lines()] == [
        "something happ",
        "| 0000: 30 31 ",
        "| 0010: 58    ",
    ]


def test_an_error_is_written_at_once_and_the_rest_at_the_end_of_a_turn(tmp_path, lines):
    file = open_log_file(str(tmp_path / "ssl_log"), pytest.fail)
    file.buffer(gevent.get_hub().loop)
    errors = ErrorLog(open_log_file(str(tmp_path / "error_log"), pytest.fail), {"": Level.WARN})
    buffered = SSLLog("www.test:443", file, SSLLevel.INFO, errors)
    buffered.write(event(message="first"))
    assert lines() == []
    buffered.write(event(SSLLevel.ERROR, message="second"))
    assert len(lines()) == 2
    buffered.write(event(message="third"))
    gevent.sleep(0)
    assert len(lines()) == 3


def test_an_event_is_told_even_if_its_hint_cannot_be_found_out(log, lines):
    def explain() -> str:
        raise OSError("no such thing")

    log().write(event(), explain)
    assert lines()[0].endswith("something happened (server www.test:443)")
    assert "a hint failed" in lines("error_log")[0]


def test_what_to_do_is_found_out_only_if_somebody_will_read_it(log):
    def explain() -> str:
        pytest.fail("nobody reads it")

    log(SSLLevel.WARN).write(event(), explain)


@pytest.mark.parametrize(
    ("ssl", "general", "expected"),
    [
        (None, {"": Level.WARN}, SSLLevel.INFO),
        (None, {"": Level.TRACE8}, SSLLevel.INFO),
        (None, {"": Level.WARN, "ssl": Level.CRIT}, SSLLevel.ERROR),
        (None, {"": Level.WARN, "ssl": Level.NOTICE}, SSLLevel.WARN),
        (None, {"": Level.WARN, "ssl": Level.DEBUG}, SSLLevel.TRACE),
        (None, {"": Level.WARN, "ssl": Level.TRACE8}, SSLLevel.DEBUG),
        (SSLLevel.TRACE, {"": Level.WARN, "ssl": Level.ERROR}, SSLLevel.TRACE),
        (SSLLevel.NONE, {"": Level.WARN}, SSLLevel.NONE),
    ],
)
def test_how_much_is_told(ssl, general, expected):
    assert level(Settings({SSL_LOG_LEVEL: ssl, LOG_LEVEL: general})) is expected


def test_a_host_without_an_ssl_log(tmp_path):
    errors = ErrorLog(open_log_file(str(tmp_path / "error_log"), print), {"": Level.WARN})
    silent = SSLLog("www.test:443", None, SSLLevel.DEBUG, errors)
    assert not silent.tells_info
    silent.write(event())
    silent.write(event(SSLLevel.ERROR))
    assert len((tmp_path / "error_log").read_text().splitlines()) == 1
