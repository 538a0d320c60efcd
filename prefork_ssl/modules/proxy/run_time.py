"""Backends that only a request names: what another module, such as rewrite_module with P, hands on to."""

from __future__ import annotations

from pathlib import Path

from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.modules.proxy.backends import Backend, parse_url
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.parameters import Parameters
from prefork_ssl.modules.proxy.routes import Destination

# For each of a worker's generations: rules that let clients choose a server must not fill the memory with pools.
_MOST = 256


class RunTimeDestinations:
    """Those that have been named so far. Their connections are kept as those of ProxyPass without parameters."""

    def __init__(self, server_root: Path) -> None:
        self._place = Place(Origin("request", 0), server_root)
        self._known: dict[str, Destination] = {}

    def find(self, url: str) -> Destination:
        """The destination at a URL, whose path does not matter. Raises BackendFailure."""
        destination = self._known.get(url)
        if destination is None:
            if len(self._known) >= _MOST:
                raise BackendFailure(503, f"is one server too many: rules have named {_MOST} others")
            destination = self._known[url] = Destination(self._backend(url), Parameters())
        return destination

    def _backend(self, url: str) -> Backend:
        try:
            return parse_url(url, self._place)[0]
        except (BadArgument, OSError) as error:
            raise BackendFailure(502, f"cannot be handed on to: {error}") from None
