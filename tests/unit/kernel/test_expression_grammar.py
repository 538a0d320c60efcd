"""How expressions are written, and what is said about those that are none."""

from __future__ import annotations

import time

import pytest
from unit.kernel.evaluating import condition, holds, mistake, request, texts

from prefork_ssl.kernel.expression.parsing import Expression, parse

# --- operators ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("false", False),
        ("not false", True),
        ("!true", False),
        ("! ! true", True),
        ("not not not true", False),
        ("not(true)", False),
        ("true and false", False),
        ("true&&true", True),
        ("false or true", True),
        ("false||false", False),
        ("((true))", True),
        # and binds closer than or, not closer than and
        ("true or true and false", True),
        ("(true or true) and false", False),
        ("not false and false", False),
        ("not (false and false)", True),
        ("false and false or true and true", True),
        ("true and true and true and false", False),
        ("false or false or false or true", True),
        ("\ttrue \n and\r\n true ", True),
    ],
)
def test_logic(text, expected):
    assert holds(text) is expected


# --- values ---


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("12", "12"),
        ("-12", "-12"),
        ("007", "007"),
        ('""', ""),
        ('"a b"', "a b"),
        ('" a  b "', " a  b "),
        ("'a \"b\" c'", 'a "b" c'),
        ('"it\'s"', "it's"),
        (r'"a\"b\\c"', r"a\"b\c".replace("\\", "", 1)),
        (r"'a\'b'", "a'b"),
        (r'"\n\r\t\b\f\x\%\$"', "\n\r\t\b\fx%$"),
        (r'"\101\60\0601"', "A001"),
        (r'"\303\274\374"', "ü\udcfc"),
        (r'"%{TEXT_A}\303" . "\274"', "aü"),
        ('"100% of $5"', "100% of "),
        ('"100% of \\$5"', "100% of $5"),
        ('"%%{TEXT_A}%"', "%a%"),
        ("%{TEXT_A}", "a"),
        ("%{text_a}", "a"),
        ('"<%{TEXT_A}, %{TEXT_B}>"', "<a, b c>"),
        ("'<%{TEXT_A}>'", "<a>"),
        ('%{TEXT_A} . "-" . %{TEXT_B}', "a-b c"),
        ('"a"."b"', "ab"),
        ("%{REQUEST_METHOD}", "GET"),
        ("%{HTTP:X-It}", 'it\'s ""'),
        ("%{ENV:some-note}", "noted"),
        ("%{SSL:TEXT_A}", "a"),
        ('toupper("a" . %{TEXT_B})', "AB C"),
        ("toupper ( 'a' )", "A"),
        ("toupper(tolower('aB'))", "AB"),
        ('"%{toupper: a %{TEXT_B}! }"', " A B C! "),
        ("%{tolower:%{toupper:%{TEXT_B}x}y}", "b cxy"),
        (r"%{toupper:a\}b}", "A}B"),
        ("%{toupper:}", ""),
        ("%{toupper:it's \"}", "IT'S \""),
    ],
)
def test_values(value, meaning):
    asked = request(("x-it", 'it\'s ""'), env={"some-note": "noted"})
    quoted = "".join(f"\\{ord(c):03o}" if c in '\\"%$' or c < " " else c for c in meaning)
    assert holds(f'{value} == "{quoted}"', asked, A="a", B="b c")
    assert not holds(f'{value} == "{quoted}."', asked, A="a", B="b c")


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        ("m/^a.b/", True),
        ("/^a.b/", True),
        ("/^b/", False),
        ("m/B/", False),
        ("m/B/i", True),
        ("/B/i", True),
        ("m#/x/y#", True),
        ("m|x/y|", True),
        ("m,x/y,", True),
        ('m"x/y"', True),
        ("m'X/y'i", True),
        ("m%x/y%", True),
        ("m{x{", True),
        ("m(z(", False),
        ("m/a[[:punct:]]b/", True),
        ("m/(?i)B/", True),
        ("m/(?s)B/i", True),
        ("m/y$/", True),
        (r"m/b\/x\/y$/", True),
        (r"m,b\,x,", False),
    ],
)
def test_regular_expressions(regex, expected):
    assert holds(f"%{{TEXT_A}} =~ {regex}", A="a-b/x/y") is expected
    assert holds(f"%{{TEXT_A}} !~ {regex}", A="a-b/x/y") is not expected
    assert holds(f"(%{{TEXT_A}} =~ {regex}) or true", A="a-b/x/y")


