"""The SSLRequire lines of a configuration, made into conditions when all modules and so all variables are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import BadArgument, ConfigError, Problem
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.expression.compiling import compile_expression
from prefork_ssl.kernel.expression.condition import Condition
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Report
from prefork_ssl.modules.ssl.access.directives import SSL_REQUIRE, Rule
from prefork_ssl.modules.ssl.access.user_name import unknown_names
from prefork_ssl.modules.ssl.expression.dialect import SSL_REQUIRE as DIALECT

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module

CONDITIONS = Key[Mapping[Rule, Condition]]("SSLRequire")


def check(configuration: Configuration, modules: Sequence[Module], report: Report) -> None:
    """The check hook: names that nobody knows, constants that make no sense."""
    for rule in _rules(configuration):
        try:
            compile_expression(rule.expression, DIALECT, modules)
        except BadArgument as error:
            report(_problem(rule, error))
    for problem in unknown_names(configuration, modules):
        report(problem)


def prepare(generation: Generation) -> None:
    """The prepare hook. Raises ConfigError."""
    conditions: dict[Rule, Condition] = {}
    for rule in _rules(generation.configuration):
        try:
            conditions[rule] = compile_expression(rule.expression, DIALECT, generation.modules)
        except BadArgument as error:
            raise ConfigError([_problem(rule, error)]) from None
    generation.keep(CONDITIONS, conditions)


def _rules(configuration: Configuration) -> Iterator[Rule]:
    for scope in configuration.scopes:
        yield from scope[SSL_REQUIRE]


def _problem(rule: Rule, error: BadArgument) -> Problem:
    return Problem(f"SSLRequire: {error}", rule.origin, error.hint, error.excerpt)
