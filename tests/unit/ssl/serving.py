"""The TLS of a configuration on a loopback port, in a thread with an event loop of its own.

A connection is received as the worker does it, and then answered by `answer`; by default whatever is read is sent back.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gevent import get_hub
from greenlet import getcurrent, greenlet

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.errors import Origin
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel import generation
from prefork_ssl.kernel.directives import CORE_DIRECTIVES
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Connect
from prefork_ssl.kernel.loader import Loader
from prefork_ssl.kernel.process.listeners import Listener
from prefork_ssl.kernel.transport import Deadline, Transport, Wire
from prefork_ssl.modules.ssl.module import module

Answer = Callable[[Transport], None]


def read(folder: Path, text: str) -> tuple[Configuration, Loader]:
    """A configuration with the ssl module, read from a file in `folder`, which is ServerRoot too."""
    loader = Loader()
    file = folder / "test.conf"
    file.write_text(f"ErrorLog error_log\nServerName main.test\nLoadModule ssl_module\n{text}")
    configuration = read_configuration(
        file, server_root=folder, core=CORE_DIRECTIVES, modules=loader, defines={}
    )
    return configuration, loader


def prepare(folder: Path, text: str, previous: Generation | None = None) -> Generation:
    """A generation of this configuration, ready to serve. Raises ConfigError."""
    configuration, loader = read(folder, text)
    number = previous.number + 1 if previous else 1
    return generation.build(configuration, loader, number, previous)


def echo(transport: Transport) -> None:
    """Send back what comes, until the peer ends its side."""
    while data := transport.read():
        transport.write(data)


def logged(file: Path, text: str, seconds: float = 10.0) -> str:
    """The last line of the log that has this text; waits for it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        lines = [line for line in file.read_text().splitlines() if text in line]
        if lines:
            return lines[-1]
        time.sleep(0.01)
    raise AssertionError(f"{text!r} is not in the log:\n{file.read_text()}")


@dataclass
class Served:
    """A running server. `errors` are exceptions that a connection should not have ended with."""

    port: int
    errors: list[BaseException]


@contextmanager
def serving(ready: Generation, answer: Answer = echo) -> Iterator[Served]:
    """Serve `ready` until the block ends; fails if a connection ended with an unexpected exception."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.setblocking(False)
        listener = Listener(sock, sock.getsockname(), "https", Origin("test.conf", 1))
        hook = module.hooks.connection
        assert hook is not None
        connect = hook(ready, listener)
        assert connect is not None
        server = _Server(listener, connect, answer)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        server.started.wait()
        try:
            yield Served(listener.address[1], server.errors)
        finally:
            server.stop()
            thread.join()
        if server.errors:
            raise server.errors[0]


class _Server:
    """A worker without processes."""

    def __init__(self, listener: Listener, connect: Connect, answer: Answer) -> None:
        self._listener, self._connect, self._answer = listener, connect, answer
        self._wires: set[Wire] = set()
        self._stop: Any = None
        self.errors: list[BaseException] = []
        self.started = threading.Event()

    def run(self) -> None:
        hub = get_hub()
        self._stop = hub.loop.async_()
        accepting = hub.loop.io(self._listener.sock.fileno(), 1)
        accepting.start(self._accept)
        sweep = hub.loop.timer(0.02, 0.02)
        sweep.start(self._sweep)
        self._stop.start(self._end, getcurrent())
        self.started.set()
        hub.switch()
        for watcher in (accepting, sweep, self._stop):
            watcher.stop()
            watcher.close()
        hub.destroy(destroy_loop=True)

    def stop(self) -> None:
        self._stop.send()

    def _end(self, main: greenlet) -> None:
        for wire in list(self._wires):
            wire.interrupt(Deadline())
        main.switch()

    def _accept(self) -> None:
        sock, peer = self._listener.sock.accept()
        sock.setblocking(False)
        wire = Wire(sock, peer, sock.getsockname())
        self._wires.add(wire)
        greenlet(self._converse, get_hub()).switch(wire)

    def _converse(self, wire: Wire) -> None:
        try:
            transport = self._connect(wire)
            if transport is not None:
                self._answer(transport)
                transport.shutdown()
        except (Deadline, OSError):
            pass
        except BaseException as error:  # noqa: BLE001
            self.errors.append(error)
        finally:
            wire.close()
            self._wires.discard(wire)

    def _sweep(self) -> None:
        now = get_hub().loop.now()
        for wire in [wire for wire in self._wires if wire.deadline <= now]:
            wire.interrupt(Deadline())
