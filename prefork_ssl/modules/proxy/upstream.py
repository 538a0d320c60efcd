"""One destination, and the pools through which a worker reaches it."""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import TIMEOUT
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Connector
from prefork_ssl.modules.proxy.checking import objection_to
from prefork_ssl.modules.proxy.dialing import Dialer
from prefork_ssl.modules.proxy.directives import PROXY_TIMEOUT
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.pool import Pool
from prefork_ssl.modules.proxy.routes import Destination
from prefork_ssl.modules.proxy.watch import Watch


class Upstream:
    """Made by the master, used by the workers, each for itself: pools are made when they are first needed. `connector`
    is for schemes that need more than TCP."""

    def __init__(
        self, destination: Destination, connector: Connector | None, generation: Generation, watch: Watch
    ) -> None:
        self.destination = destination
        self._connector = connector
        self._generation = generation
        self._watch = watch
        self._pools: dict[tuple[float, Host | None], Pool] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a connection is in use."""
        return any(pool.in_use for pool in self._pools.values())

    @property
    def last_used(self) -> float:
        """When a request was done with it for the last time, in the loop's time; 0 if none ever was."""
        return max((pool.last_used for pool in self._pools.values()), default=0.0)

    def pool(self, host: Host) -> Pool:
        """The pool for requests to a virtual host. Hosts share one, but for schemes that each may speak its own way.
        Raises BackendFailure for a scheme that the host cannot speak."""
        scheme = self.destination.backend.scheme
        objection = objection_to(scheme, self._connector, host.settings)
        if objection:
            raise BackendFailure(502, f"cannot be handed on to: {objection}")
        timeout = host.settings[PROXY_TIMEOUT] or host.settings[TIMEOUT]
        key = (timeout, host if self._connector else None)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._new_pool(host, timeout)
        return pool

    def close(self) -> None:
        """Keep no connections any more. Those that are in use end with their requests."""
        for pool in self._pools.values():
            pool.close()

    def _new_pool(self, host: Host, timeout: float) -> Pool:
        dial = self._connector.dial(self._generation, host) if self._connector else None
        parameters = self.destination.parameters
        dialer = Dialer(self.destination.backend, dial, self._watch, keepalive=parameters.keepalive)
        return Pool(dialer, parameters, timeout, self._watch)
