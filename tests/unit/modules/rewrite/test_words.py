"""Lines as they are written, with the quotes and backslashes that recipes have."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.modules.rewrite.sites import Site, problems

from prefork_ssl.modules.rewrite.words import split_raw_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ("a", "b", "c")),
        (r"^/a\ b$ /c", (r"^/a\ b$", "/c")),
        (r"\\ b", (r"\\ b",)),
        (r'"a b" "c\"d" \"e', ("a b", 'c"d', r"\"e")),
        (r"""'a "b' "c 'd" """, ('a "b', "c 'd")),
        (r'"\\d\." x', (r"\\d\.", "x")),
        ('a"b c"', ('a"b', 'c"')),
        ('""', ("",)),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert split_raw_words(text) == words


def test_recipes(tmp_path: Path) -> None:
    site = Site(
        tmp_path,
        r"""
        RewriteEngine on
        RewriteCond %{THE_REQUEST} ^GET\ /old\.html\ HTTP
        RewriteRule ^/(old)\.html$ /$1\ new\.html
        RewriteCond "%{THE_REQUEST}" "^GET /b\\\\?c HTTP"
        RewriteRule "^/b(\\?c)$" "/d \$1 %1"
        """,
    )
    assert site.path("/old.html") == "/old new.html"
    assert site.path("/oldxhtml") == "/oldxhtml"


def test_a_quote_that_is_not_closed(tmp_path: Path) -> None:
    assert 'no quote closes "^/a /b' in problems(tmp_path, 'RewriteRule "^/a /b')[0]
