"""`.*` around a regular expression, as in ".*MSIE.*": where all that is asked is whether it is found, it makes no
difference, but for the time that a search takes, which is several times as much."""

from __future__ import annotations

_PADDING = ".*"


def without_padding(regex: str) -> str:
    """An expression, without `.*` at its ends, that is found in the same texts. Groups may tell of other parts."""
    core = regex
    if core.startswith(_PADDING) and core[2:3] not in ("?", "+", "*", "{"):
        core = core[2:]
    if core.endswith(_PADDING) and not _escaped(core[:-2]):
        core = core[:-2]
    return core


def _escaped(before: str) -> bool:
    """Whether what follows is a character of its own, because of a backslash."""
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
