"""The authorise phase: whether a request may go on, and what those are told who may not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.expression.condition import EvaluationError
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Authentication, RequestPhase
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Response
from prefork_ssl.kernel.requirements import Test, Verdict
from prefork_ssl.modules.authz.checking import TESTS
from prefork_ssl.modules.authz.directives import AUTHZ_SEND_FORBIDDEN_ON_FAILURE, REQUIRE
from prefork_ssl.modules.authz.evaluation import evaluator
from prefork_ssl.modules.authz.requirements import always_granted

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request


def authorise(
    generation: Generation, host: Host, settings: Settings, ways: Sequence[Authentication]
) -> RequestPhase | None:
    """The authorise hook."""
    rules = settings[REQUIRE].section
    if not rules.members:
        return None
    test = evaluator(rules, generation[TESTS])
    if test is always_granted:
        return None
    return Gate(test, settings, ways, generation.logs.for_host(host)).admit


class Gate:
    """Lets in, or not, by the rules of one set of merged settings."""

    def __init__(self, test: Test, settings: Settings, ways: Sequence[Authentication], log: ErrorLog) -> None:
        self._test = test
        self._ways = ways
        self._challenges = () if settings[AUTHZ_SEND_FORBIDDEN_ON_FAILURE] else ways
        self._rules = f"(Require at {settings.origin(REQUIRE)})"
        self._log = log

    def admit(self, request: Request) -> Response | None:
        """None if the request may go on; otherwise the refusal. Who the user is, is asked only if that matters."""
        try:
            verdict = self._test(request)
            if verdict is Verdict.GRANTED:
                return None
            return self._admit_user(request) if verdict is Verdict.NEEDS_USER else self._forbid(request)
        except EvaluationError as error:
            self._say(request, f"access to {request.path} failed {self._rules}: {error}")
            return Response(403)

    def _admit_user(self, request: Request) -> Response | None:
        for way in self._ways:
            refusal = way.identify(request)
            if refusal is not None:
                return refusal
        if request.user is None:
            self._say(
                request,
                f"access to {request.path} needs a user {self._rules}, and no AuthType says who it is",
            )
            return Response(403)
        return None if self._test(request) is Verdict.GRANTED else self._turn_away(request)

    def _turn_away(self, request: Request) -> Response:
        """Somebody else might be let in."""
        self._say(request, f"user {request.user}: not let in to {request.path} {self._rules}")
        for way in self._challenges:
            if way.challenge is not None:
                return way.challenge(request)
        return Response(403)

    def _forbid(self, request: Request) -> Response:
        self._say(request, f"client denied by server configuration: {request.path} {self._rules}")
        return Response(403)

    def _say(self, request: Request, message: str) -> None:
        self._log.write(Level.ERROR, message, module="authz", client=request.transport.wire.peer)
