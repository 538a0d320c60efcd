"""A crew: a generation, the doors it opens to clients, and who its workers are. What the master forks workers from."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.directives import START_SERVERS
from prefork_ssl.kernel.dispatch.dispatch import Dispatcher
from prefork_ssl.kernel.generation import Generation, ModuleSource, build
from prefork_ssl.kernel.hooks import Connect
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.process.listeners import Listener, close_unused, open_listeners
from prefork_ssl.kernel.process.log_folders import doubtful
from prefork_ssl.kernel.process.privileges import Identity, worker_identity
from prefork_ssl.kernel.transport import Transport


@dataclass(frozen=True, slots=True)
class Door:
    """Where connections come in, and what makes a transport of one."""

    listener: Listener
    connect: Connect


@dataclass(frozen=True, eq=False, slots=True)
class Crew:
    """`source` is where the configuration's modules were found. `identity` is None if the workers stay who the master
    is."""

    source: ModuleSource
    generation: Generation
    dispatcher: Dispatcher
    doors: tuple[Door, ...]
    identity: Identity | None

    @property
    def settings(self) -> Settings:
        """The main server's settings."""
        return self.generation.configuration.server.settings

    @property
    def log(self) -> ErrorLog:
        """The main server's error log."""
        return self.generation.logs.server

    @property
    def size(self) -> int:
        """How many workers it is to have: StartServers, or one for each core that this process may use."""
        return self.settings[START_SERVERS] or len(os.sched_getaffinity(0))

    @property
    def sockets(self) -> list[socket.socket]:
        """What it listens on."""
        return [door.listener.sock for door in self.doors]

    def __str__(self) -> str:
        doors = ", ".join(str(door.listener) for door in self.doors)
        return f"generation {self.generation.number}, {self.size} workers on {doors}"

    def close_sockets(self, successor: Crew | None) -> None:
        """Close the sockets that the successor does not use."""
        close_unused(self.sockets, successor.sockets if successor else ())


def muster(
    configuration: Configuration,
    source: ModuleSource,
    previous: Crew | None,
    adopted: Iterable[socket.socket] = (),
) -> Crew:
    """Make a configuration ready to serve. Sockets of the previous crew, or adopted ones, are used again.

    Raises ConfigError, and has then changed nothing of what `previous` uses.
    """
    settings = configuration.server.settings
    identity = worker_identity(settings)
    inherited = previous.sockets if previous else list(adopted)
    listeners = open_listeners(settings, inherited)
    generation = previous.generation if previous else None
    number = generation.number + 1 if generation else 1
    with ExitStack() as undo:
        undo.callback(close_unused, [listener.sock for listener in listeners], inherited)
        built = build(configuration, source, number, generation)
        undo.callback(built.logs.close)
        doors = tuple(Door(listener, _connect(built, listener)) for listener in listeners)
        crew = Crew(source, built, Dispatcher(built), doors, identity)
        for warning in doubtful(built.logs.files, identity):
            crew.log.write(Level.WARN, warning)
        undo.pop_all()
    return crew


def _connect(generation: Generation, listener: Listener) -> Connect:
    """What the first module that cares for this listener offers; without any, the plain transport."""
    for module in generation.modules:
        if module.hooks.connection is not None:
            connect = module.hooks.connection(generation, listener)
            if connect is not None:
                return connect
    return Transport