def test_a_last_line_feed_is_no_end():
    assert not holds("%{TEXT_A} =~ m/c$/", A="abc\n")


def test_what_has_matched_can_be_used():
    text = '%{TEXT_A} =~ m/(.)-(.)(x)?/ and "$2$1$3$4" == "ba" and $0 == "a-b" and "$2" in {"$1", "b"}'
    assert holds(text, A="<a-b>")
    assert not holds(text, A="<a-c>")
    assert holds('"$0$1" == ""')


def test_what_has_matched_is_forgotten_for_the_next_request():
    compiled = condition('%{REQUEST_METHOD} =~ /(GET)/ or "$1" == "GET"')
    assert compiled.holds(request())
    assert not compiled.holds(request(method="PUT"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('%{TEXT_A} in {"a"}', True),
        ('%{TEXT_A} in{ "b" , "a" }', True),
        ('%{TEXT_A} in {"b", "aa"}', False),
        ('"x" in {%{TEXT_A}, "x"}', True),
        ('"a" in {"y", %{TEXT_A}}', True),
        ('"z" in {"y", %{TEXT_A}}', False),
        ("10 in {9, 10}", True),
        # Plain words before, between and after others.
        ('"ab" in {"x", "a" . "b", 9}', True),
        ('"a" in {"x", "a" . "b", 9}', False),
        ('"b" in {"a" . "b", "a", 9}', False),
        ("'9' in {\"a\" . 'b', \"a\", 9}", True),
        ("'a\"b' in {\"x\",'a\"b','c'}", True),
        ('"it\'s" in {"x", "it\'s"}', True),
        ('"," in {"a" ,\n",", "}"}', True),
        ('"}" in {",", "}" }', True),
        ('"" in {"a", ""}', True),
        ('"" in {"a", "b"}', False),
        ('"A" in {"x", "\\101", "y"}', True),
        ('"100%" in {"x", "100%", "y"}', True),
        ("-5 in {1, -5, 7}", True),
    ],
)
def test_lists_of_words(text, expected):
    assert holds(text, A="a") is expected


@pytest.mark.parametrize("word", ['"u{}"', "'u{}'", "{}"], ids=["double", "single", "number"])
def test_a_long_list_is_read_in_a_moment(word):
    words = ", ".join(map(word.format, range(100_000)))
    begin = time.process_time()  # what other processes do meanwhile does not count
    compiled = condition(f"%{{TEXT_A}} in {{{words}}}", modules=[texts(A=word.format(99_999).strip("\"'"))])
    assert time.process_time() - begin < 1
    assert compiled.holds(request())
    assert not condition(f"%{{TEXT_A}} in {{{words}}}", modules=[texts(A="u")]).holds(request())


# --- texts of conditions, for the logs ---


@pytest.mark.parametrize(
    ("text", "failing"),
    [
        (' %{TEXT_A}  eq "x" ', '%{TEXT_A}  eq "x"'),
        ('true and %{TEXT_A} == "x" and true', '%{TEXT_A} == "x"'),
        ('true and (true and (false and true)) and "never"=="looked at"', "false"),
        ('true and (%{TEXT_A} == "x" or false)', '%{TEXT_A} == "x" or false'),
        ("not (true and true) and true", "not (true and true)"),
        ("false or (true and false)", "false or (true and false)"),
        ("%{TEXT_A} =~ m/x/ and true", "%{TEXT_A} =~ m/x/"),
        ('"" in {"x"} and true', '"" in {"x"}'),
        ("-n '' and true", "-n ''"),
    ],
)
def test_the_part_because_of_which_it_fails(text, failing):
    compiled = condition(text, modules=[texts(A="a")])
    assert compiled.failing(request()) == failing


