"""Conditions as functions of the state."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

from prefork_ssl.kernel.expression.ap_expr import AP_EXPR, whole_number
from prefork_ssl.kernel.expression.compiling import compile_expression
from prefork_ssl.kernel.expression.condition import EvaluationError
from prefork_ssl.kernel.expression.parsing import Expression
from prefork_ssl.kernel.expression.tests import TESTS
from prefork_ssl.kernel.request import RequestError
from prefork_ssl.modules.rewrite.condition_line import (
    ConditionLine,
    FileTest,
    IntegerComparison,
    StringComparison,
)
from prefork_ssl.modules.rewrite.expansion import Names, bind
from prefork_ssl.modules.rewrite.state import State
from prefork_ssl.modules.rewrite.trace import Trace
from prefork_ssl.modules.rewrite.variables import Expand

Holds = Callable[[State], bool]

_INTEGERS: Mapping[str, Callable[[int, int], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_STRINGS: Mapping[str, Callable[[tuple[int, str], tuple[int, str]], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def bind_conditions(lines: Sequence[ConditionLine], names: Names, trace: Trace | None) -> Holds | None:
    """The function that tells whether all of them hold; those with OR, whether one of them or the next does. None if
    there are none. Raises BadArgument."""
    alternatives: list[list[Holds]] = [[]]
    for line in lines:
        alternatives[-1].append(_bound(line, names, trace))
        if not line.flags.ornext:
            alternatives.append([])
    groups = [_any(group) for group in alternatives if group]
    return _all(groups) if groups else None


def _any(conditions: Sequence[Holds]) -> Holds:
    return conditions[0] if len(conditions) == 1 else lambda state: any(holds(state) for holds in conditions)


def _all(conditions: Sequence[Holds]) -> Holds:
    return conditions[0] if len(conditions) == 1 else lambda state: all(holds(state) for holds in conditions)


def _bound(line: ConditionLine, names: Names, trace: Trace | None) -> Holds:
    text = bind(line.text, names)
    holds = _negated(_asked(line, text, names)) if line.negated else _asked(line, text, names)
    return holds if trace is None else trace.condition(line, text, holds)


def _negated(holds: Holds) -> Holds:
    return lambda state: not holds(state)


def _asked(line: ConditionLine, text: Expand, names: Names) -> Holds:
    match line.question:
        case FileTest(letter):
            return _file_test(letter, text)
        case IntegerComparison(name, number):
            compare = _INTEGERS[name]
            return lambda state: compare(whole_number(text(state)), number)
        case StringComparison():
            return _string_comparison(line.question, line.flags.nocase, text)
        case Expression():
            return _expression(line.question, names)
        case pattern:
            return _search(pattern.search, text, keep=not line.negated)


def _search(search: Callable[[str], object], text: Expand, *, keep: bool) -> Holds:
    def holds(state: State) -> bool:
        found = search(text(state))
        if found is not None and keep:
            state.condition = found  # type: ignore[assignment]
        return found is not None

    return holds


def _file_test(letter: str, text: Expand) -> Holds:
    test = TESTS["-L" if letter == "-l" else letter]
    return lambda state: test.holds(state.request, text(state))


def _string_comparison(comparison: StringComparison, nocase: bool, text: Expand) -> Holds:
    """The longer text is the greater, as in Apache."""
    compare, wanted = _STRINGS[comparison.operator], _by_length(comparison.text)
    if nocase:
        return lambda state: compare(_by_length(text(state).lower()), wanted)
    return lambda state: compare(_by_length(text(state)), wanted)


def _by_length(text: str) -> tuple[int, str]:
    return len(text), text


def _expression(expression: Expression, names: Names) -> Holds:
    condition = compile_expression(expression, AP_EXPR, names.modules)

    def holds(state: State) -> bool:
        try:
            return condition.holds(state.request)
        except EvaluationError as error:
            raise RequestError(403, f"A condition of this server's rules has no answer: {error}.") from None

    return holds
