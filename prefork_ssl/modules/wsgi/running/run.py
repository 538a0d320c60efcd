"""An application at work on one request, beside the connection that it works for.

The two take turns. The connection lets the application go on, and waits; the application hands a piece of the body
over, and waits until the connection has sent it and wants the next. So a client that reads slowly slows the application
down, and write() sends at once although it is called from within.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

R = TypeVar("R")


class Abandoned(ConnectionError):
    """What the application hands over has nobody to take it: the client has gone, or wants no body."""

    def __init__(self) -> None:
        super().__init__("nobody takes the rest of the response")


class ApplicationExit(Exception):
    """The application tried to end more than itself (SystemExit, KeyboardInterrupt), or let gevent.Timeout through."""


class Run(Protocol):
    """For the connection: begin, resume, abandon. For the application's side: give, call."""

    abandoned: bool

    def begin(self, perform: Callable[[Run], object]) -> bytes | None:
        """Let `perform` run up to the first piece that it gives. Returns that, or None when it has ended.

        Raises what it raises; what is no Exception as ApplicationExit."""

    def resume(self) -> bytes | None:
        """Let it go on to the next piece; as `begin` otherwise. Not after its end."""

    def abandon(self) -> None:
        """Take no more: what is given from now on raises Abandoned. Returns when `perform` has ended, and may raise
        what that raises."""

    def give(self, piece: bytes) -> None:
        """Hand a piece over, and wait until the next one is wanted. Raises Abandoned; RuntimeError if it is not the
        application's turn."""

    def call(self, function: Callable[[], R]) -> R:
        """Call a function that uses the connection. Raises what it raises."""


def as_failure(error: BaseException, run: Run) -> Exception | None:
    """What the connection is to make of what came out of the application; None if it was abandoned and did no more than
    end."""
    if isinstance(error, Abandoned) and run.abandoned:
        return None
    if isinstance(error, Exception):
        return error
    # The worker is not the application's to end.
    failure = ApplicationExit(f"the application let {type(error).__name__} through")
    failure.__cause__ = error
    return failure


def not_its_turn() -> RuntimeError:
    """write() from elsewhere would mix up the response, or send it to another request."""
    return RuntimeError("write() was called after the application's end, or from another thread or greenlet")
