"""Many clients at once, who tell afterwards which of their requests failed."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Connect = Callable[[], http.client.HTTPConnection]


@dataclass
class Hammering:
    """What the clients have seen so far."""

    served: int = 0
    failures: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> None:
        """One more request was answered as it should be."""
        with self._lock:
            self.served += 1

    def fail(self, what: str) -> None:
        """One request was not."""
        with self._lock:
            self.failures.append(what)


def plain(port: int) -> Connect:
    """Connections to the HTTP port."""
    return lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=20)


def secure(port: int, context: ssl.SSLContext) -> Connect:
    """Connections to the TLS port."""
    return lambda: http.client.HTTPSConnection("localhost", port, timeout=20, context=context)


@contextmanager
def hammering(
    *connects: Connect, path: str, expect: bytes, requests: int = 20, clients: int = 2
) -> Iterator[Hammering]:
    """While the block runs, `clients` threads for each of `connects` ask for `path`, `requests` times on a connection.

    A request fails if the connection is refused or breaks before the whole answer, or if the answer is another than 200
    and `expect`. Only one thing is no failure: that the server ends a kept-alive connection after it said so with
    `Connection: close`.
    """
    seen = Hammering()
    stop = threading.Event()

    def visit(connect: Connect) -> None:
        while not stop.is_set():
            connection = connect()
            try:
                for _ in range(requests):
                    connection.request("GET", path)
                    reply = connection.getresponse()
                    body = reply.read()
                    if (reply.status, body) != (200, expect):
                        seen.fail(f"{reply.status} {body[:100]!r}")
                        return
                    seen.count()
                    if reply.will_close or stop.is_set():
                        break
            except (OSError, http.client.HTTPException) as error:
                seen.fail(f"after {seen.served}: {error!r}")
            finally:
                connection.close()

    threads = [
        threading.Thread(target=visit, args=(connect,)) for connect in connects for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
