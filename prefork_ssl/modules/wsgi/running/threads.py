"""Applications in native threads: one thread from the beginning of a request to its end, whatever it computes.

Only the connection's greenlet touches the connection. The thread asks it to, and waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gevent import get_hub, monkey
from gevent.hub import Waiter
from gevent.threadpool import ThreadPool
from greenlet import getcurrent, greenlet

from prefork_ssl.modules.wsgi.running.run import Abandoned, Run, as_failure, not_its_turn

R = TypeVar("R")

# The native one: it blocks a thread, and nothing else.
_SimpleQueue: Any = monkey.get_original("queue", "SimpleQueue")


@dataclass(frozen=True, slots=True)
class _End:
    failure: Exception | None


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[R]):
    """What a function returned, or raised, on its way to another thread."""

    value: R | None = None
    error: Exception | None = None


class ThreadRun:
    """A Run in a thread of `pool`, which begins as soon as one is free."""

    __slots__ = ("_actor", "_loop", "_news", "_pool", "_turns", "abandoned")

    def __init__(self, pool: ThreadPool) -> None:
        self.abandoned = False
        self._actor: greenlet | None = None  # every thread has a first greenlet
        self._pool = pool
        self._loop: Any = get_hub().loop
        self._news: Any = Waiter()  # from the thread to the connection
        self._turns = _SimpleQueue()  # from the connection to the thread

    def begin(self, perform: Callable[[Run], object]) -> bytes | None:
        """See Run."""
        self._pool.spawn(self._act, perform)
        return self._attend()

    def resume(self) -> bytes | None:
        """See Run."""
        self._turns.put(None)
        return self._attend()

    def abandon(self) -> None:
        """See Run."""
        if self._actor is not None:
            self.abandoned = True
            self.resume()

    def give(self, piece: bytes) -> None:
        """See Run."""
        if getcurrent() is not self._actor:
            raise not_its_turn()
        if not self.abandoned:
            self._tell(piece)
            self._turns.get()
        if self.abandoned:
            raise Abandoned

    def call(self, function: Callable[[], R]) -> R:
        """See Run."""
        if getcurrent() is not self._actor:
            raise not_its_turn()
        self._tell(function)
        outcome: _Outcome[R] = self._turns.get()
        if outcome.error is not None:
            raise outcome.error
        return outcome.value  # type: ignore[return-value]

    def _act(self, perform: Callable[[Run], object]) -> None:
        """All that the thread does."""
        self._actor = getcurrent()
        failure = None
        try:
            perform(self)
        except BaseException as error:  # noqa: BLE001 - raised again where the connection waits
            failure = as_failure(error, self)
        self._actor = None
        self._tell(_End(failure))

    def _tell(self, news: object) -> None:
        self._loop.run_callback_threadsafe(self._news.switch, news)

    def _attend(self) -> bytes | None:
        """In the connection's greenlet: do what the thread asks for, until it gives a piece or ends."""
        while True:
            news = self._news.get()
            self._news.clear()
            if isinstance(news, bytes):
                return news
            if isinstance(news, _End):
                if news.failure is not None:
                    raise news.failure
                return None
            self._turns.put(_outcome(news))


def _outcome(function: Callable[[], R]) -> _Outcome[R]:
    try:
        return _Outcome(function())
    except Exception as error:  # noqa: BLE001 - raised again in the thread
        return _Outcome(error=error)
