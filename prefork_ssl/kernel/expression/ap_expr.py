"""The dialect of Require expr: symbols compare strings, letters compare whole numbers (Apache's manual, expr.html)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from prefork_ssl.config.engines import compile_expression
from prefork_ssl.config.matching import Pattern
from prefork_ssl.config.patterns import wildcard_pattern
from prefork_ssl.kernel.expression.dialect import Comparison, Dialect
from prefork_ssl.kernel.networks import membership, parse_network

_ORDER = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_SYMBOLS = {"==": "eq", "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}

_NUMBER = re.compile(r"\s*([+-]?)0*([0-9]*)", re.ASCII)
_LARGEST, _SMALLEST = 2**63 - 1, -(2**63)

# Patterns that are no constants.
_REMEMBERED = 256


def whole_number(text: str) -> int:
    """The whole number that `text` begins with, 0 if there is none, within 64 bits: as C's strtoll has it."""
    sign, digits = _NUMBER.match(text).groups()  # type: ignore[union-attr]  # it matches everything
    number = int(digits or "0") if len(digits) < 20 else 10**20
    return max(-number, _SMALLEST) if sign == "-" else min(number, _LARGEST)


@lru_cache(maxsize=_REMEMBERED)
def _like(pattern: str) -> Pattern:
    """`*` and `?` stand for any characters."""
    return _compiled(pattern, "")


@lru_cache(maxsize=_REMEMBERED)
def _like_in_any_case(pattern: str) -> Pattern:
    return _compiled(pattern, "i")


def _compiled(pattern: str, flags: str) -> Pattern:
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(character) or re.escape(character) for character in pattern)
    return compile_expression(pattern, rf"\A{expression}\Z", flags)


def _matches(text: str, pattern: Pattern) -> bool:
    return pattern.search(text) is not None


@lru_cache(maxsize=_REMEMBERED)
def _network(text: str) -> Callable[[str], bool]:
    return membership([parse_network(text)])


def _is_in(address: str, network: Callable[[str], bool]) -> bool:
    return network(address)


# Operators that mean the same in every dialect.
MATCHING = {
    "-ipmatch": Comparison(_is_in, right=_network),
    "-strmatch": Comparison(_matches, right=_like),
    "-strcmatch": Comparison(_matches, right=_like_in_any_case),
    "-fnmatch": Comparison(_matches, right=lru_cache(maxsize=_REMEMBERED)(wildcard_pattern)),
}


def comparisons(symbols: Callable[[str], Any], letters: Callable[[str], Any]) -> dict[str, Comparison]:
    """All operators, those of symbols (==, <) comparing what `symbols` makes of a text, those of letters (eq, -lt) what
    `letters` makes of it."""
    found = {symbol: Comparison(_ORDER[name], symbols, symbols) for symbol, name in _SYMBOLS.items()}
    for name, holds in _ORDER.items():
        found[name] = found[f"-{name}"] = Comparison(holds, letters, letters)
    return found | MATCHING


AP_EXPR = Dialect(comparisons(symbols=str, letters=whole_number), lists={})
