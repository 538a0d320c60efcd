"""SSLLogFormat json: one object a line, whatever is in it."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ssl.hellos import client_hello

from prefork_ssl.modules.ssl.hello.client_hello import ClientHello, examine
from prefork_ssl.modules.ssl.hello.ja4 import ja4
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.json_lines import render
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.moment import internet_time
from prefork_ssl.modules.ssl.openssl import QueuedError


def read(event: Event, host: str = "www.test:443") -> dict[str, object]:
    """The object on the line, which is the only one."""
    line = render(event, host)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return json.loads(line)


def test_what_is_always_there():
    before = datetime.now().astimezone().replace(microsecond=0)
    shown = read(Event(SSLLevel.WARN, "something", "it happened"))
    assert before <= datetime.fromisoformat(shown.pop("time")) <= datetime.now().astimezone()
    assert shown == {
        "pid": os.getpid(),
        "level": "warn",
        "event": "something",
        "message": "it happened",
        "host": "www.test:443",
    }


def test_what_may_be_there():
    hello = examine(client_hello())
    assert isinstance(hello, ClientHello)
    shown = read(
        Event(
            SSLLevel.INFO,
            "something",
            "it happened",
            ("2001:db8::1", 1234),
            {"cipher": "X", "bits": 256, "added": ["a", 'b"']},
            (QueuedError("SSL routines", "no shared cipher"), QueuedError("x", "y")),
            "do this",
            ("asked for nothing",),
            OSError(104, "Connection reset by peer"),
            b"\x16\x03",
            hello,
        )
    )
    assert [*shown][1:] == [
        *("pid", "level", "event", "message", "host", "client", "client_port", "cipher", "bits", "added"),
        *("details", "hint", "server_name", "ja4", "errors", "system", "errno", "data"),
    ]
    assert (shown["client"], shown["client_port"]) == ("2001:db8::1", 1234)
    assert shown["details"] == ["asked for nothing"]
    assert (shown["bits"], shown["added"]) == (256, ["a", 'b"'])
    assert shown["errors"] == ["SSL routines: no shared cipher", "x: y"]
    assert (shown["system"], shown["errno"]) == ("Connection reset by peer", 104)
    assert (shown["hint"], shown["data"], shown["ja4"]) == ("do this", "1603", ja4(hello))


@given(st.text(), st.text(), st.dictionaries(st.sampled_from(["reason", "server_name"]), st.text()))
def test_no_text_breaks_out_of_its_string_or_its_line(message, hint, fields):
    event = Event(SSLLevel.INFO, "something", message, fields=fields, hint=hint)
    line = render(event, "www.test:443")
    assert re.fullmatch(rb"[ -~]*\n", line)
    shown = json.loads(line)
    assert shown["message"] == message
    assert shown.get("hint", "") == hint
    assert {name: shown[name] for name in fields} == fields


def test_what_is_too_long_is_cut():
    shown = read(Event(SSLLevel.INFO, "something", "x" * 2000, fields={"server_name": "y" * 60000}))
    assert (shown["message"], shown["server_name"]) == ("x" * 1000 + "...", "y" * 1000 + "...")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_the_time_zone_is_told(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    internet_time.cache_clear()  # what was made for this second is kept
    try:
        shown = read(Event(SSLLevel.INFO, "something", ""))
        assert abs(datetime.fromisoformat(shown["time"]).timestamp() - time.time()) < 1
    finally:
        monkeypatch.undo()
        time.tzset()
        internet_time.cache_clear()
