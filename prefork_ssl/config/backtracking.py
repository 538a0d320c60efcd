"""How much work a backtracking engine can have with an expression, in the worst case.

Python's re is the fastest there is for simple expressions, and the slowest for unlucky ones: (a+)+$ takes it time that
doubles with each letter. Here the simple ones are told apart, those whose time grows no faster than the text:

    work = ways * (length of the text) ** (loops + 1 if it may begin anywhere)

Loops are *, + and {n,}; ways are all other choices. In what begins at the beginning (^), a loop costs nothing if what
follows it cannot be part of it ([0-9]+/), since it can end in one place only. Nor does a last .* since it finds all of
the rest. Within look-around, whatever follows does not follow there, so that each loop costs. Anything unusual counts
as not simple.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# More would not be felt at the length that a request line can have.
_MOST_WAYS = 64

_TOKEN = re.compile(
    r"""
      (?P<open>\((?!\?)|\(\?:|\(\?P<\w+>)
    | (?P<look>\(\?<?[=!])
    | (?P<close>\))
    | (?P<bar>\|)
    | (?P<anchor>\^|\\[AZbB])
    | (?P<repeat>(?:[*+?]|\{(?P<least>[0-9]+)(?P<comma>,)?(?P<most>[0-9]*)\})\??)
    | (?P<atom>\[\^?\]?(?:\\.|[^\]\\])*\]|\\[^0-9]|[^(\\])
    """,
    re.VERBOSE | re.DOTALL,
)


_KINDS = ("open", "look", "close", "bar", "anchor", "repeat", "atom")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    least: int = 1
    most: int | None = 1  # None: any number


def is_bounded(expression: str, flags: str) -> bool:
    """Whether the time that re takes is bounded as above, without a power of the length. `flags` are those of re that
    are set beside DOTALL and ASCII."""
    if "m" in flags or "x" in flags:
        return False
    tokens = _tokens(expression)
    return tokens is not None and _is_bounded(tokens, re.IGNORECASE if "i" in flags else re.NOFLAG)


def _tokens(expression: str) -> list[_Token] | None:
    tokens = []
    place = 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        if found is None:
            return None
        place = found.end()
        kind = next(name for name in _KINDS if found[name])
        tokens.append(_Token(kind, found[0], *_bounds(found)) if kind == "repeat" else _Token(kind, found[0]))
    return tokens


def _bounds(found: re.Match[str]) -> tuple[int, int | None]:
    if found["least"] is None:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[found[0][0]]
    least = int(found["least"])
    most = int(found["most"]) if found["most"] else None if found["comma"] else least
    return least, most


def _is_bounded(tokens: Sequence[_Token], options: re.RegexFlag) -> bool:
    anchored = bool(tokens) and tokens[0].text in ("^", r"\A")
    ways, loops, bars, looks = 1, 0, [0], [False]
    for index, token in enumerate(tokens):
        if token.kind in ("open", "look"):
            bars.append(0)
            looks.append(looks[-1] or token.kind == "look")
        elif token.kind == "close":
            ways *= bars.pop() + 1
            looks.pop()
        elif token.kind == "bar":
            bars[-1] += 1
        elif token.kind == "repeat" and token.most is None:
            if tokens[index - 1].kind != "atom":
                return False
            certain = anchored and not bars[0] and loops == 0 and _ends_in_one_place(tokens, index, options)
            loops += looks[-1] or not (certain or _takes_the_rest(tokens, index))
        elif token.kind == "repeat":
            if tokens[index - 1].kind != "atom" and token.most != 1:
                return False
            ways *= max(token.most or 0, 2)
    anchored = anchored and not bars[0]
    return ways * (bars[0] + 1) <= _MOST_WAYS and loops + (not anchored) <= 1


def _following(tokens: Sequence[_Token], index: int) -> Sequence[_Token]:
    """What comes next, out of the groups that end here."""
    index += 1
    while index < len(tokens) and tokens[index].kind == "close":
        index += 1
    return tokens[index:]


def _takes_the_rest(tokens: Sequence[_Token], index: int) -> bool:
    """Whether the loop is .* or .+ at the very end."""
    rest = [token.text for token in _following(tokens, index)]
    return tokens[index - 1].text == "." and rest in ([], [r"\Z"])


def _ends_in_one_place(tokens: Sequence[_Token], index: int, options: re.RegexFlag) -> bool:
    following = _following(tokens, index)
    if not following or following[0].text == r"\Z":
        return True
    literal = following[0].text.removeprefix("\\") if following[0].kind == "atom" else ""
    if len(literal) != 1 or literal == "." == following[0].text or _is_class(following[0].text):
        return False
    if len(following) > 1 and following[1].kind == "repeat" and following[1].least == 0:
        return False
    return re.fullmatch(tokens[index - 1].text, literal, options | re.ASCII | re.DOTALL) is None


def _is_class(text: str) -> bool:
    return len(text) == 2 and text[1].isalnum()
