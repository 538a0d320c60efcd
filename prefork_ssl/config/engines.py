"""Which engine runs a regular expression: the fastest that nobody can stall with a text made for it.

- Python's re, if its time is bounded for this expression (backtracking.py): most are of this kind.
- RE2, whose time always grows with the length of the text only.
- regex, for what RE2 does not have (look-around, references to groups, possessive quantifiers): it backtracks as PCRE
  does, and stops after _LIMIT seconds of processor time.

All find the match that PCRE would find. What differs: with (?i), RE2 takes letters beyond ASCII for the same in either
case, and a group that is repeated and can be empty may tell of another of its turns.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import re2
import regex

from prefork_ssl.config.backtracking import is_bounded
from prefork_ssl.config.expanded_size import expanded_size
from prefork_ssl.config.matching import Match, OutOfTime, Pattern, Search

# Seconds: a thousand times what an expression usually takes.
_LIMIT = 0.02
# As many as PCRE takes at most, and these take a tenth of a second to be compiled.
_LARGEST = 100_000

_PYTHON = re.ASCII | re.DOTALL
_REGEX = regex.VERSION0 | regex.ASCII | regex.DOTALL

# RE2 has \z for the end, and does not count \v as white space.
_OF_RE2 = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_SPACE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: `pattern` is what was written, `expression` what that means."""

    pattern: str = field(compare=False)
    expression: str
    flags: str
    groups: int = field(compare=False)
    search: Search = field(compare=False, repr=False)


def compile_expression(written: str, expression: str, flags: str) -> Pattern:
    """What was `written`, translated to `expression` in the words of re; `flags` are letters as in (?i). Raises
    re.error, OverflowError, RecursionError."""
    with warnings.catch_warnings():
        # of sets that may mean something else in a later version of Python
        warnings.simplefilter("ignore", FutureWarning)
        checked = re.compile(f"(?{flags})" * bool(flags) + expression, _PYTHON)
    if is_bounded(expression, flags):
        search: Search = checked.search
    else:
        search = _by_re2(expression, flags, checked.groupindex) or _by_regex(written, expression, flags)
    return Expression(written, expression, flags, checked.groups, search)


def _by_re2(expression: str, flags: str, names: Mapping[str, int]) -> Search | None:
    if "x" in flags:
        return None
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        text = f"(?{flags})" * bool(flags) + _OF_RE2.sub(_for_re2, expression)
        compiled = re2.compile(text.encode(), options)
    except (re2.error, UnicodeEncodeError, _Untranslatable):
        return None
    find = compiled.search

    def search(text: str, start: int = 0, /) -> Match | None:
        found = find(_encode(text), len(_encode(text[:start]))) if start else find(_encode(text))
        return None if found is None else _ByteMatch(found, names)

    return search


class _Untranslatable(Exception):
    """RE2 has no word for it."""


def _for_re2(token: re.Match[str]) -> str:
    if token[0] == r"\Z":
        return r"\z"
    if token[0].startswith("["):
        return _SPACE.sub(_member_for_re2, token[0])
    return {r"\s": r"[\s\v]", r"\S": r"[^\s\v]"}.get(token[0], token[0])


def _member_for_re2(member: re.Match[str]) -> str:
    if member[1] == "S":
        raise _Untranslatable
    return r"\s\v" if member[1] == "s" else member[0]


def _encode(text: str) -> bytes:
    """Lone surrogates, which stand for bytes that are not UTF-8, stay one character each."""
    return text.encode("utf-8", "surrogatepass")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


class _ByteMatch:
    """A match of RE2, which knows bytes only."""

    __slots__ = ("_found", "_names")

    def __init__(self, found: re.Match[bytes], names: Mapping[str, int]) -> None:
        self._found = found
        self._names = names

    def __getitem__(self, group: int | str, /) -> str | None:
        data = self._found.group(self._names[group] if isinstance(group, str) else group)
        return None if data is None else _decode(data)

    def groups(self) -> tuple[str | None, ...]:
        return tuple(None if data is None else _decode(data) for data in self._found.groups())

    def start(self, group: int = 0, /) -> int:
        return self._characters(self._found.start(group))

    def end(self, group: int = 0, /) -> int:
        return self._characters(self._found.end(group))

    def _characters(self, place: int) -> int:
        return place if place < 0 else len(_decode(self._found.string[:place]))


def _by_regex(written: str, expression: str, flags: str) -> Search:
    if expanded_size(expression) > _LARGEST:
        raise OverflowError
    compiled = regex.compile(f"(?{flags})" * bool(flags) + expression, _REGEX)
    find = compiled.search

    def search(text: str, start: int = 0, /) -> Match | None:
        try:
            found: Match | None = find(text, start, timeout=_LIMIT)
        except TimeoutError:
            raise OutOfTime(written, _LIMIT) from None
        return found

    return search
