"""The requirements of a configuration, made into tests with what all modules offer."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import BadArgument, ConfigError, Problem
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Report
from prefork_ssl.kernel.requirements import RequirementFactory, Test
from prefork_ssl.modules.authz.directives import REQUIRE
from prefork_ssl.modules.authz.rules import Logic, Requirement, Rule, Section

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module

TESTS = Key[Mapping[Requirement, Test]]("tests of Require")


def check(configuration: Configuration, modules: Sequence[Module], report: Report) -> None:
    """The check hook: requirements that nobody offers or that make no sense, and rules that can let nobody in."""
    for requirement in _requirements(configuration):
        try:
            _test(requirement, modules)
        except BadArgument as error:
            report(_problem(requirement, error))
    for problem in dict.fromkeys(_without_effect(configuration)):
        report(problem)


def prepare(generation: Generation) -> None:
    """The prepare hook. Raises ConfigError."""
    tests: dict[Requirement, Test] = {}
    for requirement in _requirements(generation.configuration):
        try:
            tests[requirement] = _test(requirement, generation.modules)
        except BadArgument as error:
            raise ConfigError([_problem(requirement, error)]) from None
    generation.keep(TESTS, tests)


def _requirements(configuration: Configuration) -> Sequence[Requirement]:
    """Each once, although virtual hosts inherit."""
    scopes = configuration.scopes
    found = (requirement for scope in scopes for requirement in scope[REQUIRE].section.requirements())
    return list(dict.fromkeys(found))


def _test(requirement: Requirement, modules: Sequence[Module]) -> Test:
    offered = {name: factory for module in modules for name, factory in module.requirements.items()}
    factory: RequirementFactory | None = offered.get(requirement.name)
    if factory is None:
        near = difflib.get_close_matches(requirement.name, offered, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(offered))}"
        raise BadArgument(f"nobody offers {requirement.name!r}", hint)
    return factory(requirement.arguments, modules)


def _problem(requirement: Requirement, error: BadArgument) -> Problem:
    return Problem(f"Require {requirement.name}: {error}", requirement.origin, error.hint, error.excerpt)


def _without_effect(configuration: Configuration) -> Iterator[Problem]:
    """What Apache refuses, too: a rule that only keeps out where any rule lets in."""
    for scope in configuration.scopes:
        for section in scope[REQUIRE].section.sections():
            negative = [member for member in section.members if member.negative]
            if section.logic is Logic.ANY:
                yield from (_no_effect(member) for member in negative)
            elif section.logic is Logic.ALL and len(negative) == len(section.members):
                yield _nobody(negative[0])


def _no_effect(rule: Rule) -> Problem:
    return Problem(
        f"{_name(rule)} keeps nobody out here, where any of the rules lets in",
        _first(rule).origin,
        "put it into <RequireAll>, beside a rule that lets in",
    )


def _nobody(rule: Rule) -> Problem:
    return Problem(
        "<RequireAll> lets nobody in, since all rules in it only keep out",
        _first(rule).origin,
        "add a rule that lets in, such as Require all granted",
    )


def _name(rule: Rule) -> str:
    return rule.logic.value if isinstance(rule, Section) else str(rule)


def _first(rule: Rule) -> Requirement:
    return next(rule.requirements()) if isinstance(rule, Section) else rule
