"""A worker's line to the helper: jobs go out, outcomes come in; whoever waits for one is a greenlet."""

from __future__ import annotations

import itertools
import socket
from dataclasses import replace

import gevent
from gevent import Timeout
from gevent.event import AsyncResult
from gevent.socket import socket as cooperative_socket

from prefork_ssl.kernel.generation import Key
from prefork_ssl.modules.ssl.revocation.desk import Desk
from prefork_ssl.modules.ssl.stapling.errand import Job, Outcome, decode, encode

# Seconds beyond what a responder may take: for the connection to it as long as for its answer, and for ourselves.
_MARGIN = 2.0

# Responders of which is remembered what was told.
_MOST_TOLD = 256

_GONE = Outcome(0, "failed", reason="the program that asks has ended")


class Line:
    """Opened when it is first needed, and anew when the helper has ended."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._numbers = itertools.count(1)
        self._waiting: dict[int, AsyncResult[Outcome]] = {}
        self._sock: cooperative_socket | None = None
        # What is wrong with responders, by URL, as far as it has been told.
        self._trouble: dict[str, str] = {}

    def is_news(self, url: str, trouble: str) -> bool:
        """Whether this trouble ("" for none) with a responder is other than the one before."""
        if self._trouble.get(url, "") == trouble:
            return False
        if len(self._trouble) > _MOST_TOLD:
            self._trouble.clear()
        self._trouble[url] = trouble
        return bool(trouble)

    def ask(self, job: Job) -> Outcome:
        """What came of it. The greenlet waits; a job that takes too long has failed."""
        job = replace(job, number=next(self._numbers))
        answer = self._waiting[job.number] = AsyncResult()
        try:
            self._open().sendall(encode(job))
            return answer.get(timeout=2 * job.timeout + _MARGIN) or _GONE
        except Timeout:
            return replace(_GONE, reason="the program that asks does not answer")
        except OSError as error:
            return replace(_GONE, reason=f"the program that asks cannot be reached: {error.strerror}")
        finally:
            self._waiting.pop(job.number, None)

    def _open(self) -> cooperative_socket:
        """The line. Raises OSError."""
        if self._sock is None:
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(self._desk.entrance, [b"\0"], [theirs.fileno()])
            self._sock = cooperative_socket(fileno=ours.detach())
            gevent.spawn(self._listen, self._sock)
        return self._sock

    def _listen(self, sock: cooperative_socket) -> None:
        """Hand out what comes, until the helper has ended."""
        with sock, sock.makefile("rb") as lines:
            for line in lines:
                outcome = decode(Outcome, line)
                if waiting := self._waiting.pop(outcome.number, None):
                    waiting.set(outcome)
        self._sock = None
        for waiting in self._waiting.values():
            waiting.set(_GONE)
        self._waiting.clear()


LINE = Key[Line]("ssl ocsp line")
