"""What an expression becomes: a function of the request that knows its own text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request


Holds = Callable[["Request"], bool]


class EvaluationError(Exception):
    """A condition has no answer for this request, because something that it asks for cannot be had. The message says
    what, for the administrator."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds` raises EvaluationError. `text` is how it was written; `parts` are the conditions that must all hold for
    this one to hold, if that is how it is made."""

    holds: Holds
    text: str
    parts: tuple[Condition, ...] = ()

    def failing(self, request: Request) -> str:
        """The part because of which it does not hold, as written. Raises EvaluationError."""
        for part in self.parts:
            if not part.holds(request):
                return part.failing(request)
        return self.text
