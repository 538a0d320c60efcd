"""The cache as a worker sees it, on a server in the network.

Looking for a session lets the greenlet of the connection wait, for as long as PATIENCE allows; storing is done by a
greenlet that has nothing else to do. When the server does not answer, it is left alone for a while.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

import gevent
from gevent.queue import Empty, LifoQueue

from prefork_ssl.modules.ssl.sessions.cache import CacheDown
from prefork_ssl.modules.ssl.sessions.choices import Server
from prefork_ssl.modules.ssl.sessions.network.breaker import Breaker
from prefork_ssl.modules.ssl.sessions.network.client import PATIENCE, Client, RemoteError
from prefork_ssl.modules.ssl.sessions.tally import NOT_SOUGHT, NOT_STORED, REMOVED, STORED, TOO_LONG, Tally
from prefork_ssl.modules.ssl.sessions.trouble import Kind, Trouble

T = TypeVar("T")

_CONNECTIONS = 8
_LONGEST_RECORD = 65536
# Changes that wait, at most; and how many are made at a time.
_MOST_WAITING, _BATCH = 10_000, 200
# Seconds for the first connection.
_WARMING_UP = 2.0
_HINT = "is it running, and is its address right? it is tried again by itself"


class NetworkCache:
    """`new_client` makes a client of the server."""

    def __init__(
        self, server: Server, new_client: Callable[[Server], Client], trouble: Trouble, tally: Tally
    ) -> None:
        self.kind = server.protocol
        self._server = server
        self._new_client = new_client
        self._trouble = trouble
        self._tally = tally
        self._breaker = Breaker()
        self._clients: Any = None
        self._records: dict[bytes, bytes] = {}
        self._removed: dict[bytes, None] = {}
        self._writer: Any = None

    def open(self, _loop: Any) -> None:
        """See SessionCache."""
        self._clients = LifoQueue()
        for _ in range(_CONNECTIONS):
            self._clients.put(self._new_client(self._server))
        gevent.spawn(self._warm_up)

    def find(self, session_id: bytes) -> bytes | None:
        """See SessionCache."""
        if session_id in self._removed:
            return None
        record = self._records.get(session_id)
        if record is not None:
            return record
        try:
            return self._ask(lambda client: client.get(session_id))
        except CacheDown:
            self._tally.words[NOT_SOUGHT] += 1
            raise

    def store(self, session_id: bytes, record: bytes) -> None:
        """See SessionCache."""
        if len(record) > _LONGEST_RECORD:
            self._tally.words[TOO_LONG] += 1
        elif self._breaker.open or len(self._records) >= _MOST_WAITING:
            self._tally.words[NOT_STORED] += 1
        else:
            self._records[session_id] = record
            self._write_soon()

    def settle(self) -> None:
        """See SessionCache."""
        if self._writer is not None:
            self._writer.join(PATIENCE)

    def remove(self, session_id: bytes) -> None:
        """See SessionCache."""
        self._records.pop(session_id, None)
        if len(self._removed) < _MOST_WAITING:
            self._removed[session_id] = None
            self._write_soon()

    def close(self) -> None:
        """See SessionCache."""
        if self._writer is not None:
            self._writer.join(2 * PATIENCE)
        while not self._clients.empty():
            self._clients.get_nowait().close()

    def _warm_up(self) -> None:
        """Connect before the first client asks: looking up the name, and all that a library does the first time, may
        take longer than a client waits."""
        with suppress(RemoteError), gevent.Timeout(_WARMING_UP, RemoteError()):
            self._with_client(lambda client: client.get(b""))

    def _write_soon(self) -> None:
        if self._writer is None:
            self._writer = gevent.spawn(self._write)

    def _write(self) -> None:
        """Until nothing waits any more."""
        try:
            while self._records or self._removed:
                self._change(dict(islice(self._records.items(), _BATCH)), list(islice(self._removed, _BATCH)))
        except CacheDown:
            self._tally.words[NOT_STORED] += len(self._records)
            self._records.clear()
        finally:
            self._writer = None

    def _change(self, records: dict[bytes, bytes], removed: list[bytes]) -> None:
        """Raises CacheDown."""
        self._ask(lambda client: client.change(records, removed))
        self._tally.words[STORED] += len(records)
        self._tally.words[REMOVED] += len(removed)
        for session_id, record in records.items():
            if self._records.get(session_id) is record:
                del self._records[session_id]
        for session_id in removed:
            self._removed.pop(session_id, None)

    def _ask(self, question: Callable[[Client], T]) -> T:
        """Raises CacheDown."""
        if not self._breaker.admits():
            raise CacheDown
        try:
            with gevent.Timeout(PATIENCE, RemoteError(f"no answer within {PATIENCE * 1000:.0f} ms")):
                answer = self._with_client(question)
        except (RemoteError, Empty) as error:
            if self._breaker.failed():
                self._trouble.tell(Kind.NETWORK, f"{self._server}: {error}", _HINT)
            raise CacheDown from error
        self._breaker.succeeded()
        self._trouble.over(Kind.NETWORK)
        return answer

    def _with_client(self, question: Callable[[Client], T]) -> T:
        client = self._clients.get()
        try:
            return question(client)
        except BaseException:
            # Half an answer may be under way: the next question needs a new connection.
            client.close()
            raise
        finally:
            self._clients.put(client)
