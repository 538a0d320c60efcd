"""env_module: only wiring. As in Apache, variables are set late, in the fixup phase: what decides about access, or
about where a request leads, does not see them."""

from __future__ import annotations

from collections.abc import Iterator

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Hooks, RequestPhase
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.env.directives import DIRECTIVES, SET_ENV, Undefined, variables_after


def _undefined(configuration: Configuration) -> Iterator[str]:
    """What PassEnv was to pass on and cannot, as warnings."""
    changes = (change for scope in configuration.scopes for change in scope[SET_ENV])
    for change in dict.fromkeys(changes):  # each once, although virtual hosts inherit
        if isinstance(change, Undefined):
            yield (
                f"{change.origin}: PassEnv {change.name}: the server was started without such a variable "
                "(set it in the environment of whoever starts the server, or take the line away)"
            )


def _prepare(generation: Generation) -> None:
    for warning in _undefined(generation.configuration):
        generation.logs.server.write(Level.WARN, warning, module="env")


def _fixup(_generation: Generation, _host: Host, settings: Settings) -> RequestPhase | None:
    variables = variables_after(settings[SET_ENV])

    def set_all(request: Request) -> None:
        request.env.update(variables)

    return set_all if variables else None


module = Module(
    name="env",
    directives=DIRECTIVES,
    hooks=Hooks(prepare=_prepare, examine=_undefined, fixup=_fixup),
)
