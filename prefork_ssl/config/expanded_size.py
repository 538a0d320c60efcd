"""How large an engine that backtracks makes an expression: it writes out what must be repeated, and what is repeated
within that, until the memory is full."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"(?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\()|(?P<close>\))|\{(?P<least>[0-9]+)(?:,[0-9]*)?\}|.",
    re.DOTALL,
)


def expanded_size(expression: str) -> int:
    """How many characters, sets and the like the expression has when that is done."""
    sizes, last = [0], 0
    for found in _TOKEN.finditer(expression):
        if found["open"]:
            sizes.append(0)
        elif found["close"] and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif found["least"]:
            sizes[-1] += last * max(int(found["least"]) - 1, 0)
        else:
            last = 1
            sizes[-1] += last
    return sum(sizes)
