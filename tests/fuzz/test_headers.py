"""Lines of Header made at random: whatever they and clients say, a head has the fields that it should, and no more."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis import example, given
from hypothesis import strategies as st
from unit.kernel.evaluating import request, texts

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.config.template import Group
from prefork_ssl.kernel.http.response_head import HeadWriter
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.expires.lifetimes import Lifetime, parse_lifetime
from prefork_ssl.modules.headers import actions
from prefork_ssl.modules.headers.formats import Replacement, parse_format, parse_replacement
from prefork_ssl.modules.headers.values import Surroundings, Text, compile_replacement, compile_value

# What clients send, and what means something to the languages of values and of header fields.
CHARACTERS = st.sampled_from('ab19 ,;:"\\$%{}()\r\n\t\0\x1b\x7fäÃ¼\udcff€') | st.characters(codec="utf-8")
ANY = st.text(CHARACTERS, max_size=20)
PIECES = st.sampled_from(
    ["%%", "%t", "%D", "%l", "%{NOTE}e", "%{TEXT_A}s", "%{OTHER}e", "$0", "$1", r"\$", r"\\"]
)
FORMATS = st.lists(PIECES | st.text("ab19 ,$\\%{}ü€", max_size=4), max_size=6).map("".join)
# A value as it is within a field: what the kernel takes from an application or a backend.
FIELDS = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20
)

T = TypeVar("T")

WRITER = HeadWriter("test")


def asked(note: str, variable: str) -> tuple[Request, Surroundings]:
    return request(env={"NOTE": note}), Surroundings([texts(A=variable)])


def is_one_field(value: str) -> bool:
    """Whether a head with a field of this value has that and no other, and nothing that a terminal would act upon."""
    head = WRITER.head(200, [("X-A", value)], "").decode("latin-1")
    *lines, end, rest = head.split("\r\n")
    added = [line for line in lines[1:] if not line.startswith(("Date: ", "Server: "))]
    return added == [f"X-A: {value}"] and end == rest == "" and not re.search(r"[\x00-\x1f\x7f]", value)


def outcome(parse: Callable[[str], T], text: str) -> T | BadArgument:
    """What is parsed, or what is wrong."""
    try:
        return parse(text)
    except BadArgument as error:
        return error


@given(FORMATS, ANY, ANY)
@example("%{NOTE}e", "a\r\nSet-Cookie: b", "")
def test_no_value_leaves_its_field(text: str, note: str, variable: str):
    asking, surroundings = asked(note, variable)
    with suppress(BadArgument):
        assert is_one_field(compile_value(parse_format(text), surroundings).get(asking))


@given(ANY)
def test_anything_is_a_format_or_an_error(text: str):
    parsed = outcome(parse_format, text)
    if isinstance(parsed, BadArgument):
        assert parsed.hint or "needs a name" in str(parsed)
    else:
        assert all(isinstance(piece, str) for piece in parsed.parts) or "%" in text


EXPRESSIONS = st.sampled_from(
    [
        "a",
        "a*",
        "(a|b)+",
        "^a",
        "b$",
        "(a)(b)?",
        "",
        ".",
        "[^,;]+",
        "(?i)A",
        "\\d",
        "(?=a)",
        "(.)\\1",
        "(a|ab)(c|bcd)?",
    ]
)


@given(FIELDS | st.text("ab1 ,", max_size=12), EXPRESSIONS, FORMATS, ANY, st.booleans())
def test_edits(value: str, expression: str, text: str, note: str, everywhere: bool):
    """As Python's own substitution does it, with what the replacement says worked out by hand."""
    asking, surroundings = asked(note, "v")
    pattern = compile_regex(expression)
    try:
        replacement = parse_replacement(text, pattern)
    except BadArgument:
        return
    if "%t" in text or "%D" in text or "%l" in text:  # they change
        return
    change = actions.edit(
        "X-A", pattern, compile_replacement(replacement, surroundings), everywhere=everywhere
    )
    ((name, edited),) = change(asking, [("x-a", value)])
    assert name == "x-a"
    assert edited == naive_edit(value, expression, replacement, note, everywhere)
    assert is_one_field(edited)


def naive_edit(value: str, expression: str, replacement: Replacement, note: str, everywhere: bool) -> str:
    named: dict[str, str] = {"NOTE": as_field(note), "TEXT_A": "v", "OTHER": "(null)"}

    def replace(match: re.Match[str]) -> str:
        parts = [
            match[piece.number] or "" if isinstance(piece, Group) else piece if isinstance(piece, str)
            else named[piece.name]
            for piece in replacement.parts
        ]  # fmt: skip
        return "".join(parts)

    expression = expression.replace("$", r"\Z")
    return re.sub(expression, replace, value, count=0 if everywhere else 1, flags=re.ASCII | re.DOTALL).strip(
        " "
    )


def as_field(text: str) -> str:
    octets = text.encode("utf-8", "surrogateescape").decode("latin-1")
    return "".join(
        " " if ord(character) < 0x20 or ord(character) == 0x7F else character for character in octets
    )


@given(st.lists(FIELDS, max_size=3), FIELDS)
def test_merging_twice_is_merging_once(held: list[str], value: str):
    if re.search(r'[,"\\]', value) or not value.strip():  # several members, or part of one
        return
    value = value.strip()
    change = actions.merge("A", Text(lambda _request: value, value))
    headers = [("A", each) for each in held]
    asking: Any = None
    once = change(asking, headers)
    assert value in ", ".join(each for _, each in once)
    if not any('"' in each for each in held):
        assert change(asking, once) == once


DAY = 86400
UNITS = {"years": 365 * DAY, "months": 30 * DAY, "weeks": 7 * DAY, "days": DAY, "hours": 3600, "minutes": 60}
PARTS = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(sorted(UNITS))), min_size=1, max_size=5)


@given(st.sampled_from(["access", "now", "modification"]), PARTS, st.booleans(), st.booleans())
def test_times(base: str, parts: list[tuple[int, str]], plus: bool, singular: bool):
    words = [f"{number} {unit.removesuffix('s') if singular else unit}" for number, unit in parts]
    text = " ".join([base, *(["plus"] if plus else []), *words])
    seconds = sum(number * UNITS[unit] for number, unit in parts)
    assert parse_lifetime(text) == Lifetime(seconds, base == "modification")


@given(st.text(st.sampled_from("AM019 accessplusmodification") | CHARACTERS, max_size=40))
def test_anything_is_a_time_or_an_error(text: str):
    parsed = outcome(parse_lifetime, text)
    assert parsed.hint if isinstance(parsed, BadArgument) else 0 <= parsed.seconds <= 1000 * UNITS["years"]
