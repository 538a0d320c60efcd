"""What is made of strings that come again and again: statuses, lengths, names of fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Clients and what they send may have a hand in the strings, so their number is bounded.
_REMEMBERED = 1024


class Memo(dict[str, T]):
    """memo[text] is make(text), remembered."""

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> T:
        made = self._make(text)
        if len(self) < _REMEMBERED:
            self[text] = made
        return made
