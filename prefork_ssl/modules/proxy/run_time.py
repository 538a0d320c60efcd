"""Upstreams that only a request names: what another module, such as rewrite_module with P, hands on to.

Rules may let clients choose, so that there is no end of names. A worker knows the latest ones; for another, the one
makes room that has not been used for the longest time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from weakref import WeakSet

from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.modules.proxy.backends import Backend, parse_url
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.parameters import Parameters
from prefork_ssl.modules.proxy.routes import Destination
from prefork_ssl.modules.proxy.upstream import Upstream

# What Request.filename begins with; the URL of a server follows.
PREFIX = "proxy:"

# For each of a worker's generations.
_MOST = 256
# Seconds without a refusal after which the next one is news.
_EPISODE = 60.0


class User(Protocol):
    """Keeps what it has made of an upstream, until it is told to forget that."""

    def forget(self, name: str) -> None: ...


class RunTimeUpstreams:
    """Those that are known, by the names that they have in Request.filename. Their connections are kept as those of
    ProxyPass without parameters."""

    def __init__(self, new: Callable[[Destination], Upstream], server_root: Path) -> None:
        self._new = new
        self._place = Place(Origin("request", 0), server_root)
        self._known: dict[str, Upstream] = {}
        self._users: WeakSet[User] = WeakSet()
        self._refused = -math.inf

    def find(self, name: str, user: User) -> Upstream:
        """The upstream at the URL in a name, whose path does not matter; `user` is told when it leaves. Raises
        BackendFailure."""
        self._users.add(user)
        upstream = self._known.get(name)
        if upstream is None:
            destination = Destination(self._backend(name.removeprefix(PREFIX)), Parameters())
            if len(self._known) >= _MOST:
                self._make_room()
            upstream = self._known[name] = self._new(destination)
        return upstream

    def _backend(self, url: str) -> Backend:
        try:
            return parse_url(url, self._place)[0]
        except (BadArgument, OSError) as error:
            raise BackendFailure(502, f"cannot be handed on to: {error}") from None

    def _make_room(self) -> None:
        """Let go of the one that has not been used for the longest time. A request that is about to borrow from it can:
        its connection ends with it."""
        resting = {name: each.last_used for name, each in self._known.items() if not each.is_busy}
        if not resting:
            raise self._refusal()
        name = min(resting, key=resting.__getitem__)
        self._known.pop(name).close()
        for user in self._users:
            user.forget(name)

    def _refusal(self) -> BackendFailure:
        now = time.monotonic()
        level = Level.ERROR if now - self._refused >= _EPISODE else Level.DEBUG
        self._refused = now
        reason = (
            f"is one server too many: all {_MOST} that rules have named in this worker are busy"
            f" (others are told of at level debug until {_EPISODE:g} s have passed without one)"
        )
        return BackendFailure(503, reason, level)
