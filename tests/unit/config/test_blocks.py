"""Sections that a module declares for the lines of one directive, directives that are part of another, and texts in a
language of their own."""

from __future__ import annotations

import pytest
from unit.config.sample import Finder

from prefork_ssl.config.arguments import choice_of, language, one
from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.directives import Block, Context, Directive, append
from prefork_ssl.config.errors import BadArgument, ConfigError, Excerpt, Problem
from prefork_ssl.config.listing import list_directives


def _bag(name: str):
    def value(inside):
        if not inside:
            raise BadArgument("is empty", "put something in")
        return ((name, *inside),)

    return value


PUT = Directive(
    "Put",
    one("thing", lambda word, _: (word,)),
    Context.DIRECTORY,
    (),
    "Puts a thing.",
    append,
    append,
    blocks=(Block("<Bag>", _bag("bag"), "A bag of things."), Block("<Box>", _bag("box"), "A box of things.")),
)
ALSO = Directive(
    "PutAlso",
    choice_of({"apple": ("apple",), "pear": ("pear",)}),
    Context.DIRECTORY,
    (),
    "Puts a fruit.",
    part_of=PUT,
)
OTHER = Directive("Other", one("x", lambda word, _: word), Context.ANYWHERE, "", "Something else.")


def _formula(text, _place):
    if "!" in text:
        raise BadArgument("no shouting", "be quiet", Excerpt(text, text.index("!")))
    return text


FORMULA = Directive("Formula", language("text", _formula), Context.ANYWHERE, "", "A text as it is.")
CORE = (PUT, ALSO, OTHER, FORMULA)


def read(folder, text):
    file = folder / "server.conf"
    file.write_text(text)
    return read_configuration(
        file, core=CORE, modules=Finder(), defines={"x": "a b"}, server_root=folder, environment={}
    )


def value(folder, text, directive=PUT):
    return read(folder, f"<Location />\n{text}\n</Location>").server.sections[0].settings[directive]


def problems(folder, text):
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_a_block_is_one_more_value_among_lines(tmp_path):
    text = "Put a\n<Bag>\nPut b\n<box>\nPut c\nPut d\n</box>\n</Bag>\nPut e"
    assert value(tmp_path, text) == ("a", ("bag", "b", ("box", "c", "d")), "e")


def test_conditions_in_blocks_are_seen_through(tmp_path):
    assert value(
        tmp_path, "<Bag>\n<IfDefine x>\nPut b\n</IfDefine>\n<IfDefine y>\nOdd\n</IfDefine>\n</Bag>"
    ) == (("bag", "b"),)


def test_a_line_that_is_part_of_another_directive(tmp_path):
    assert value(tmp_path, "Put a\nPutAlso apple\nPut b") == ("a", "apple", "b")


def test_blocks_have_their_place(tmp_path):
    assert problems(tmp_path, "<Bag>\nPut a\n</Bag>") == [
        "server.conf:1: <Bag> cannot stand outside sections (it can stand in <Directory>, <Location> and <Files>)",
        "server.conf:2: Put cannot stand in <Bag> (it can stand in <Directory>, <Location> and <Files>)",
    ]
    inside = "<Location />\n<Bag>\n{}\n</Bag>\n</Location>"
    assert problems(tmp_path, inside.format("Other x\nPutAlso pear\nPut a")) == [
        "server.conf:3: Other cannot stand in <Bag> (there can be Put, <Bag>, <Box>)",
        "server.conf:4: PutAlso cannot stand in <Bag> (there can be Put, <Bag>, <Box>)",
    ]
    assert problems(tmp_path, inside.format("Put a\n<Files x>\nOther x\n</Files>")) == [
        "server.conf:4: <Files> cannot stand in <Bag> "
        "(it can stand outside sections, in <VirtualHost>, in <Directory>, in <DirectoryMatch>)"
    ]
    assert problems(tmp_path, inside.format("")) == ["server.conf:2: <Bag>: is empty (put something in)"]
    assert problems(tmp_path, "<Location />\n<Bag x>\nPut a\n</Bag>\n</Location>") == [
        "server.conf:2: <Bag> takes no arguments"
    ]


def test_blocks_that_are_not_closed_or_misspelt(tmp_path):
    assert problems(tmp_path, "<Location />\n<Bag>\nPut a\n</Location>") == [
        "server.conf:2: <Bag> is not closed (add </Bag> where it ends)"
    ]
    assert problems(tmp_path, "<Location />\n<Baag>\nPut a\n</Bag>\n</Location>") == [
        "server.conf:2: unknown section <Baag>: did you mean <Bag>?"
    ]


def test_a_text_in_a_language_of_its_own_keeps_its_quotes_and_blanks(tmp_path):
    text = r"""Formula "a"  'b\' ${x} "unclosed"""
    assert value(tmp_path, text, FORMULA) == r""" "a"  'b\' a b "unclosed""".strip()
    assert value(tmp_path, "Formula one \\\n   two", FORMULA) == "one    two"
    assert value(tmp_path, "Formula", FORMULA) == ""


def test_what_is_wrong_in_it_is_shown(tmp_path):
    assert problems(tmp_path, 'Formula "one!"\nOther') == [
        "server.conf:1: Formula: no shouting (be quiet; syntax: Formula text)",
        '    "one!"',
        "        ^",
        "server.conf:2: Other: takes one argument, x, and was given none (syntax: Other x)",
    ]


@pytest.mark.parametrize(
    ("text", "column", "shown"),
    [
        ("", 0, ("    ", "    ^")),
        ("ab", 2, ("    ab", "      ^")),
        ("\tb\x1b", 1, ("    \\x09b\\x1b", "        ^")),
        ("a" * 200, 0, ("    " + "a" * 60 + " ...", "    ^")),
        ("a" * 199 + "b", 199, ("    ... " + "a" * 60 + "b", "        " + " " * 60 + "^")),
    ],
)
def test_excerpts(text, column, shown):
    assert Excerpt(text, column).lines == shown
    assert Problem("wrong", excerpt=Excerpt(text, column)).lines == ("wrong", *shown)


def test_blocks_are_listed():
    entries = list_directives({"m": (PUT,)}).split("\n\n")
    assert "<Bag>\n    A bag of things.\n    Context: directory. Default: none. Module: m." in entries
