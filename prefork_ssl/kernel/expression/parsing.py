"""Text in, a tree of the grammar out; or what was expected, and a caret where."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass, field

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedToken

from prefork_ssl.config.errors import BadArgument, Excerpt

# Levels of the tree: `not` is one, %{name:...} are two. More is a mistake.
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition, or a text with values in it, as written and taken apart."""

    text: str
    tree: Tree[Token] = field(compare=False, repr=False)


@functools.cache
def _parser() -> Lark:
    return Lark.open(
        "grammar.lark",
        rel_to=__file__,
        parser="lalr",
        start=["start", "mixture"],
        propagate_positions=True,
        maybe_placeholders=False,
    )


def parse(text: str) -> Expression:
    """The condition that `text` is. Raises BadArgument."""
    return _parse(text, "start")


def parse_mixture(text: str) -> Expression:
    """The text with values in it, such as https://%{HTTP_HOST}/, that `text` is. Raises BadArgument."""
    return _parse(text, "mixture")


def _parse(text: str, start: str) -> Expression:
    try:
        tree = _parser().parse(text, start)
    except (UnexpectedToken, UnexpectedCharacters) as error:
        raise _unexpected(text, error) from None
    if _depth(tree) > _DEEPEST:
        raise BadArgument("the expression is nested too deeply")
    return Expression(text, tree)


def _depth(tree: Tree[Token]) -> int:
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
    return depth


def _unexpected(text: str, error: UnexpectedToken | UnexpectedCharacters) -> BadArgument:
    length = len(text.rstrip())
    expected: Collection[str]
    if isinstance(error, UnexpectedCharacters):  # there is nothing in the language that begins so
        expected, column = error.allowed, error.pos_in_stream or 0
    else:
        expected, column = error.accepts, error.token.start_pos or 0
        column = length if error.token.type == "$END" else column
    found = f"{text[column : column + 20]!r} follows" if column < length else "it ends"
    return BadArgument(
        f"{_names(expected)} is expected where {found}", _hint(text, column), Excerpt(text, column)
    )


def _hint(text: str, column: int) -> str:
    if text[column : column + 1] == "." and text[column - 1 : column].isdigit():
        return "a number with a point is a string, in quotes"
    return ""


# What a missing terminal is called. One of the first makes the others unimportant.
_FIRST = {
    "_DOUBLE_END": 'the closing "',
    "_SINGLE_END": "the closing '",
    "NAME": "the name of a variable",
    "_END_REFERENCE": "}",
    "REGEX": "a regular expression such as m/.../",
    "_BEGIN_SET": '{"...", "..."}',
    "TRUE": "a condition",
    "_REFERENCE": 'a value such as "...", %{...} or 10',
    "COMPARISON": "a comparison such as eq, <, =~ or in",
}
_OTHERS = {
    "_CLOSE": '")"',
    "_END_SET": '"}"',
    "_COMMA": "a comma",
    "_AND": '"and"',
    "_OR": '"or"',
    "$END": "the end",
}


def _names(terminals: Collection[str]) -> str:
    for terminal, name in _FIRST.items():
        if terminal in terminals:
            return name
    return " or ".join(name for terminal, name in _OTHERS.items() if terminal in terminals)
