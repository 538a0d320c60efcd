"""Directives that are taken and have no effect: what other servers' configurations say about things that do not exist
here, or that need no setting.

Where that is no difference to anybody, nothing is said of it. Otherwise the value is remarks, which -t and the error
log show: what holds instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prefork_ssl.config.arguments import Words, many
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument, Origin


@dataclass(frozen=True, slots=True)
class Remark:
    """What holds in place of what a line says."""

    origin: Origin
    directive: str
    text: str


# Makes of a line's words, in lower case, what holds instead; "" if that is what they say. Raises BadArgument for what
# cannot be left out without changing what the configuration means.
Judge = Callable[[Words], str]


class Inert(Directive[tuple[Remark, ...]]):
    """A directive without effect."""

    __slots__ = ()


def inert(name: str, contexts: Context, judge: Judge, doc: str = "", syntax: str = "value ...") -> Inert:
    """A directive whose lines change nothing. `doc` is a sentence on what holds, for -L."""

    def parse(words: Words, place: Place) -> tuple[Remark, ...]:
        text = judge(tuple(word.lower() for word in words))
        return (Remark(place.origin, name, text),) if text else ()

    doc = f"No effect: {doc or judge(())}."
    return Inert(name, many(syntax, parse, least=0), contexts, (), doc, append)


def always(text: str) -> Judge:
    """`text` holds, whatever the words are."""
    return lambda _words: text


def unless(usual: str, text: str) -> Judge:
    """Nothing to say of the value `usual`, or of several, separated by blanks; `text` of all others."""
    return lambda words: "" if words and set(words) <= set(usual.split()) else text


def only(usual: str, message: str, hint: str) -> Judge:
    """What holds is the value `usual`, or any of several, separated by blanks; with others the configuration would mean
    something else, so these are refused."""

    def judge(words: Words) -> str:
        if not words or not set(words) <= set(usual.split()):
            raise BadArgument(message, hint)
        return ""

    return judge


def nothing(_words: Words) -> str:
    """Nothing to say: nobody will see a difference."""
    return ""
