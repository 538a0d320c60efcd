"""Which rule a URL path falls under, and what it leads to. Most requests are for paths that were asked for before."""

from __future__ import annotations

from collections.abc import Sequence

from prefork_ssl.kernel.hooks import Decided
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.proxy.handler import HANDLER
from prefork_ssl.modules.proxy.routes import Route
from prefork_ssl.modules.proxy.upstreams import Upstreams

# Clients choose paths: so many are remembered, then all forgotten at once; long ones are not.
_REMEMBERED = 4096
_LONGEST = 512

# What Request.filename and path_info become; None for what is kept here.
_Target = tuple[str, str] | None


class Translation:
    """The translate phase of a host with these rules."""

    def __init__(self, routes: Sequence[Route], upstreams: Upstreams) -> None:
        self._routes = routes
        self._upstreams = upstreams
        self._known: dict[str, _Target] = {}

    def __call__(self, request: Request) -> Decided | None:
        path = request.path
        target = self._known[path] if path in self._known else self._learn(path)
        if target is None:
            return None
        request.handler = HANDLER
        request.filename, request.path_info = target
        return Decided.YES

    def _learn(self, path: str) -> _Target:
        target = self._find(path)
        if len(path) <= _LONGEST:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[path] = target
        return target

    def _find(self, path: str) -> _Target:
        for route in self._routes:
            there = route.path(path) if route.path else None
            if there is not None:
                return (self._upstreams.name(route.destination), there) if route.destination else None
        return None
