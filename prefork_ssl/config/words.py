"""The words of a line, and Apache's quoting.

A word ends at white space unless it begins with a quote, single or double; then it ends at the same quote. A backslash
stands for itself but before another backslash or, within quotes, before that quote.
"""

from __future__ import annotations

import re

from prefork_ssl.config.errors import BadArgument

# White space is ASCII's: a no-break space is part of a word.
SPACE = " \t\n\r\f\v"

_WORD = re.compile(
    rf"""
      "(?P<double>(?:\\[\\"]|[^"])*)(?P<end_double>"?)
    | '(?P<single>(?:\\[\\']|[^'])*)(?P<end_single>'?)
    | (?P<bare>[^{SPACE}]+)
    """,
    re.VERBOSE,
)
_ESCAPED = {
    "double": re.compile(r"\\([\\\"])"),
    "single": re.compile(r"\\([\\'])"),
    "bare": re.compile(r"\\(\\)"),
}


def split_words(text: str) -> tuple[str, ...]:
    """The words of `text` without their quotes. Raises BadArgument for a quote that is not closed."""
    return tuple(_word(match) for match in _WORD.finditer(text))


def whole_text(text: str) -> tuple[str, ...]:
    """`text` as one word, just as it is written, for what is in a language of its own; none if there is no text."""
    return (text,) if text else ()


def _word(match: re.Match[str]) -> str:
    # lastgroup of a quoted word is its closing quote, which may be empty.
    kind = (match.lastgroup or "").removeprefix("end_")
    if kind != "bare" and not match[f"end_{kind}"]:
        raise BadArgument(f"no quote closes {match[0]}")
    word = match[kind]
    return _ESCAPED[kind].sub(r"\1", word) if "\\" in word else word


def quote(word: str) -> str:
    """`word` as it can be written so that it is read as one word: within quotes if it needs them.

    A line feed cannot be written at all: lines end there.
    """
    if word and word[0] not in "\"'" and not any(character in word for character in SPACE + "\\"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
