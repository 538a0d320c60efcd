"""The functions that a request goes through, gathered from the modules once.

One HostPhases for each virtual host, one DirectoryPhases for each set of merged directory settings that requests meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import LIMIT_REQUEST_BODY, SATISFY, SET_HANDLER, Satisfy
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Decided, Handler, RequestPhase, ResponsePhase, Translate
from prefork_ssl.kernel.request import Request, Response

ALLOW = ("Allow", "GET, HEAD, OPTIONS")

P = ParamSpec("P")
F = TypeVar("F")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class HostPhases:
    """What happens to every request of a virtual host: when it comes (its post_read phase, then translate), when it is
    handed on to another path, and at the very end."""

    arrival: tuple[RequestPhase, ...]
    translate: tuple[RequestPhase, ...]
    log: tuple[ResponsePhase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DirectoryPhases:
    """What happens where these settings hold. `admission` looks at the request and decides who may enter; `steps` are
    that, then the fixups and the handlers: the first that gives a response has answered. `handler` is the name that
    SetHandler gives, `body_limit` in bytes (0: none)."""

    settings: Settings
    handler: str | None
    body_limit: int
    admission: tuple[RequestPhase, ...]
    steps: tuple[Handler, ...]
    response: tuple[ResponsePhase, ...]


def host_phases(generation: Generation, host: Host) -> HostPhases:
    """The phases of one virtual host."""
    hooks = [module.hooks for module in generation.modules]
    translate = _translation(_made((hook.translate for hook in hooks), generation, host))
    return HostPhases(
        arrival=(*_made((hook.post_read for hook in hooks), generation, host), _of_server, *translate),
        translate=translate,
        log=_made((hook.log for hook in hooks), generation, host),
    )


def directory_phases(generation: Generation, host: Host, settings: Settings) -> DirectoryPhases:
    """The phases of one set of merged settings."""
    hooks = [module.hooks for module in generation.modules]
    admission = _admission(generation, host, settings)
    return DirectoryPhases(
        settings=settings,
        handler=settings[SET_HANDLER],
        body_limit=settings[LIMIT_REQUEST_BODY],
        admission=admission,
        steps=(
            *admission,
            *_made((hook.fixup for hook in hooks), generation, host, settings),
            *_made((hook.handler for hook in hooks), generation, host, settings),
        ),
        response=_made((hook.response for hook in hooks), generation, host, settings),
    )


def _translation(steps: Sequence[Translate]) -> tuple[RequestPhase, ...]:
    """The translate phase, which ends where a step has decided."""

    def translate(request: Request) -> Response | None:
        for step in steps:
            answer = step(request)
            if answer is not None:
                return None if answer is Decided.YES else answer
        return None

    return (translate,) if steps else ()


def _of_server(request: Request) -> Response | None:
    """The answer to OPTIONS *, which is about no path (RFC 9110 section 9.3.7)."""
    return Response(200, [ALLOW], b"") if request.path == "*" else None


def _admission(generation: Generation, host: Host, settings: Settings) -> tuple[RequestPhase, ...]:
    """Who may enter: those who pass both access and authorisation, or, by Satisfy, either."""
    hooks = [module.hooks for module in generation.modules]
    parsers = _made((hook.header_parser for hook in hooks), generation, host, settings)
    access = _made((hook.access for hook in hooks), generation, host, settings)
    ways = _made((hook.authenticate for hook in hooks), generation, host, settings)
    authorise = _made((hook.authorise for hook in hooks), generation, host, settings, ways)
    if settings[SATISFY] is Satisfy.ANY and access and authorise:
        return (*parsers, _either(access, authorise))
    return (*parsers, *access, *authorise)


def _either(access: Sequence[RequestPhase], authorise: Sequence[RequestPhase]) -> RequestPhase:
    def admit(request: Request) -> Response | None:
        return first(access, request) and first(authorise, request)

    return admit


def first(phases: Iterable[Callable[[Request], R | None]], request: Request) -> R | None:
    """What the first phase that returns anything does return."""
    for phase in phases:
        result = phase(request)
        if result is not None:
            return result
    return None


def _made(
    factories: Iterable[Callable[P, F | None] | None], *args: P.args, **kwargs: P.kwargs
) -> tuple[F, ...]:
    offered = (factory(*args, **kwargs) for factory in factories if factory is not None)
    return tuple(function for function in offered if function is not None)
