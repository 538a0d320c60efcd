"""A connection that has changed its protocol: bytes in both directions until both sides have ended, or nothing has come
for too long."""

from __future__ import annotations

from contextlib import suppress

import gevent
from gevent import get_hub

from prefork_ssl.kernel.transport import Deadline, Transport
from prefork_ssl.modules.proxy.connection import BackendConnection

_FOREVER = float("inf")


class Tunnel:
    """Between a client and a backend, one greenlet for each direction. `idle` in seconds."""

    def __init__(self, client: Transport, connection: BackendConnection, idle: float) -> None:
        self._client = client
        self._connection = connection
        self._idle = idle
        self._loop = get_hub().loop
        self._active = self._loop.now()
        self._sent = 0
        self._broken = False

    def converse(self, received: bytes) -> int:
        """Carry bytes until the end; `received` came from the client already. Returns the bytes sent to the client."""
        for wire in (self._client.wire, self._connection.wire):
            wire.patience = None
            wire.limit(_FOREVER)
        backend = self._connection.transport
        early, self._connection.pending = self._connection.pending, b""
        ways = [
            gevent.spawn(self._carry, self._client, backend, received),
            gevent.spawn(self._carry, backend, self._client, early),
        ]
        try:
            self._wait_for(ways)
        finally:
            gevent.killall(ways)
            self._connection.end(reusable=False)
        return self._sent

    def _wait_for(self, ways: list[gevent.Greenlet[..., None]]) -> None:
        """Until both directions have ended, or one has broken, or neither is of use any more."""
        left = self._idle
        while left > 0 and ways and not self._broken:
            done = gevent.wait(ways, timeout=left, count=1)
            ways = [way for way in ways if way not in done]
            left = self._active + self._idle - self._loop.now()

    def _carry(self, source: Transport, target: Transport, data: bytes) -> None:
        try:
            while data := data or source.read():
                self._active = self._loop.now()
                target.write(data)
                if target is self._client:
                    self._sent += len(data)
                data = b""
        except (OSError, Deadline):
            self._broken = True
            return
        with suppress(OSError, Deadline):
            target.end_output()
