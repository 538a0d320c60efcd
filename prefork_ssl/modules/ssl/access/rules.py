"""The access hook: SSLRequireSSL and SSLRequire keep out, SSLUserName names those who are let in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.expression.condition import Condition, EvaluationError
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import RequestPhase
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import RequestError, Response
from prefork_ssl.kernel.variables import resolve
from prefork_ssl.modules.ssl.access.conditions import CONDITIONS
from prefork_ssl.modules.ssl.access.directives import SSL_REQUIRE, SSL_REQUIRE_SSL, Rule
from prefork_ssl.modules.ssl.access.options import SSL_OPTIONS, SSLOption
from prefork_ssl.modules.ssl.access.user_name import user_name
from prefork_ssl.modules.ssl.hosts.logs import SSL_LOGS
from prefork_ssl.modules.ssl.log.event import quoted
from prefork_ssl.modules.ssl.log.events.requests import denied

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

_STATUS = 403
_ONLY_TLS = "This page is only for encrypted connections: ask for it by https."
# What a log may show of a request that was refused: what is said of its connection, not what the client has sent.
_SHOWN = re.compile(r"%\{(?:SSL:)?(SSL_\w+)\}", re.IGNORECASE)


def access(generation: Generation, host: Host, settings: Settings) -> RequestPhase | None:
    """See kernel/hooks.py."""
    rules = settings[SSL_REQUIRE]
    only_tls = settings[SSL_REQUIRE_SSL]
    name_user = user_name(settings, generation.modules)
    if not rules and not only_tls:
        return name_user
    refusals = Refusals(generation, host, strict=SSLOption.STRICT_REQUIRE in settings[SSL_OPTIONS])
    checks = tuple(_check(rule, generation[CONDITIONS][rule], refusals) for rule in rules)

    def admit(request: Request) -> Response | None:
        if not request.transport.secure:
            return refusals.unencrypted(request, "SSLRequireSSL" if only_tls else "SSLRequire")
        for check in checks:
            response = check(request)
            if response is not None:
                return response
        return name_user(request) if name_user else None

    return admit


def _check(rule: Rule, condition: Condition, refusals: Refusals) -> RequestPhase:
    holds = condition.holds

    def check(request: Request) -> Response | None:
        try:
            return None if holds(request) else refusals.unfulfilled(request, rule, condition)
        except EvaluationError as error:
            return refusals.unanswered(request, rule, error)

    return check


class Refusals:
    """Refuses requests, and tells the logs why. With `strict` (StrictRequire) no password makes up for it, whatever
    Satisfy says."""

    def __init__(self, generation: Generation, host: Host, *, strict: bool) -> None:
        self._log = generation.logs.for_host(host)
        self._ssl_log = generation[SSL_LOGS][host]
        self._modules = generation.modules
        self._strict = strict

    def unencrypted(self, request: Request, directive: str) -> Response:
        """Without TLS, there is nothing that SSLRequire could ask about; mod_ssl lets such requests pass."""
        return self._refuse(request, directive, "the connection is not encrypted", _ONLY_TLS)

    def unfulfilled(self, request: Request, rule: Rule, condition: Condition) -> Response:
        """The condition does not hold. Raises EvaluationError."""
        failing = condition.failing(request)
        values = _values(failing, request, self._modules)
        return self._refuse(request, f"SSLRequire at {rule.origin}", f"{failing}{values}")

    def unanswered(self, request: Request, rule: Rule, error: EvaluationError) -> Response:
        """Nobody knows whether the condition holds."""
        return self._refuse(request, f"SSLRequire at {rule.origin}", quoted(str(error)))

    def _refuse(self, request: Request, directive: str, why: str, note: str = "") -> Response:
        request.env["ssl-access-forbidden"] = "1"
        denied(self._ssl_log, request, directive, why)
        message = f"access to {request.path} failed, reason: {directive}: {why}"
        self._log.write(Level.ERROR, message, module="ssl", client=request.transport.wire.peer)
        if self._strict:
            raise RequestError(_STATUS, note)
        return Response(_STATUS, note=note)


def _values(text: str, request: Request, modules: Sequence[Module]) -> str:
    """The values of the SSL variables in a part of an expression."""
    names = dict.fromkeys(_SHOWN.findall(text))
    variables = {name: resolve(name, modules) for name in names}
    shown = ", ".join(
        f"{name} is {quoted(variable(request)) or 'empty'}"
        for name, variable in variables.items()
        if variable
    )
    return f" ({shown})" if shown else ""
