"""What happens when rules turn out to be wrong: 500, and a line in the log that says which and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.rewrite.state import RulesError
from prefork_ssl.modules.rewrite.trace import MODULE

T = TypeVar("T")


def guarded(phase: Callable[[Request], T], log: ErrorLog) -> Callable[[Request], T | Response]:
    """The phase, answering with 500 where it raises RulesError."""

    def run(request: Request) -> T | Response:
        try:
            return phase(request)
        except RulesError as error:
            message = f"{error} ({request.line})"
            log.write(Level.ERROR, message, module=MODULE, client=request.transport.wire.peer)
            return Response(500)

    return run
