"""What plain paths, wildcards and regular expressions of sections match, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.patterns import directory_pattern, directory_wildcard, file_pattern, location_pattern
from prefork_ssl.config.regex import compile_regex

# Python's own warnings about a pattern would reach the user.
pytestmark = pytest.mark.filterwarnings("error")

ROOT = Path("/opt/we*b")


@pytest.mark.parametrize(
    ("argument", "matching", "other"),
    [
        ("/", ["/", "/a/", "/a/b/"], []),
        ("/srv/www", ["/srv/www/", "/srv/www/a/b/"], ["/srv/", "/srv/www2/", "/x/srv/www/"]),
        ("/srv//x/../www/.", ["/srv/www/"], ["/srv/x/"]),
        ("/home/*/public", ["/home/u/public/", "/home/u/public/x/"], ["/home/public/", "/home/u/v/public/"]),
        ("/a?c", ["/abc/"], ["/ac/", "/a/c/"]),
        ("/a[b/-]c", ["/abc/", "/a-c/"], ["/a/c/", "/axc/"]),
        ("/a[!b]c", ["/axc/"], ["/abc/", "/a/c/"]),
        ("/a[^b]c", ["/axc/"], ["/abc/", "/a/c/"]),
        ("/a[]b]c", ["/a]c/", "/abc/"], ["/axc/"]),
        (r"/a[\d]c", ["/adc/"], ["/a1c/"]),
        ("/a[b", ["/a[b/"], ["/ab/"]),
        (r"/a\*b", [r"/a\*b/"], ["/a*b/"]),
        (r"/a\*b*", ["/a*bc/"], [r"/a\*b/"]),
        ("/a.b+", ["/a.b+/"], ["/axb/"]),
        ("www", ["/opt/we*b/www/", "/opt/we*b/www/a/"], ["/opt/weeb/www/", "/www/"]),
        ("w*", ["/opt/we*b/www/"], ["/opt/weeb/www/"]),
        (".", ["/opt/we*b/"], ["/opt/"]),
        ("/\n*", ["/\na/"], []),
    ],
)
def test_directories(argument, matching, other):
    pattern = directory_pattern(directory_wildcard(argument, ROOT))
    assert [path for path in matching + other if pattern.search(path)] == matching


@pytest.mark.parametrize(
    ("argument", "matching", "other"),
    [
        ("index.html", ["index.html"], ["indexxhtml", "index.html2", "an_index.html", "index.html\n"]),
        ("*.htm?", [".html", "a.html"], ["a.htm", "a.html5", "a.html\n"]),
        ("[a-c]?", ["ab", "c\n"], ["d1", "a"]),
        ("?&&[&&|~~]", ["x&&|"], ["x&&a"]),
        ("[[a]*[*--]", ["[-", "a*", "ax+"], ["b-", "a."]),
    ],
)
def test_files(argument, matching, other):
    pattern = file_pattern(argument)
    assert [name for name in matching + other if pattern.search(name)] == matching


@pytest.mark.parametrize(
    ("argument", "matching", "other"),
    [
        ("/", ["/", "/a"], []),
        ("/private", ["/private", "/private/", "/private/a"], ["/private2", "/privat", "/private\n"]),
        ("/private/", ["/private/", "/private/a"], ["/private"]),
        ("/*/admin", ["/x/admin"], ["/x/admin/", "/x/admin/y", "/x/y/admin"]),
        ("/a?", ["/ab"], ["/a", "/a/"]),
        ("*", [], ["/", "/a"]),
    ],
)
def test_locations(argument, matching, other):
    pattern = location_pattern(argument)
    assert [path for path in matching + other if pattern.search(path)] == matching


@pytest.mark.parametrize(
    ("expression", "matching", "other"),
    [
        ("b", ["abc", "b"], ["ac"]),
        ("^/a/", ["/a/"], ["/b/a/"]),
        (r"\.php$", ["x.php"], ["x.php\n", "x.php5", "xphp"]),
        (r"[$]\$", ["a$$"], ["a$"]),
        ("(?i)^abc$", ["ABC"], ["ABCD"]),
        ("(?m)^b$", ["a\nb\nc"], ["a\nbc"]),
        ("(?ix) ^a b $ # and no more", ["AB"], ["a b"]),
        ("a.b", ["a\nb"], ["ab"]),
        ("^a|b$", ["ax", "xb"], ["xa", "bx"]),
        ("^[[:alpha:]]+[[:digit:]_]$", ["ab1", "x_"], ["1a", "ab", "é1"]),
        ("^[^[:space:]]+$", ["ab"], ["a b"]),
        ("^[[:punct:]]$", list("!/:@[`{~"), ["a", "0", " "]),
        ("^[]a]$", ["]", "a"], ["b"]),
        ("^[^]a]$", ["b"], ["]", "a"]),
        ("^[[]$", ["["], ["]"]),
        (r"^[\]\\]$", ["]", "\\"], ["["]),
        ("^[a&&b||c~~]$", ["&", "|", "~", "b"], ["d"]),
        (r"^\w\d$", ["a1"], ["é1", "a٣"]),
        (r"(?<name>a+)\z", ["baa"], ["ab"]),
        (r"(?<!x)a(?<=a)", ["ba"], ["xa"]),
        (r"(a)\1", ["aa"], ["ab"]),
        ("", ["", "a"], []),
    ],
)
def test_regular_expressions(expression, matching, other):
    pattern = compile_regex(expression)
    assert [text for text in matching + other if pattern.search(text)] == matching


def test_large_repetitions():
    assert compile_regex(r"(?:a{100}b){500}|a{1000}b{1000}").search("a" * 1000 + "b" * 1000)


def test_groups_keep_their_numbers_and_names():
    found = compile_regex(r"^/(?<site>\w+)/(\d+)").search("/abc/17")
    assert found
    assert found.groups() == ("abc", "17")
    assert found["site"] == "abc"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("a)(b", "unbalanced parenthesis"),
        ("(", "missing \\)"),
        ("[a", "unterminated character set"),
        ("*a", "nothing to repeat"),
        ("a\\", "bad escape"),
        ("a(?i)b", "global flags not at the start"),
        ("[[:vowel:]]", r"\[:vowel:\] is not a known class"),
        ("[[:^alpha:]]", "not a known class"),
        ("a{99999999999999999999}", "too large"),
        ("[[a", "unterminated character set"),
        ("(" * 5000 + ")" * 5000, "too large"),
        (r"(((a{1000}){1000}){1000})", "too large"),
        (r"(?=x)(?:[ab]{300}\{{2}){1000}", "too large"),
    ],
)
def test_what_is_no_regular_expression(expression, message):
    with pytest.raises(BadArgument, match=message):
        compile_regex(expression)
