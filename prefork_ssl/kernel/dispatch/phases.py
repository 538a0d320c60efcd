"""The functions that a request goes through, gathered from the modules once.

One HostPhases for each virtual host, one DirectoryPhases for each set of merged directory settings that requests meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import LIMIT_REQUEST_BODY, SET_HANDLER
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import RequestPhase, ResponsePhase

P = ParamSpec("P")
F = TypeVar("F")


@dataclass(frozen=True, slots=True, eq=False)
class HostPhases:
    """What happens to every request of a virtual host: before its settings are merged, and at the very end."""

    post_read: tuple[RequestPhase, ...]
    translate: tuple[RequestPhase, ...]
    log: tuple[ResponsePhase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DirectoryPhases:
    """What happens where these settings hold. `steps` are access, authentication, authorisation and the handlers, in
    this order: the first that gives a response has answered. `handler` is SetHandler's name, `body_limit` in bytes
    (0: none)."""

    settings: Settings
    handler: str | None
    body_limit: int
    steps: tuple[RequestPhase, ...]
    response: tuple[ResponsePhase, ...]


def host_phases(generation: Generation, host: Host) -> HostPhases:
    """The phases of one virtual host."""
    hooks = [module.hooks for module in generation.modules]
    return HostPhases(
        post_read=_made((hook.post_read for hook in hooks), generation, host),
        translate=_made((hook.translate for hook in hooks), generation, host),
        log=_made((hook.log for hook in hooks), generation, host),
    )


def directory_phases(generation: Generation, host: Host, settings: Settings) -> DirectoryPhases:
    """The phases of one set of merged settings."""
    hooks = [module.hooks for module in generation.modules]
    steps = (
        *_made((hook.access for hook in hooks), generation, host, settings),
        *_made((hook.authenticate for hook in hooks), generation, host, settings),
        *_made((hook.authorise for hook in hooks), generation, host, settings),
        *_made((hook.handler for hook in hooks), generation, host, settings),
    )
    return DirectoryPhases(
        settings=settings,
        handler=settings[SET_HANDLER],
        body_limit=settings[LIMIT_REQUEST_BODY],
        steps=steps,
        response=_made((hook.response for hook in hooks), generation, host, settings),
    )


def _made(
    factories: Iterable[Callable[P, F | None] | None], *args: P.args, **kwargs: P.kwargs
) -> tuple[F, ...]:
    offered = (factory(*args, **kwargs) for factory in factories if factory is not None)
    return tuple(function for function in offered if function is not None)
