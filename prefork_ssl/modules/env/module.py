"""env_module: only wiring. As in Apache, variables are set late, in the fixup phase: what decides about access, or
about where a request leads, does not see them."""

from __future__ import annotations

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Hooks, RequestPhase
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.env.directives import DIRECTIVES, SET_ENV


def _fixup(_generation: Generation, _host: Host, settings: Settings) -> RequestPhase | None:
    variables = {name: value for name, value in settings[SET_ENV].items() if value is not None}

    def set_all(request: Request) -> None:
        request.env.update(variables)

    return set_all if variables else None


module = Module(name="env", directives=DIRECTIVES, hooks=Hooks(fixup=_fixup))
