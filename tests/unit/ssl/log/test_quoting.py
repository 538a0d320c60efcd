"""What clients choose, as it stands in a line for people."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from prefork_ssl.modules.ssl.log.event import LONGEST_TEXT, Event, quoted
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.text import render


def test_names_stay_as_they_are():
    for name in (
        "www.example.com",
        "xn--bcher-kva.example",
        "*.example.com",
        "CN=A. B,O=C & D,C=DE",
        "2001:db8::1",
    ):
        assert quoted(name) == name


def test_brackets_and_quotes_do_not():
    assert quoted('x) [Hint: y]"') == "x%29 %5BHint: y%5D%22"


def test_what_is_too_long_is_cut():
    assert quoted("a" * 60000) == "a" * LONGEST_TEXT + "..."


def test_bytes_that_are_no_characters_stay_bytes():
    assert quoted("a\udcffb\xfc") == "a%FFb%C3%BC"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_nothing_can_look_like_another_part_of_the_line(name):
    assert unquote(quoted(name)) == (name if len(name) <= LONGEST_TEXT else f"{name[:LONGEST_TEXT]}...")
    line = render(Event(SSLLevel.INFO, "x", "it happened", ("192.0.2.1", 5), details=(quoted(name),)), "w:1")
    assert re.fullmatch(
        rb"\[[^]]+\] \[info\]  it happened \(client 192\.0\.2\.1:5, server w:1, [^()\[\]\"\\\n]*\)\n", line
    )