# --- mistakes ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["a condition is expected where it ends", "", "^"]),
        ("true and", ["a condition is expected where it ends", "true and", "        ^"]),
        ("true or or", ["a condition is expected where 'or' follows", "true or or", "        ^"]),
        ("foo", ["a condition is expected where 'foo' follows", "foo", "^"]),
        ("%{A} eq", ['a value such as "...", %{...} or 10 is expected where it ends', "%{A} eq", "       ^"]),
        (
            "%{A} is 1",
            ["a comparison such as eq, <, =~ or in is expected where 'is 1' follows", "%{A} is 1", "     ^"],
        ),
        ('"abc', ['the closing " is expected where it ends', '"abc', "    ^"]),
        ("'abc\"", ["the closing ' is expected where it ends", "'abc\"", "     ^"]),
        (r'"abc\"', ['the closing " is expected where it ends', r'"abc\"', "      ^"]),
        ("%{A", ["} is expected where it ends", "%{A", "   ^"]),
        ("%{1} eq 1", ["the name of a variable is expected where '1} eq 1' follows", "%{1} eq 1", "  ^"]),
        (
            "%{A} =~ 'x'",
            [
                "a regular expression such as m/.../ is expected where \"'x'\" follows",
                "%{A} =~ 'x'",
                "        ^",
            ],
        ),
        (
            "1 =~ m/x",
            ["a regular expression such as m/.../ is expected where 'm/x' follows", "1 =~ m/x", "     ^"],
        ),
        ("(true", ['")" is expected where it ends', "(true", "     ^"]),
        ("1 in 2", ['{"...", "..."} is expected where \'2\' follows', "1 in 2", "     ^"]),
        ("1 in {2 3}", ["\"}\" or a comma is expected where '3}' follows", "1 in {2 3}", "        ^"]),
        (
            "1 in {2, 3 4}",
            ["\"}\" or a comma is expected where '4}' follows", "1 in {2, 3 4}", "           ^"],
        ),
        ('1 in {2, "x}', ['the closing " is expected where it ends', '1 in {2, "x}', "            ^"]),
        ("1 in {2, 3", ['"}" or a comma is expected where it ends', "1 in {2, 3", "          ^"]),
        (
            "1 in {}",
            ["a value such as \"...\", %{...} or 10 is expected where '}' follows", "1 in {}", "      ^"],
        ),
        (
            "1 eq 1.2",
            [
                '"and" or "or" or the end is expected where \'.2\' follows '
                "(a number with a point is a string, in quotes)",
                "1 eq 1.2",
                "      ^",
            ],
        ),
        (
            "%{HTTP_HOSTS} == 1",
            ["there is no variable HTTP_HOSTS (did you mean HTTP_HOST?)", "%{HTTP_HOSTS} == 1", "^"],
        ),
        ("1 == %{Q}", ["there is no variable Q", "1 == %{Q}", "     ^"]),
        ("1 == %{SSL:Q}", ["there is no function SSL", "1 == %{SSL:Q}", "     ^"]),
        ("1 == md6('')", ["there is no function md6 (did you mean md5?)", "1 == md6('')", "     ^"]),
        ("1 in Words('')", ["there is no list Words", "1 in Words('')", "     ^"]),
        (
            "-q ''",
            ["there is no test -q (known are -n -z -T -R -e -f -d -s -L -h -x -F -U -A)", "-q ''", "^"],
        ),
        (
            "1 =~ m/(/",
            ["'(' is not a regular expression: missing ), unterminated subpattern", "1 =~ m/(/", "     ^"],
        ),
        (
            r'1 == "a\400"',
            [r"\400 is more than a byte can hold (the largest is \377)", r'1 == "a\400"', "       ^"],
        ),
        (
            "'x' -ipmatch '10.0.0.0/33'",
            [
                "'10.0.0.0/33' is neither an address nor a network "
                "(write 192.0.2.1, 192.0.2, 192.0.2.0/24 or 2001:db8::/32)",
                "'x' -ipmatch '10.0.0.0/33'",
                "    ^",
            ],
        ),
    ],
)
def test_mistakes_are_told_with_their_place(text, said):
    assert mistake(text) == said


@pytest.mark.parametrize(
    "text", ["1 =~ m{x}", r"1 =~ m/a\/", "1 =~ m/a/x", "1 =~ m/a/b/", "1 =~ mxax", "1 == a", "%{A B} == 1"]
)
def test_further_mistakes(text):
    assert mistake(text)


def test_nesting_has_an_end():
    assert holds("not " * 30 + "true")
    assert mistake("not " * 100_000 + "true") == ["the expression is nested too deeply"]
    assert holds("(" * 10_000 + "true" + ")" * 10_000)
    assert holds(" and ".join(["true"] * 10_000))


def test_expressions_are_equal_by_their_text():
    assert parse("true") == parse("true") != parse("true ")
    assert isinstance(parse("true"), Expression)
