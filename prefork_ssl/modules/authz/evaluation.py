"""Rules in, one function out: what they say together about a request (Apache's mod_authz_core).

A requirement that is about the user cannot be judged before the user is known; as long as the others do not decide, it
is the answer of the whole that it needs the user. What is negated can keep out, but never lets in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.kernel.requirements import Test, Verdict
from prefork_ssl.modules.authz.rules import Logic, Requirement, Rule

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request

GRANTED, DENIED, NEEDS_USER, NEUTRAL = Verdict.GRANTED, Verdict.DENIED, Verdict.NEEDS_USER, Verdict.NEUTRAL


def evaluator(rule: Rule, tests: Mapping[Requirement, Test]) -> Test:
    """The test that the rule is. `tests` has one for each requirement in it."""
    if isinstance(rule, Requirement):
        return _negated(tests[rule]) if rule.negated else tests[rule]
    members = [evaluator(member, tests) for member in rule.members]
    if rule.logic is Logic.ALL:
        return _all_of(members)
    return _negated(_any_of(members)) if rule.logic is Logic.NONE else _any_of(members)


def _negated(test: Test) -> Test:
    return lambda request: DENIED if test(request) is GRANTED else NEUTRAL


def _any_of(members: Sequence[Test]) -> Test:
    if len(members) == 1:
        return members[0]

    def test(request: Request) -> Verdict:
        result = NEUTRAL
        for member in members:
            verdict = member(request)
            if verdict is GRANTED:
                return GRANTED
            if verdict is NEEDS_USER or (verdict is DENIED and result is NEUTRAL):
                result = verdict
        return result

    return test


def _all_of(members: Sequence[Test]) -> Test:
    if len(members) == 1:
        return members[0]

    def test(request: Request) -> Verdict:
        result = NEUTRAL
        for member in members:
            verdict = member(request)
            if verdict is DENIED:
                return DENIED
            if verdict is NEEDS_USER or (verdict is GRANTED and result is NEUTRAL):
                result = verdict
        return result

    return test
