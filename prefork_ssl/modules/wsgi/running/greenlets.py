"""Applications in greenlets of their own: cheap, and all in one thread.

A greenlet's stack costs more to make than a small application needs to answer, so greenlets are used again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gevent import get_hub
from greenlet import getcurrent, greenlet

from prefork_ssl.modules.wsgi.running.run import Abandoned, Run, as_failure, not_its_turn

R = TypeVar("R")

# Greenlets without an application that are kept for the next ones.
_MOST_RESTING = 256
_resting: list[greenlet] = []


class GreenletRun:
    """A Run in a greenlet. `actor` is that greenlet while it runs, `connection` the one that waits."""

    __slots__ = ("abandoned", "actor", "connection")

    def __init__(self) -> None:
        self.abandoned = False
        self.actor: greenlet | None = None
        self.connection: greenlet

    def begin(self, perform: Callable[[Run], object]) -> bytes | None:
        """See Run."""
        self.connection = getcurrent()
        actor = self.actor = _resting.pop() if _resting else greenlet(_act, get_hub())
        return actor.switch(self, perform)  # type: ignore[no-any-return]

    def resume(self) -> bytes | None:
        """See Run."""
        return self.actor.switch()  # type: ignore[no-any-return, union-attr]

    def abandon(self) -> None:
        """See Run."""
        if self.actor is not None:
            self.abandoned = True
            self.actor.throw(Abandoned())

    def give(self, piece: bytes) -> None:
        """See Run."""
        if getcurrent() is not self.actor:
            raise not_its_turn()
        if self.abandoned:
            raise Abandoned
        self.connection.switch(piece)

    def call(self, function: Callable[[], R]) -> R:
        """See Run."""
        return function()


def _act(run: GreenletRun, perform: Callable[[Run], object]) -> Any:
    """The life of a greenlet: one application after the other."""
    this = getcurrent()
    while True:
        failure = None
        try:
            perform(run)
        except BaseException as error:  # noqa: BLE001 - raised again where the connection waits
            failure = as_failure(error, run)
        connection, run.actor = run.connection, None
        del run, perform
        this.gr_context = None  # what one request has put into context variables is not the next one's
        if len(_resting) >= _MOST_RESTING:
            break
        _resting.append(this)
        run, perform = connection.switch(None) if failure is None else _throw(connection, failure)
    this.parent = connection
    if failure is not None:
        raise failure
    return None


def _throw(connection: greenlet, failure: Exception) -> Any:
    """Raise it there, with the traceback that it has: the application's."""
    return connection.throw(type(failure), failure, failure.__traceback__)
