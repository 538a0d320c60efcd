"""Texts with references, in whichever language: how they are put together and filled in."""

from __future__ import annotations

import pytest

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.config.template import Group, Template, bind_groups, joined, parse_groups

PATTERN = compile_regex("^/(a)(b)?(.*)$")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("/x", ("/x",)),
        ("$1", (Group(1),)),
        ("/x/$1$0", ("/x/", Group(1), Group(0))),
        ("$3x", (Group(3), "x")),
        ("$12", (Group(1), "2")),
        # What means nothing stands for itself; & is nothing special.
        ("$", ("$",)),
        ("a$$x$", ("a$$x$",)),
        ("&%{X}%1${m:k}%", ("&%{X}%1${m:k}%",)),
        # A backslash makes any character an ordinary one.
        (r"\$1", ("$1",)),
        (r"\\$1", ("\\", Group(1))),
        (r"\a\&\%", ("a&%",)),
        ("a\\\nb", ("a\nb",)),
        ("x\\", ("x\\",)),
    ],
)
def test_groups_are_parsed(text: str, parts: tuple[str | Group, ...]):
    assert parse_groups(text, PATTERN).parts == parts


@pytest.mark.parametrize("number", range(4, 10))
def test_a_group_that_the_pattern_has_not(number: int):
    with pytest.raises(BadArgument) as caught:
        parse_groups(f"/x/${number}", PATTERN)
    assert str(caught.value) == f"${number} stands for no group of the regular expression '^/(a)(b)?(.*)$'"
    assert caught.value.hint == "put what is meant in parentheses"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("100%", "100%"),
        ("%s%%$$", "%s%%$$"),
        ("$3", " c%"),
        ("/$1", "/a"),
        ("$1/", "a/"),
        ("{$1}%s", "{a}%s"),
        ("<$2>", "<>"),
        ("$1$3", "a c%"),
        ("%d$1%%$2$0%", "%da%%/a c%%"),
    ],
)
def test_groups_are_filled_in(text: str, filled: str):
    match = PATTERN.search("/a c%")
    assert match
    assert bind_groups(parse_groups(text, PATTERN))(match) == filled


def test_only_what_was_found_is_encoded():
    match = PATTERN.search("/ab$1\\")
    assert match
    template = parse_groups("aA/$1-$3", PATTERN)
    assert bind_groups(template, str.upper)(match) == "aA/A-$1\\"


def test_the_meaning_of_a_reference_is_asked_for_once():
    asked: list[Group] = []

    def meaning(group: Group):
        asked.append(group)
        return lambda state: f"{group.number}{state}"

    fill = parse_groups("$1-$2", PATTERN).bind(meaning)
    assert [fill("x"), fill("y")] == ["1x-2x", "1y-2y"]
    assert asked == [Group(1), Group(2)]


def test_parts_are_joined():
    assert joined(["", "a", "", "b", Group(1), "", Group(2), "c", "d", ""]).parts == (
        "ab",
        Group(1),
        Group(2),
        "cd",
    )
    assert joined(["", ""]) == Template()


@pytest.mark.parametrize(
    ("parts", "text", "beginning"),
    [
        ((), "", ""),
        (("a",), "a", "a"),
        (("a", Group(1)), None, "a"),
        ((Group(1), "a"), None, ""),
        ((Group(1),), None, ""),
    ],
)
def test_what_is_known_beforehand(parts: tuple[str | Group, ...], text: str | None, beginning: str):
    template = Template(parts)
    assert (template.text, template.beginning) == (text, beginning)
