"""Words and quoting, as Apache's ap_getword_conf has them."""

from __future__ import annotations

import pytest

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.lines import logical_lines
from prefork_ssl.config.words import quote, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  \t ", ()),
        ("one", ("one",)),
        (" one \t two\v\f", ("one", "two")),
        ("no\u00a0break", ("no\u00a0break",)),
        ('"two words"', ("two words",)),
        ("'two words' \"and three\"", ("two words", "and three")),
        ('""', ("",)),
        ("'' x", ("", "x")),
        ("\"a'b\" 'a\"b'", ("a'b", 'a"b')),
        (r'"say \"yes\""', ('say "yes"',)),
        (r"'it\'s'", ("it's",)),
        (r'"C:\dir\\end\\"', ("C:\\dir\\end\\",)),
        (r'"\n\'"', (r"\n\'",)),
        (r"^\.ht \d+\\x", (r"^\.ht", r"\d+\x")),
        ('a"b c"d', ('a"b', 'c"d')),
        ('"a"b', ("a", "b")),
        ("'a''b'", ("a", "b")),
        ('~ ["a]', ("~", '["a]')),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize("text", ['"', "'", 'a "b', r'"a\"', "\"a'", "x 'y\" z"])
def test_a_quote_must_be_closed(text):
    with pytest.raises(BadArgument, match="no quote closes"):
        split_words(text)


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("two words", '"two words"'),
        ('a"b', 'a"b'),
        ('"a', r'"\"a"'),
        ("back\\slash", r'"back\\slash"'),
    ],
)
def test_quoting_is_as_short_as_it_can_be(word, written):
    assert quote(word) == written
    assert split_words(written) == (word,)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n\n", []),
        ("a\n  b  \n", [(1, "a"), (2, "b")]),
        ("a\r\nb\r\n", [(1, "a"), (2, "b")]),
        ("# c\n\n  # d\na # e", [(4, "a # e")]),
        ("a \\\n  b \\\nc\nd", [(1, "a   b c"), (4, "d")]),
        ("a \\\r\nb", [(1, "a b")]),
        ("# a \\\nb\nc", [(3, "c")]),
        ("\\\n\\\na\nb", [(1, "a"), (4, "b")]),
        ("a \\", [(1, "a")]),
        ("a \\\n", [(1, "a")]),
        ("a \\ \nb", [(1, "a \\"), (2, "b")]),
        ("a\u2028b\x0bc\x85d", [(1, "a\u2028b\x0bc\x85d")]),
    ],
)
def test_lines(text, lines):
    assert list(logical_lines(text)) == lines
