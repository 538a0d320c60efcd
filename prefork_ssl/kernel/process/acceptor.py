"""Taking connections from the listening sockets that all workers share.

Every worker waits on the same sockets, and whoever is free takes the next connection. With several workers each takes
one at a wake-up, so that one that wakes first does not take all while the others stay idle.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Sequence
from typing import Any

from prefork_ssl.kernel.hooks import Connect
from prefork_ssl.kernel.process.crew import Door

_READ = 1  # libev's EV_READ
# Most connections taken at a wake-up by a worker that is alone.
_BATCH = 100
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_IPV4_IN_IPV6 = "::ffff:"

# Python's own, also in a worker whose applications find a patched one (gevent.monkey).
_Socket = socket.socket

Address = tuple[str, int]
# A connected, non-blocking socket; the peer's address; ours; the listener's connect function.
Take = Callable[[socket.socket, Address, Address, Connect], None]


class Acceptor:
    """Accepts while it is open, and gives each connection to `take`.

    `exhausted` is called, after pausing, when the system has no room for another one.
    """

    def __init__(
        self, loop: Any, doors: Sequence[Door], workers: int, take: Take, exhausted: Callable[[OSError], None]
    ) -> None:
        self._entrances = [_Entrance(door) for door in doors]
        self._watchers = [loop.io(entrance.sock.fileno(), _READ) for entrance in self._entrances]
        self._batch = 1 if workers > 1 else _BATCH
        self._take = take
        self._exhausted = exhausted
        self.accepting = False

    def resume(self) -> None:
        """Accept from now on."""
        self.accepting = True
        for watcher, entrance in zip(self._watchers, self._entrances, strict=True):
            watcher.start(self._accept, entrance, self._batch)

    def pause(self) -> None:
        """Leave new connections to the other workers, or in the queue."""
        self.accepting = False
        for watcher in self._watchers:
            watcher.stop()

    def empty_queues(self) -> None:
        """Accept what the system has accepted for us already: closing would break those connections off."""
        for entrance in self._entrances:
            self._accept(entrance, _BATCH)

    def close(self) -> None:
        """Close this worker's copies of the listening sockets. Safe to call twice."""
        self.pause()
        for watcher, entrance in zip(self._watchers, self._entrances, strict=True):
            watcher.close()
            entrance.sock.close()
        self._watchers.clear()
        self._entrances.clear()

    def _accept(self, entrance: _Entrance, most: int) -> None:
        for _ in range(most):
            try:
                sock, address = entrance.accept()
            except BlockingIOError:
                return
            except OSError as error:
                self._refused(error)
                return
            self._take(sock, entrance.peer(address), entrance.local(sock), entrance.connect)
            if not self.accepting:
                return

    def _refused(self, error: OSError) -> None:
        """Anything else than exhaustion is the end of a connection that nobody has yet (accept(2))."""
        if error.errno in _EXHAUSTED:
            self.pause()
            self._exhausted(error)


class _Entrance:
    """A listening socket, and what can be known beforehand of connections through it."""

    def __init__(self, door: Door) -> None:
        self.sock = door.listener.sock
        self.connect = door.connect
        self._family = int(self.sock.family)
        self._address = None if door.listener.any_address else door.listener.address
        self._mixed = self.sock.family == socket.AF_INET6 and not self.sock.getsockopt(
            socket.IPPROTO_IPV6, socket.IPV6_V6ONLY
        )

    def accept(self) -> tuple[socket.socket, tuple[Any, ...]]:
        """A connected, non-blocking socket, and the peer's address.

        Not sock.accept(): that looks up family and type as members of enumerations, for each connection.
        """
        fd, address = self.sock._accept()  # type: ignore[attr-defined]
        sock = _Socket(self._family, socket.SOCK_STREAM, 0, fd)
        sock.setblocking(False)
        return sock, address

    def peer(self, address: tuple[Any, ...]) -> Address:
        return self._plain(address)

    def local(self, sock: socket.socket) -> Address:
        """The address that the client came to: it must be asked for if the socket takes connections to any."""
        return self._address or self._plain(sock.getsockname())

    def _plain(self, address: tuple[Any, ...]) -> Address:
        host, port = address[:2]
        return (host.removeprefix(_IPV4_IN_IPV6) if self._mixed else host), port
