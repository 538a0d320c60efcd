"""What `Require NAME ...` demands of a request: how modules offer it, and what the answers are."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request


class Verdict(enum.Enum):
    """Whether one requirement, or several together, let a request in."""

    GRANTED = enum.auto()
    DENIED = enum.auto()
    NEEDS_USER = enum.auto()  # denied as long as nobody knows the user: that could change it
    NEUTRAL = enum.auto()  # neither a reason to let in nor one to keep out


Test = Callable[["Request"], Verdict]

# Makes the test of what follows NAME on the line, just as it is written; raises BadArgument. It gets all modules that
# are loaded, for the variables that they have.
RequirementFactory = Callable[[str, "Sequence[Module]"], Test]


def granted(condition: Callable[[Request], bool]) -> Test:
    """The test that grants where `condition` holds, and denies elsewhere, whoever the user is."""
    return lambda request: Verdict.GRANTED if condition(request) else Verdict.DENIED


def granted_to_user(condition: Callable[[Request], bool]) -> Test:
    """The test that grants where `condition` holds for the user, who is known then."""

    def test(request: Request) -> Verdict:
        if request.user is None:
            return Verdict.NEEDS_USER
        return Verdict.GRANTED if condition(request) else Verdict.DENIED

    return test
