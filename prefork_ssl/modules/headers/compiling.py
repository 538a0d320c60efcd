"""Rules as functions of the request, when all modules and so all variables are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import BadArgument, Problem
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.expression.ap_expr import AP_EXPR
from prefork_ssl.kernel.expression.compiling import compile_expression
from prefork_ssl.kernel.expression.parsing import Expression
from prefork_ssl.modules.headers import actions
from prefork_ssl.modules.headers.actions import Change
from prefork_ssl.modules.headers.directives import DIRECTIVES
from prefork_ssl.modules.headers.rules import Action, Edit, Noted, Rule
from prefork_ssl.modules.headers.values import Surroundings, compile_replacement, compile_value

if TYPE_CHECKING:
    from prefork_ssl.kernel.hooks import Report
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import HeaderList, Request

Holds = Callable[["Request"], bool]


def check(configuration: Configuration, modules: Sequence[Module], report: Report) -> None:
    """The check hook: names that nobody knows, and early rules where it is too late for them."""
    surroundings = Surroundings(modules)
    for rule in _rules(configuration):
        try:
            compile_rule(rule, surroundings)
        except BadArgument as error:
            report(Problem(f"{rule.directive}: {error}", rule.origin, error.hint, error.excerpt))
    for rule in _early_in_sections(configuration):
        message = f"{rule.directive}: early is for the server and virtual hosts only"
        report(Problem(message, rule.origin, "take the line out of its section, or the word out of the line"))


def _rules(configuration: Configuration) -> Iterable[Rule]:
    """Each once, although virtual hosts inherit."""
    scopes = configuration.scopes
    return dict.fromkeys(rule for scope in scopes for directive in DIRECTIVES for rule in scope[directive])


def _early_in_sections(configuration: Configuration) -> Iterator[Rule]:
    of_hosts = {
        rule for host in configuration.all_hosts for each in DIRECTIVES for rule in host.settings[each]
    }
    yield from (rule for rule in _rules(configuration) if rule.early and rule not in of_hosts)


def compile_rule(rule: Rule, surroundings: Surroundings) -> Change:
    """What the rule does to a list of fields; it raises EvaluationError and OutOfTime. Raises BadArgument."""
    change = _change(rule, surroundings)
    if rule.condition is None:
        return change
    return _conditional(change, _holds(rule.condition, surroundings))


def _change(rule: Rule, surroundings: Surroundings) -> Change:
    action, value = rule.action, rule.value
    name = rule.name.lower() if rule.directive == "RequestHeader" else rule.name
    if rule.pattern is not None:
        return actions.echo(rule.pattern)
    if isinstance(value, Edit):
        replace = compile_replacement(value.replacement, surroundings)
        return actions.edit(name, value.pattern, replace, everywhere=action is Action.EDIT_ALL)
    if action is Action.UNSET:
        return actions.unset(_twins(name))
    text = compile_value(value, surroundings)
    if action is Action.SET:
        return actions.set_field(name, _twins(name), text)
    return _SIMPLE[action](name, text)


_SIMPLE = {
    Action.SETIFEMPTY: actions.set_if_empty,
    Action.ADD: actions.add,
    Action.APPEND: actions.append,
    Action.MERGE: actions.merge,
    Action.NOTE: actions.note,
}


def _twins(name: str) -> frozenset[str]:
    """The names that applications cannot tell apart (RFC 3875 section 4.1.18): clients could send X-User for X_User."""
    return frozenset((name.lower(), name.lower().replace("_", "-")))


def _conditional(change: Change, holds: Holds) -> Change:
    def changed(request: Request, headers: HeaderList) -> HeaderList:
        return change(request, headers) if holds(request) else headers

    return changed


def _holds(condition: Noted | Expression, surroundings: Surroundings) -> Holds:
    if isinstance(condition, Expression):
        return compile_expression(condition, AP_EXPR, surroundings.modules).holds
    name, negated = condition.name, condition.negated
    return lambda request: (surroundings.noted(request, name) is None) is negated
