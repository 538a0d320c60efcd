"""What a client wants to see of a folder, as the query says: Apache's C=column;O=order;P=pattern, and page=number."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

from prefork_ssl.modules.autoindex.ordering import Column, Order

# Letters of a pattern, and digits of a page's number, that are taken notice of.
_LONGEST = 100
_DIGITS = 7
_WILDCARDS = re.compile(r"[*?\[]")


class View(NamedTuple):
    """In which order, which names (all for ""), and which page of them, from 1."""

    order: Order = Order()
    pattern: str = ""
    page: int = 1

    def query(self) -> str:
        """The reference to this view from any other of the same folder."""
        words = [f"C={self.order.column.value}", f"O={'D' if self.order.descending else 'A'}"]
        if self.pattern:
            words.append(f"P={quote(self.pattern, safe='', errors='surrogateescape')}")
        if self.page > 1:
            words.append(f"page={self.page}")
        return "?" + ";".join(words)

    def matcher(self) -> Callable[[str], object]:
        """Tells whether a name is wanted: one that the wildcards fit, or, if there are none, that holds the text. Big
        and small letters are the same."""
        if _WILDCARDS.search(self.pattern):
            return re.compile(fnmatch.translate(self.pattern), re.IGNORECASE).match
        text = self.pattern.casefold()
        return lambda name: text in name.casefold()


def parse_view(query: str | None, usual: Order) -> View:
    """The view that a query asks for; what makes no sense in it is ignored. `usual` is the order without a wish."""
    words = dict(word.partition("=")[::2] for word in re.split("[;&]", query or ""))
    column = next((column for column in Column if column.value == words.get("C")), None)
    order = usual if column is None else Order(column, words.get("O") == "D")
    if column is None and words.get("O") in ("A", "D"):
        order = Order(usual.column, words["O"] == "D")
    pattern = unquote_plus(words.get("P", ""), errors="surrogateescape")[:_LONGEST]
    return View(order, pattern, _page(words.get("page", "")))


def _page(digits: str) -> int:
    plain = digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS
    return max(int(digits), 1) if plain else 1
