"""The words of a line as mod_rewrite takes them apart: regular expressions need their backslashes.

A word ends at white space, unless it begins with a quote, then at the same quote. White space behind a backslash ends
no word, and the backslash stays; so do all others, but before the quote that would end the word.
"""

from __future__ import annotations

import re

from prefork_ssl.config.errors import BadArgument

_WORD = re.compile(
    r"""
      (?P<quote>["'])(?P<quoted>(?:\\.|(?!(?P=quote)).)*)(?P<end>["']?)
    | (?P<bare>(?:\\\s|\S)+)
    """,
    re.VERBOSE | re.DOTALL,
)


def split_raw_words(text: str) -> tuple[str, ...]:
    """Raises BadArgument for a quote that is not closed."""
    return tuple(_word(found) for found in _WORD.finditer(text))


def _word(found: re.Match[str]) -> str:
    quote: str = found["quote"]
    if not quote:
        return found["bare"]
    if not found["end"]:
        raise BadArgument(f"no quote closes {found[0]}")
    return found["quoted"].replace(f"\\{quote}", quote)
