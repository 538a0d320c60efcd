"""$0 to $9: what the last regular expression that matched has matched, as a whole and in its parts.

Requests wait in the middle of an expression seldom, but they may; so what has matched is kept for each greenlet.
"""

from __future__ import annotations

from contextvars import ContextVar

from prefork_ssl.config.matching import Match

_last: ContextVar[Match | None] = ContextVar("the last match", default=None)


def remember(found: Match | None) -> bool:
    """Keep a match, if there is one, and tell whether there is."""
    if found is not None:
        _last.set(found)
    return found is not None


def forget() -> None:
    """At the beginning of an expression, nothing has matched."""
    _last.set(None)


def group(number: int) -> str:
    """A part of the last match; "" if it has no such part."""
    found = _last.get()
    if found is None or number > len(found.groups()):
        return ""
    return found[number] or ""
