"""One gevent process: accept, deadlines, drain.

Every connection has a greenlet, which begins at once, in the turn of the loop that accepted it. A sweep looks at all
connections a few times a second: it interrupts those that wait for too long, so that no deadline costs a timer, and it
is the sign of life that the master looks for.
"""

from __future__ import annotations

import io
import os
import signal
import socket
from typing import Any

from gevent import get_hub
from gevent._hub_local import set_hub, set_loop
from gevent.event import Event
from gevent.util import print_run_info
from greenlet import getcurrent, greenlet
from setproctitle import setproctitle

from prefork_ssl.kernel.directives import (
    GRACEFUL_SHUTDOWN_TIMEOUT,
    MAX_CONNECTIONS_PER_CHILD,
    WORKER_CONNECTIONS,
    WORKER_HEARTBEAT_TIMEOUT,
)
from prefork_ssl.kernel.hooks import Connect
from prefork_ssl.kernel.http.http1 import serve
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.process import scoreboard
from prefork_ssl.kernel.process.acceptor import Acceptor, Address
from prefork_ssl.kernel.process.channel import WorkerChannel
from prefork_ssl.kernel.process.crew import Crew
from prefork_ssl.kernel.process.scoreboard import ACCEPTED, BUSY, OPEN, REQUESTS, SENT, Slot
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.kernel.transport import Deadline, Wire

_READ = 1  # libev's EV_READ
# Seconds between two looks at all connections.
SWEEP = 0.25
# Seconds that a draining worker leaves an idle connection open: a request may be on its way already, and would find the
# connection closed. A client that has sent nothing for so long is not likely to begin just now.
_LINGER = 1.0
# Seconds that interrupted connections have to say goodbye and to write their log entries.
_GOODBYE = 1.0
# Seconds that a master has to kill a worker that hangs, and to find out where, before the worker's own alarm goes off.
_MASTERS_TURN = 3.0
# Greenlets without a connection that are kept for the next ones.
_MOST_RESTING = 256
# Seconds without accepting after the system had no room for a connection.
_RECOVERY = 1.0


