"""setenvif_module: a host's lines as soon as a request has come, those of sections before access control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import BadArgument, Problem
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.expression.condition import EvaluationError
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Hooks, Report, RequestPhase
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.octets import as_text
from prefork_ssl.kernel.request import RequestError
from prefork_ssl.modules.setenvif.directives import DIRECTIVES, SET_ENV_IF

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request
    from prefork_ssl.modules.setenvif.directives import Rules


def _check(configuration: Configuration, modules: Sequence[Module], report: Report) -> None:
    """Report variables that nobody knows."""
    rules = dict.fromkeys(rule for scope in configuration.scopes for rule in scope[SET_ENV_IF])
    for rule in rules:  # each once, although virtual hosts inherit
        try:
            rule.compile(modules)
        except BadArgument as error:
            report(Problem(f"{rule.directive}: {error}", rule.origin, error.hint, error.excerpt))


def _post_read(generation: Generation, host: Host) -> RequestPhase | None:
    return _phase(generation, host, host.settings[SET_ENV_IF])


def _header_parser(generation: Generation, host: Host, settings: Settings) -> RequestPhase | None:
    done = host.settings[SET_ENV_IF]
    return _phase(generation, host, tuple(rule for rule in settings[SET_ENV_IF] if rule not in done))


def _phase(generation: Generation, host: Host, rules: Rules) -> RequestPhase | None:
    steps = [(rule.compile(generation.modules), rule.origin) for rule in rules]
    log = generation.logs.for_host(host)

    def look(request: Request) -> None:
        for step, origin in steps:
            try:
                step(request)
            except EvaluationError as error:
                message = (
                    f"SetEnvIfExpr at {origin}: {error}; the request is refused ({as_text(request.line)})"
                )
                log.write(Level.ERROR, message, module="setenvif", client=request.transport.wire.peer)
                raise RequestError(500, "") from None

    return look if steps else None


module = Module(
    name="setenvif",
    directives=DIRECTIVES,
    hooks=Hooks(check=_check, post_read=_post_read, header_parser=_header_parser),
    # What clients may not send is taken out of their requests first.
    after=("ssl_module", "proxy_module"),
)
