"""What one line says: which URL paths it is for, and where they lead.

Of all rules that are in force, the inner scope's come before the outer's, and those of one scope stand in the order of
the text, whichever directive they were written with.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from prefork_ssl.config.directives import Directive, Settings

_reading_order = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line. `target` gives what a decoded URL path leads to, or None if the rule is not for it. `order` grows from
    line to line of the configuration."""

    target: Callable[[str], str | None]
    order: int = field(default_factory=_reading_order.__next__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias(Rule):
    """Leads to a file name. Symbolic links below `folder` need Options to be followed."""

    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirection(Rule):
    """Leads to a URL, which is answered with `status`; statuses that are no redirection have no URL ("")."""

    status: int


R = TypeVar("R", bound=Rule)


def rules_in_force(
    directives: Iterable[Directive[tuple[R, ...]]], inner: Settings, outer: Settings, *, with_outer: bool
) -> tuple[R, ...]:
    """The rules of `inner`, which was merged over `outer`, in the order in which they are tried."""
    everything = [rule for directive in directives for rule in inner[directive]]
    inherited = {rule.order for directive in directives for rule in outer[directive]}
    own = [rule for rule in everything if rule.order not in inherited]
    rest = [rule for rule in everything if rule.order in inherited] if with_outer else []
    return (*sorted(own, key=_order), *sorted(rest, key=_order))


def _order(rule: Rule) -> int:
    return rule.order


def remainder(prefix: str, path: str) -> str | None:
    """What of `path` follows `prefix`, which must end where a segment does: /icons is no prefix of /iconsfoo."""
    if not path.startswith(prefix):
        return None
    rest = path[len(prefix) :]
    return rest if not rest or prefix.endswith("/") or rest.startswith("/") else None
