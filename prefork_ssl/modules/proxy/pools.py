"""All destinations of a configuration by their names, and the pools of a worker."""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import TIMEOUT
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Dial
from prefork_ssl.modules.proxy.checking import objection_to
from prefork_ssl.modules.proxy.dialing import Dialer
from prefork_ssl.modules.proxy.directives import PROXY_TIMEOUT
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.pool import Pool
from prefork_ssl.modules.proxy.routes import Destination
from prefork_ssl.modules.proxy.run_time import RunTimeDestinations
from prefork_ssl.modules.proxy.watch import Watch

PREFIX = "proxy:"


class Pools:
    """Made by the master, used by the workers, each for itself: pools are made when they are first needed."""

    def __init__(self, generation: Generation) -> None:
        self.watch = Watch()
        self._connectors = {
            scheme: connector
            for module in generation.modules
            for scheme, connector in module.connectors.items()
        }
        self._generation = generation
        self._run_time = RunTimeDestinations(generation.configuration.server_root)
        self._names: dict[Destination, str] = {}
        self._destinations: dict[str, Destination] = {}
        self._pools: dict[tuple[Destination, float, Host | None], Pool] = {}

    def name(self, destination: Destination) -> str:
        """What stands for a destination in Request.filename. It ends like a directory: no <Files> is about it."""
        name = self._names.get(destination)
        if name is None:
            name = f"{PREFIX}{destination.backend}/"
            while name in self._destinations:
                name += "+/"
            self._names[destination] = name
            self._destinations[name] = destination
        return name

    def destination(self, name: str) -> Destination:
        """The destination of that name; for "proxy:" and a URL that no rule of ours has, the server at the URL. Raises
        BackendFailure."""
        return self._destinations.get(name) or self._run_time.find(name.removeprefix(PREFIX))

    def of(self, host: Host, destination: Destination) -> Pool:
        """The pool for requests to a virtual host. Hosts share one, but for schemes that each may speak its own way.
        Raises BackendFailure for a scheme that the host cannot speak."""
        connector = self._connectors.get(destination.backend.scheme)
        objection = objection_to(destination.backend.scheme, connector, host.settings)
        if objection:
            raise BackendFailure(502, f"cannot be handed on to: {objection}")
        timeout = host.settings[PROXY_TIMEOUT] or host.settings[TIMEOUT]
        key = (destination, timeout, host if connector else None)
        pool = self._pools.get(key)
        if pool is None:
            dial: Dial | None = connector.dial(self._generation, host) if connector else None
            parameters = destination.parameters
            dialer = Dialer(destination.backend, dial, self.watch, keepalive=parameters.keepalive)
            pool = self._pools[key] = Pool(dialer, parameters, timeout, self.watch)
        return pool


POOLS = Key[Pools]("backends")
