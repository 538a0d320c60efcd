"""Sizes and times as people read them, names as neither people nor browsers misread them."""

from __future__ import annotations

import pytest

from prefork_ssl.modules.autoindex.names import linked, shown
from prefork_ssl.modules.autoindex.reading import Entry
from prefork_ssl.modules.autoindex.rows import readable_size, time_cell


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10_137, "9.9 KiB"),
        (10_240, "10 KiB"),
        (1_022_976, "999 KiB"),
        (1_023_488, "1.0 MiB"),
        (5 << 30, "5.0 GiB"),
        (2**63 - 1, "8.0 EiB"),
        (2**80, "1048576 EiB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert readable_size(size) == text


@pytest.mark.parametrize("moment", [2**63 - 1, -(2**63)])
def test_a_time_that_no_calendar_has_is_left_out(moment: int) -> None:
    assert time_cell(Entry("x", False, 0, moment)) == '<td class="modified"></td>'


@pytest.mark.parametrize(
    ("name", "text", "link"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;", "%3Cb%3E%26%22%27"),
        ("javascript:alert(1)", "javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("a\nb", "a\ufffdb", "a%0Ab"),
        ("\u202egpj.exe", "\ufffdgpj.exe", "%E2%80%AEgpj.exe"),
        ("\udcff", "\ufffd", "%FF"),
        ("100%41?#;", "100%41?#;", "100%2541%3F%23%3B"),
        ("\u00a0\u3000", "\u00a0\u3000", "%C2%A0%E3%80%80"),
        ("👩\u200d🚀", "👩\u200d🚀", "%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80"),
    ],
)
def test_names(name: str, text: str, link: str) -> None:
    assert shown(name) == text
    assert linked(name, is_folder=False) == link
    assert linked(name, is_folder=True) == f"{link}/"
