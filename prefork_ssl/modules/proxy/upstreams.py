"""All upstreams of a worker by their names: those of the configuration, and those that only requests name."""

from __future__ import annotations

from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.modules.proxy.routes import Destination
from prefork_ssl.modules.proxy.run_time import PREFIX, RunTimeUpstreams, User
from prefork_ssl.modules.proxy.upstream import Upstream
from prefork_ssl.modules.proxy.watch import Watch


class Upstreams:
    """Made by the master, used by the workers, each for itself."""

    def __init__(self, generation: Generation) -> None:
        self.watch = Watch()
        self._run_time = RunTimeUpstreams(self._new, generation.configuration.server_root)
        self._generation = generation
        self._connectors = {
            scheme: connector
            for module in generation.modules
            for scheme, connector in module.connectors.items()
        }
        self._names: dict[Destination, str] = {}
        self._known: dict[str, Upstream] = {}

    def name(self, destination: Destination) -> str:
        """What stands for a destination in Request.filename. It ends like a directory: no <Files> is about it."""
        name = self._names.get(destination)
        if name is None:
            name = f"{PREFIX}{destination.backend}/"
            while name in self._known:
                name += "+/"
            self._names[destination] = name
            self._known[name] = self._new(destination)
        return name

    def find(self, name: str, user: User) -> Upstream:
        """The upstream of that name; for "proxy:" and a URL that no rule of ours has, the server at the URL, until
        `user` is told to forget it. Raises BackendFailure."""
        return self._known.get(name) or self._run_time.find(name, user)

    def _new(self, destination: Destination) -> Upstream:
        connector = self._connectors.get(destination.backend.scheme)
        return Upstream(destination, connector, self._generation, self.watch)


UPSTREAMS = Key[Upstreams]("upstreams")