class Worker:
    """`number` counts from 1 within the crew. `wires` are the open connections. `draining` is true once no new
    connections are accepted: responses then end theirs."""

    def __init__(self, crew: Crew, number: int, slot: Slot, channel: WorkerChannel) -> None:
        self.crew = crew
        self.generation = crew.generation
        self.number = number
        self.slot = slot
        self.wires: set[Wire] = set()
        self.draining = False
        self._channel = channel
        self._log = crew.generation.logs.server
        self._words = slot.words
        self._requests = self._busy = self._sent = 0
        self._hub = get_hub()
        self.loop: Any = self._hub.loop
        self._dispatcher = crew.dispatcher
        self._acceptor = Acceptor(self.loop, crew.doors, crew.size, self._take, self._exhausted)
        self._most = crew.settings[WORKER_CONNECTIONS]
        self._left = crew.settings[MAX_CONNECTIONS_PER_CHILD] or -1
        self._patience = crew.settings[WORKER_HEARTBEAT_TIMEOUT]
        self._recovers = 0.0
        self._interrupts = float("inf")
        self._resting: list[greenlet] = []
        self._ended = Event()
        self._watchers: list[Any] = []
        self._is_copy = False

    # --- life ---

    def run(self) -> None:
        """Serve until told to end and the last connection has ended."""
        os.register_at_fork(after_in_child=self._become_a_copy)
        self._show_life()
        self.generation.logs.buffer(self.loop)
        self._run_hooks("worker_start")
        self._listen_to_master()
        self._acceptor.resume()
        self._channel.send("ready")
        self._show()
        self._ended.wait()
        self._publish()
        self._run_hooks("worker_stop")
        self.generation.logs.flush()

    def drain(self, seconds: float | None = None) -> None:
        """Accept no more, finish what is under way within `seconds` (default: GracefulShutdownTimeout), and end."""
        if seconds is None:
            seconds = self.crew.settings[GRACEFUL_SHUTDOWN_TIMEOUT] or float("inf")
        self._interrupts = min(self._interrupts, self.loop.now() + seconds)
        if not self.draining:
            self.draining = True
            self._words[scoreboard.DRAINING] = 1
            self._show()
            if seconds > 0 and self._acceptor.accepting:
                self._acceptor.empty_queues()
            self._acceptor.close()
            self._end_if_empty()

    def stop(self) -> None:
        """Accept no more, interrupt what is under way, and end."""
        self.drain(0)

    def _run_hooks(self, name: str) -> None:
        for module in self.generation.modules:
            hook = getattr(module.hooks, name)
            if hook is not None:
                hook(self)

    def _show(self) -> None:
        state = ", draining" if self.draining else ""
        setproctitle(f"prefork_ssl: worker {self.number}, generation {self.generation.number}{state}")

    def _end_if_empty(self) -> None:
        if not self.wires:
            self._ended.set()

    def _become_a_copy(self) -> None:
        """In a process that an application has forked: let go of all that is the worker's. The ports stay open and
        clients wait as long as anybody holds their sockets, and a copied event loop would do the worker's work twice.
        """
        self._is_copy = True
        for watcher in self._watchers:
            watcher.close()  # signals, too: they do here what they do in a new process
        self._acceptor.close()
        for wire in self.wires:
            wire.close()
        self._channel.close()
        self.generation.logs.unbuffer()
        # Not hub.destroy(), which would switch to the hub, and so to what the worker does next.
        set_hub(None)  # type: ignore[arg-type]
        set_loop(None)  # type: ignore[arg-type]
        self._hub.loop.destroy()

    # --- the master, signals, time ---

    def _listen_to_master(self) -> None:
        self._watch(self.loop.io(self._channel.fileno(), _READ), self._heard)
        self._watch(self.loop.signal(signal.SIGTERM), self.stop)
        self._watch(self.loop.signal(signal.SIGUSR1), self.drain)
        self._watch(self.loop.signal(signal.SIGUSR2), self._write_stacks)
        self._watch(self.loop.timer(SWEEP, SWEEP), self._sweep)

    def _watch(self, watcher: Any, callback: Any) -> None:
        watcher.start(callback)
        self._watchers.append(watcher)

    def _heard(self) -> None:
        message = self._channel.receive()
        if message is None:
            self._watchers[0].stop()
            self._log.write(
                Level.ALERT, "the master is gone: this worker finishes what is under way, and ends"
            )
            self.drain()
        elif message == "drain":
            self.drain()
        elif message == "stop":
            self.stop()

    def _write_stacks(self) -> None:
        text = io.StringIO()
        print_run_info(file=text)
        self._log.write(Level.NOTICE, "what every greenlet is doing:", detail=text.getvalue().splitlines())

    def _show_life(self) -> None:
        """Tell the master, and put off the alarm that ends a process which hangs when no master is left to do it."""
        self._words[scoreboard.BEATS] += 1
        if self._patience:
            signal.setitimer(signal.ITIMER_REAL, self._patience + _MASTERS_TURN)

    def _publish(self) -> None:
        """Put what requests have counted where others see it: it changes too often to write there each time."""
        words = self._words
        words[REQUESTS], words[BUSY], words[SENT] = self._requests, self._busy, self._sent

    def _sweep(self) -> None:
        self._show_life()
        self._publish()
        now = self.loop.now()
        if self.draining:
            self._hurry(now)
        elif not self._acceptor.accepting and now >= self._recovers and len(self.wires) < self._most:
            self._acceptor.resume()
        late = [wire for wire in self.wires if wire.deadline <= now]
        for wire in late:
            wire.interrupt(Deadline())

    def _hurry(self, now: float) -> None:
        """Shorten the time that connections have left: idle ones at once, all when the time for draining is over."""
        if now >= self._interrupts:
            for wire in self.wires:
                wire.deadline = now
        if now >= self._interrupts + _GOODBYE:
            self._ended.set()
        for wire in self.wires:
            if wire.idle:
                wire.deadline = min(wire.deadline, now + _LINGER)

    # --- connections ---

    def request_begins(self, _request: Request) -> None:
        """Called by the HTTP loop."""
        self._requests += 1
        self._busy += 1

    def request_ends(self, _request: Request, response: Response) -> None:
        """Called by the HTTP loop."""
        self._busy -= 1
        self._sent += response.sent

    def _take(self, sock: socket.socket, peer: Address, local: Address, connect: Connect) -> None:
        wire = Wire(sock, peer, local)
        self.wires.add(wire)
        words = self._words
        words[ACCEPTED] += 1
        words[OPEN] += 1
        self._left -= 1
        if self._left == 0:
            self._channel.send("spent")
        if len(self.wires) >= self._most:
            self._acceptor.pause()
        attendant = self._resting.pop() if self._resting else greenlet(self._attend, self._hub)
        attendant.switch(wire, connect)

    def _attend(self, wire: Wire, connect: Connect) -> None:
        """A greenlet's life: one connection after the other. To make its stack anew would take a quarter of the time
        that a short connection takes."""
        this = getcurrent()
        while True:
            self._converse(wire, connect)
            this.gr_context = None  # what the last connection kept in context variables is not the next one's
            if len(self._resting) >= _MOST_RESTING:
                return
            self._resting.append(this)
            wire, connect = self._hub.switch()

    def _converse(self, wire: Wire, connect: Connect) -> None:
        try:
            transport = connect(wire)
            if transport is not None:
                serve(transport, self._dispatcher, self)
        except (Deadline, OSError):
            pass  # the ordinary ends of a connection; whoever wants them logged has done so
        except Exception:  # noqa: BLE001 - a mistake in the program must not take the worker's other connections along
            self._log.exception("a connection ended by a mistake in the program", client=wire.peer)
        finally:
            if self._is_copy:
                os._exit(1)  # an application has come back from a fork twice: once is enough
            self._left_by(wire)

    def _left_by(self, wire: Wire) -> None:
        wire.close()
        self.wires.discard(wire)
        self._words[OPEN] -= 1
        if self.draining:
            self._end_if_empty()
        elif len(self.wires) == self._most - 1 and not self._acceptor.accepting:
            self._acceptor.resume()

    def _exhausted(self, error: OSError) -> None:
        self._recovers = self.loop.now() + _RECOVERY
        self._log.write(
            Level.ALERT,
            f"cannot accept connections: {error.strerror}; trying again in {_RECOVERY:g} s "
            f"(raise LimitNOFILE or ulimit -n, or lower WorkerConnections {self._most})",
        )
