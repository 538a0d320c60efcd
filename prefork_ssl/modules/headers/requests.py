"""RequestHeader at work: before applications and servers behind this one see a request.

What cannot be worked out is no reason to go on: a server behind might take what the client has sent for our word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.expression.condition import EvaluationError
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.octets import as_text
from prefork_ssl.kernel.request import RequestError
from prefork_ssl.modules.headers.actions import Change
from prefork_ssl.modules.headers.compiling import compile_rule
from prefork_ssl.modules.headers.directives import REQUEST_HEADER
from prefork_ssl.modules.headers.rules import Rule
from prefork_ssl.modules.headers.surroundings import surroundings_of

if TYPE_CHECKING:
    from prefork_ssl.kernel.hooks import RequestPhase
    from prefork_ssl.kernel.request import Request, Response


def post_read(generation: Generation, host: Host) -> RequestPhase | None:
    """The post_read hook: early lines."""
    rules = [rule for rule in host.settings[REQUEST_HEADER] if rule.early]
    return _phase(generation, host, host.settings, rules)


def fixup(generation: Generation, host: Host, settings: Settings) -> RequestPhase | None:
    """The fixup hook: all others."""
    rules = [rule for rule in settings[REQUEST_HEADER] if not rule.early]
    return _phase(generation, host, settings, rules)


def _phase(
    generation: Generation, host: Host, settings: Settings, rules: Sequence[Rule]
) -> RequestPhase | None:
    if not rules:
        return None
    surroundings = surroundings_of(generation, host, settings)
    log = generation.logs.for_host(host)
    changes: list[tuple[Change, Rule]] = [(compile_rule(rule, surroundings), rule) for rule in rules]

    def change_all(request: Request) -> Response | None:
        for change, rule in changes:
            before = request.headers
            try:
                after = change(request, before)
            except EvaluationError as error:
                message = f"RequestHeader at {rule.origin}: {error}; the request is refused ({as_text(request.line)})"
                log.write(Level.ERROR, message, module="headers", client=request.transport.wire.peer)
                raise RequestError(500, "") from None
            if after is not before:
                request.headers = after
        return None

    return change_all
