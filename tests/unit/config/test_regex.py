"""Which engine an expression gets, that all engines agree, and that none can be stalled."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefork_ssl.config.backtracking import is_bounded
from prefork_ssl.config.engines import _by_re2, _by_regex
from prefork_ssl.config.matching import OutOfTime
from prefork_ssl.config.pcre import translate
from prefork_ssl.config.regex import compile_regex

# What a request line can have.
LONGEST = 8190

# Too generous for a machine under load to matter, too short for anything that doubles with each letter.
SECONDS = 1.0

BOUNDED = [
    "",
    "^",
    "abc",
    r"\.(jpe?g|png|gif|css|js)$",
    "^/(.*):SSL$",
    "^/app/(.*)$",
    "^/old/([0-9]+)/(.+)$",
    "^/([^/]+)/([^/]+)/?$",
    r"^(?:\w+-)?(?P<rest>.*)$",
    "(?i)^/index\\.html?$",
    "/private/.*",
    "^a{3,5}b",
    "^/(?!static/|img/)(.*)$",
    r"/\.(?!well-known(?:/|$))",
    "(?<!x)y(?=z)",
    "^(?=a+)b",
]
UNBOUNDED = [
    "(a+)+$",
    "^(a|aa)+$",
    "a*b",
    "^(.*)a(.*)b",
    "^(.*)[0-9]+x",
    "[0-9]+/",
    "^(a?){40}$",
    "^a?a?a?a?a?a?a?b",
    "^a{500}b",
    "^a+$|[0-9]+x",
    r"^(.*)\1",
    "(?=a+)b",
    "^(?=a*)(?=a*)b",
    "^(?!(?:a|aa)+$)",
    "(?m)^a.*$",
    "(?x)^ a",
]


@pytest.mark.parametrize("expression", BOUNDED)
def test_simple_expressions_are_left_to_python(expression):
    flags, translated = translate(expression)
    assert is_bounded(translated, flags)


@pytest.mark.parametrize("expression", UNBOUNDED)
def test_others_are_not(expression):
    flags, translated = translate(expression)
    assert not is_bounded(translated, flags)


@pytest.mark.parametrize(
    ("expression", "letter"),
    [
        *((expression, "a") for expression in BOUNDED + UNBOUNDED),
        (r"(\w+\s?)*$", "a"),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a"),
        (r"^(?=(a|aa)+$)", "a"),
        (r"^((a+)+)\2x$", "a"),
        (r"(?<!b)(a|a)*$", "a"),
        ("^/(.*)/(.*)/(.*)/x$", "/"),
        ("(.*)=(.*)=(.*)=$x", "="),
        ("[0-9]+x", "0"),
    ],
)
def test_no_text_stalls_any_of_them(expression, letter):
    pattern = compile_regex(expression)
    began = time.process_time()
    try:
        pattern.search(letter * LONGEST + "!")
    except OutOfTime as error:
        assert error.pattern == expression  # noqa: PT017 - many give an answer
    assert time.process_time() - began < SECONDS


def test_what_takes_too_long_has_no_answer():
    with pytest.raises(OutOfTime, match="has not been through"):
        compile_regex("^(?=(a|aa)+$)").search("a" * 100 + "!")


SYMBOLS = [".", "*", "+", "?", "|", "(", ")", "(?:", "^", "$", "{2}", "{,1}"]
PIECES = [*SYMBOLS, "a", "b", "é", "[ab]", "[^a]", r"\w", r"\s", r"\b"]


@given(
    st.lists(st.sampled_from(PIECES), max_size=10).map("".join),
    st.text("aab. \n\véß\U0001f600\udcff", max_size=8),
    st.integers(0, 3),
)
def test_all_engines_find_the_same(expression, text, start):
    try:
        checked = re.compile(translate(expression)[1], re.ASCII | re.DOTALL)
    except re.error:
        return
    found = checked.search(text, start)
    others = [_by_regex(expression, checked.pattern, ""), _by_re2(checked.pattern, "", checked.groupindex)]
    for search in filter(None, [*others, compile_regex(expression).search]):
        other = search(text, start)
        assert (found is None) == (other is None)
        if found and other:
            assert (other[0], other.start(), other.end()) == (found[0], found.start(), found.end())


@given(
    st.lists(
        st.sampled_from([*PIECES, "a*", ".*", "a?", "(a|b)", "/", "(?=", "(?!a"]), min_size=1, max_size=12
    ).map("".join)
)
def test_what_counts_as_bounded_is(expression):
    try:
        flags, translated = translate(expression)
        compiled = re.compile(translated, re.ASCII | re.DOTALL)
    except re.error:
        return
    if is_bounded(translated, flags):
        for text in ("a" * LONGEST, "a" * LONGEST + "!", "ab" * (LONGEST // 2) + "!", "/" * LONGEST + "!"):
            began = time.process_time()
            compiled.search(text)
            assert time.process_time() - began < SECONDS


def test_groups_of_re2_are_texts():
    found = compile_regex("(?<a>é+)(b)?.*x.*y").search("üéééxy")
    assert found
    assert found["a"] == found[1] == "ééé"
    assert found[2] is None
    assert found.groups() == ("ééé", None)
    assert (found.start(1), found.end(1), found.start(2)) == (1, 4, -1)
    with pytest.raises(IndexError):
        found[3]


def test_what_is_written_alike_is_equal():
    assert compile_regex("a.*b.*c") == compile_regex("a.*b.*c")
    assert compile_regex("a.*b.*c") != compile_regex("(?i)a.*b.*c")
