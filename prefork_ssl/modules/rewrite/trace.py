"""What the rules do, for the error log: LogLevel rewrite:trace1 (results), trace2 (rules that apply), trace3
(patterns), trace4 (conditions). Where that is off there is no Trace, and nothing asks for one."""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.rewrite.condition_line import ConditionLine
from prefork_ssl.modules.rewrite.state import State

MODULE = "rewrite"  # as in: LogLevel rewrite:trace3


class Trace:
    """The messages of one scope; `where` is its directory, "" for a host."""

    def __init__(self, log: ErrorLog, where: str) -> None:
        self._log = log
        self._where = f"[{where}] " if where else ""

    def result(self, state: State) -> None:
        self._write(Level.TRACE1, state.request, _result(state))

    def step(self, request: Request, message: str) -> None:
        self._write(Level.TRACE2, request, message)

    def pattern(self, state: State, pattern: str) -> None:
        self._write(Level.TRACE3, state.request, f"applying pattern '{pattern}' to '{state.path}'")

    def condition(
        self, line: ConditionLine, text: Callable[[State], str], holds: Callable[[State], bool]
    ) -> Callable[[State], bool]:
        """The condition, and a message with its result."""

        def told(state: State) -> bool:
            result = holds(state)
            outcome = "holds" if result else "does not hold"
            self._write(
                Level.TRACE4,
                state.request,
                f"RewriteCond '{text(state)}' {line.written} ({line.origin}): {outcome}",
            )
            return result

        return told

    def _write(self, level: Level, request: Request, message: str) -> None:
        self._log.write(level, self._where + message, module=MODULE, client=request.transport.wire.peer)


def _result(state: State) -> str:
    if state.status:
        return f"answers {state.status}"
    if state.redirect:
        return f"redirects ({state.redirect}) to '{state.path}'"
    if state.proxied:
        return f"hands on to '{state.path}'"
    return f"goes on with '{state.path}'"


def trace_of(log: ErrorLog, where: str) -> Trace | None:
    """None where nothing would be written."""
    return Trace(log, where) if log.enabled(Level.TRACE1, MODULE) else None
