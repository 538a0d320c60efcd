"""The connections of one worker to one backend: kept, lent, limited."""

from __future__ import annotations

from collections import deque

from gevent import get_hub
from gevent.lock import Semaphore

from prefork_ssl.kernel.transport import ClientTransport
from prefork_ssl.modules.proxy.connection import BackendConnection
from prefork_ssl.modules.proxy.dialing import Dialer
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.parameters import Parameters
from prefork_ssl.modules.proxy.watch import Watch

_FOREVER = float("inf")


class Pool:
    """`timeout` in seconds holds where `parameters` says nothing. `in_use` counts the connections that are lent
    or being made; `last_used` is when a request was done with one for the last time, in the loop's time."""

    def __init__(self, dialer: Dialer, parameters: Parameters, timeout: float, watch: Watch) -> None:
        self._dialer = dialer
        self._watch = watch
        self.timeout = parameters.timeout or timeout
        self._connect_timeout = parameters.connectiontimeout or self.timeout
        self._acquire_timeout = self.timeout if parameters.acquire is None else parameters.acquire
        self._ttl = parameters.ttl
        self._retry = parameters.retry
        self._keeps = not parameters.disablereuse
        self._loop = get_hub().loop
        self.in_use = 0
        self.last_used = self._loop.now()
        self._free = Semaphore(parameters.max) if parameters.max else None
        self._idle: deque[BackendConnection] = deque()
        self._alone_until = 0.0
        watch.also.append(self._expire)

    def borrow(self, careful: bool) -> BackendConnection:
        """A connection, one that is there already if possible: the one that has rested the longest, so that what a
        server may have said behind its answer has had time to come. `careful`: look at it once more, since the request
        cannot be sent twice. Raises BackendFailure."""
        self._take_place()
        while self._idle:
            connection = self._idle.popleft()
            if connection.transport.quiet() and (not careful or connection.wire.silent()):
                connection.lend(self._give_back)
                return connection
            self._watch.close(connection.wire)
        return self._connect()

    def borrow_new(self) -> BackendConnection:
        """A connection that was just made. Raises BackendFailure."""
        self._take_place()
        return self._connect()

    def close(self) -> None:
        """Keep nothing any more: what rests ends now, what is in use when it is given back."""
        self._keeps = False
        self._watch.also.remove(self._expire)
        while self._idle:
            self._watch.close(self._idle.popleft().wire)

    def _connect(self) -> BackendConnection:
        try:
            transport = self._dial()
        except BaseException:
            self._leave_place()
            raise
        return BackendConnection(transport, self.timeout, self._give_back)

    def _dial(self) -> ClientTransport:
        if self._alone_until > self._loop.now():
            raise BackendFailure(503, "could not be reached a moment ago, and is left alone for retry=")
        try:
            return self._dialer.connect(self._connect_timeout)
        except BackendFailure:
            self._alone_until = self._loop.now() + self._retry
            raise

    def _take_place(self) -> None:
        if self._free is not None and not self._free.acquire(timeout=self._acquire_timeout):
            raise BackendFailure(503, "has all its connections (max=) in use")
        self.in_use += 1

    def _leave_place(self) -> None:
        self.in_use -= 1
        self.last_used = self._loop.now()
        if self._free is not None:
            self._free.release()

    def _give_back(self, connection: BackendConnection, reusable: bool) -> None:
        if reusable and self._keeps and self._ttl:
            connection.since = self._loop.now()
            connection.wire.deadline = _FOREVER
            connection.wire.rest()
            self._idle.append(connection)
        else:
            self._watch.close(connection.wire)
        self._leave_place()

    def _expire(self, now: float) -> None:
        """Close those that nobody has used for too long: the ones that were given back first."""
        while self._idle and self._idle[0].since + self._ttl <= now:
            self._watch.close(self._idle.popleft().wire)
