"""Hostile URLs and header fields against rules of many kinds: never an error of the server's, never a byte in a field
that could end it, never a file from outside, and never for long."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.modules.rewrite.sites import HEAD, Site

from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.modules.rewrite.binding import problems_of
from prefork_ssl.modules.rewrite.condition_line import parse_condition
from prefork_ssl.modules.rewrite.expansion import Lookup, Names
from prefork_ssl.modules.rewrite.rule_line import parse_rule
from prefork_ssl.modules.rewrite.words import split_raw_words

# Files are answered by their handler here.
FILES = HEAD.replace("LoadModule telling_module unit.modules.rewrite.telling:module\n", "")

RULES = r"""
RewriteEngine on
RewriteMap low int:tolower
RewriteMap un int:unescape
RewriteMap table txt:@table
RewriteCond %{HTTP:X} ^(.*)\.(.*)$
RewriteRule ^/cond/(.*)$ /%1/$1 [L]
RewriteCond %{HTTP:X} !^(a+)+$
RewriteCond %{REQUEST_URI} ^/(\w+\s?)*!$ [OR]
RewriteCond %{REQUEST_FILENAME} (.*)/(.*)/(.*)=(.*)$
RewriteRule ^/slow/(a|aa)+$ /file
RewriteRule ^/redirect/(.*)$ /$1 [R,L]
RewriteRule ^/raw/(.*)$ /$1 [R=301,NE,L]
RewriteRule ^/host/(.*)$ https://%{HTTP_HOST}/$1?q=%{QUERY_STRING}&h=%{HTTP:X} [R,L]
RewriteRule ^/any/(.*)$ $1 [R,NE,L]
RewriteRule ^/query/(.*)$ /file?a=$1 [QSA,L]
RewriteRule ^/back/(.*)$ /file?a=$1 [B,L]
RewriteRule ^/root(.*)$ $1 [L]
RewriteRule ^/up/(.*)$ /sub/../$1 [L]
RewriteRule ^/dots(.*)$ /sub/.$1 [L]
RewriteRule ^/map/(.*)$ /${low:$1} [L]
RewriteRule ^/un/(.*)$ /${un:$1} [L]
RewriteRule ^/table/(.*)$ ${table:$1|/$1} [L]
RewriteRule ^/alias/(.*)$ /outside/$1 [PT]
RewriteRule ^/cookie/(.*)$ - [CO=c:$1:%{HTTP:X}:$1:$1,L]
RewriteRule ^/env/(.*)$ - [E=V:$1%{HTTP:X},L]
RewriteRule ^/(.*)_(.*)$ /$1-$2 [N=9000]
Alias /outside @allowed
<Directory @root/sub>
RewriteEngine on
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^(.*)$ /file?$1 [L]
</Directory>
"""

PREFIXES = [*sorted(set(re.findall(r"\^/(\w+)", RULES))), "sub", "", "file"]
DOTS = ["/", "//", "..", ".", "../", "%2e", "%2E%2e/", "%252e%252e%252f", "%2f", "%5c", "\\"]
CONTROLS = ["%0d%0a", "%0a", "%09", "%7f", "%ff", "%c3%a9", "é", "\xff", "%250d%250a"]
MARKS = ["%3f", "%23", "%25", "?", "&", "=", ":", ";", "@", "$1", "%1", "%7B", "|", "_", "-", "+", "*", "("]
WORDS = ["etc/passwd", "secret", "file", "a", "aaaaaaaaaaaaaaaa", "http://", "https:/e.test"]

paths = st.lists(st.sampled_from(DOTS + CONTROLS + MARKS + WORDS), max_size=12).map("".join)
targets = st.tuples(st.sampled_from(PREFIXES), paths).map(lambda pair: f"/{pair[0]}/{pair[1]}")
values = st.one_of(paths, st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    top = tmp_path_factory.mktemp("site")
    for name in ("htdocs/file", "htdocs/sub/file", "allowed/file", "secret", "etc/passwd"):
        (top / name).parent.mkdir(exist_ok=True, parents=True)
        (top / name).write_text("public" if name.endswith("file") else "SECRET")
    (top / "table").write_text("a /file\nup /../secret\n")
    words = {"@table": "table", "@root": "htdocs", "@allowed": "allowed"}
    text = RULES
    for word, name in words.items():
        text = text.replace(word, str(top / name))
    return Site(top, text, FILES)


@contextmanager
def _soon() -> Iterator[None]:
    """What happens within takes no second of this process's time."""
    began = time.process_time()
    yield
    assert time.process_time() - began < 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(targets, values)
def test_whatever_is_asked(site: Site, target: str, value: str) -> None:
    target = target.encode("utf-8").decode("latin-1")
    with _soon():
        status, headers, body = site.fetch(target, x=value)
    assert status < 500, site.log()
    assert b"SECRET" not in body
    for name, content in headers:
        assert re.fullmatch(r"[\x20-\x7e]*", content), (name, content)
        if name == "Location":
            assert not content.startswith("//")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("letter", ["a", "_", "/a", "=", "%20", "%0a", "%c3%a9", "a_"])
def test_long_urls(site: Site, prefix: str, letter: str) -> None:
    target = f"/{prefix}/{letter * (4000 // len(letter))}!"
    with _soon():
        status, _, _ = site.fetch(target, x=letter * 1000 + "!")
    assert status < 500, site.log()


TEMPLATES = [
    "$1",
    "%1",
    "%{HTTPS}",
    "%{X",
    "%{X}",
    "${low:a}",
    "${low:$1|b}",
    "${low:",
    "${",
    "}",
    "|",
    "\\",
    "?",
    "/",
]
FLAGS = [
    "R",
    "=301",
    "=",
    "L",
    "E",
    "=a:b",
    "!a",
    "CO",
    ":",
    ";",
    ",",
    " ",
    "N=2",
    "S",
    "P",
    "T=a/b",
    "B",
    "[",
    "]",
    "OR",
]
TESTS = ["-", "-f", "-eq", "5", "=", "<", ">", "!", "(", ")", "*", "a", "^", "$", "expr", "'", "=="]
words = st.lists(st.sampled_from(TEMPLATES + FLAGS + TESTS), max_size=6).map("".join)
flags = st.lists(st.sampled_from(FLAGS), max_size=5).map(lambda parts: f"[{''.join(parts)}]")
PLACE = Place(Origin("rules.conf", 1), Path("/"))


@given(
    st.sampled_from([parse_rule, parse_condition]),
    st.tuples(words, words),
    st.one_of(st.none(), words, flags),
)
def test_whatever_is_written(parse, line: tuple[str, str], more: str | None) -> None:
    """It is a line, or it is told what is wrong."""
    names = Names((), {"low": Lookup(str.lower, trusted=False)})
    try:
        parsed = parse(line if more is None else (*line, more), PLACE)
    except BadArgument:
        return
    assert all(problem.origin == PLACE.origin for problem in problems_of([parsed], names))


@given(st.text("ab \\\"'", max_size=20))
def test_words_lose_nothing(text: str) -> None:
    try:
        found = split_raw_words(text)
    except BadArgument:
        return
    assert sum(map(len, found)) <= len(text)
    assert "".join(found).replace(" ", "").count("a") == text.count("a")
