"""Logical lines: what a text says, line by line, when continuations are joined and comments are gone."""

from __future__ import annotations

from collections.abc import Iterator

from prefork_ssl.config.words import SPACE


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, stripped, each with the number of the physical line on which it begins.

    A line that ends in a backslash goes on in the next one, even if it is a comment (as in Apache).
    """
    parts: list[str] = []
    first = 1
    # The line feed put at the end gives one more, empty line, which ends a continuation.
    for number, line in enumerate(_split(f"{text}\n"), 1):
        first = first if parts else number
        part = line.removesuffix("\r")
        parts.append(part.removesuffix("\\"))
        if part.endswith("\\"):
            continue
        content = "".join(parts).strip(SPACE)
        parts.clear()
        if content and content[0] != "#":
            yield first, content


def _split(text: str) -> Iterator[str]:
    """As text.split("\\n") does, without having all lines in memory at once."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]
