"""The lines of a scope as rules that the engine can run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from prefork_ssl.config.errors import BadArgument, ConfigError, Problem
from prefork_ssl.config.matching import Search
from prefork_ssl.modules.rewrite.condition_line import ConditionLine
from prefork_ssl.modules.rewrite.conditions import Holds, bind_conditions
from prefork_ssl.modules.rewrite.confinement import confined
from prefork_ssl.modules.rewrite.cookies import bind_cookie
from prefork_ssl.modules.rewrite.expansion import Lookup, Names, bind, bind_substitution
from prefork_ssl.modules.rewrite.flags import RuleFlags
from prefork_ssl.modules.rewrite.map_sources import MapFile, MapSource, function_of
from prefork_ssl.modules.rewrite.maps import MapTables
from prefork_ssl.modules.rewrite.rule_line import RuleLine, Substitution
from prefork_ssl.modules.rewrite.scope import ConditionalRule, Line, grouped
from prefork_ssl.modules.rewrite.state import State
from prefork_ssl.modules.rewrite.trace import Trace
from prefork_ssl.modules.rewrite.variables import Expand


@dataclass(frozen=True, slots=True)
class Rule:
    """`otherwise` is the number of the rule that is next where this one does not apply: behind all that are chained to
    it. `ends`: no other is next where it does. `rooted`: the substitution is a path of the file system, as Apache
    guesses, since its first segment is there."""

    line: RuleLine
    search: Search
    negated: bool
    holds: Holds | None
    substitute: Callable[[State], tuple[str, str | None]] | None
    flags: RuleFlags
    rooted: bool
    env: tuple[tuple[str, Expand | None], ...]
    cookies: tuple[Expand, ...]
    otherwise: int
    ends: bool


def lookups(maps: Mapping[str, MapSource], tables: MapTables | None) -> dict[str, Lookup]:
    """What a host's maps find; without `tables`, to see what names there are, files are empty."""
    return {name: _lookup(source, tables) for name, source in maps.items()}


def _lookup(source: MapSource, tables: MapTables | None) -> Lookup:
    if isinstance(source, MapFile):
        return Lookup(tables.find(source) if tables else lambda _key: None, trusted=True)
    return Lookup(function_of(source), trusted=False)


def bind_rules(lines: Iterable[Line], names: Names, trace: Trace | None) -> tuple[Rule, ...]:
    """Raises ConfigError for names that nobody knows."""
    conditional = tuple(grouped(lines))
    return tuple(
        _bound(each, names, trace, _behind(conditional, number)) for number, each in enumerate(conditional)
    )


def problems_of(lines: Sequence[Line], names: Names) -> Iterable[Problem]:
    """What is wrong with the lines of one scope."""
    for number, line in enumerate(lines):
        if isinstance(line, ConditionLine):
            following = lines[number + 1] if number + 1 < len(lines) else None
            if following is None:
                yield Problem(
                    "RewriteCond: no RewriteRule follows in this scope", line.origin, "it is about none"
                )
            elif line.flags.ornext and not isinstance(following, ConditionLine):
                yield Problem(
                    "RewriteCond: flag OR, but no other condition follows", line.origin, "remove OR"
                )
    for each in grouped(lines):
        try:
            _bound(each, names, None, 0)
        except ConfigError as error:
            yield from error.problems


def _behind(rules: Sequence[ConditionalRule], number: int) -> int:
    while number < len(rules) and rules[number].rule.flags.chain:
        number += 1
    return number + 1


def _bound(each: ConditionalRule, names: Names, trace: Trace | None, otherwise: int) -> Rule:
    line, flags = each.rule, each.rule.flags
    holds = _conditions(each.conditions, names, trace)
    try:
        return Rule(
            line,
            line.pattern.search,
            line.negated,
            _not_within(holds) if flags.nosubreq else holds,
            _substitution(line.substitution, names, flags),
            flags,
            line.substitution is not None and os.path.lexists(line.substitution.first_segment),
            tuple((name, None if value is None else bind(value, names)) for name, value in flags.env),
            tuple(bind_cookie(cookie, names) for cookie in flags.cookies),
            otherwise,
            flags.last or flags.end or flags.proxy or flags.passthrough,
        )
    except BadArgument as error:
        raise ConfigError([Problem(f"RewriteRule: {error}", line.origin, error.hint)]) from None


def _conditions(lines: Sequence[ConditionLine], names: Names, trace: Trace | None) -> Holds | None:
    for line in lines:
        try:
            bind_conditions([line], names, None)
        except BadArgument as error:
            problem = Problem(f"RewriteCond: {error}", line.origin, error.hint, error.excerpt)
            raise ConfigError([problem]) from None
    return bind_conditions(lines, names, trace)


def _not_within(holds: Holds | None) -> Holds:
    """NS: not for requests within another one."""

    def check(state: State) -> bool:
        return state.request.previous is None and (holds is None or holds(state))

    return check


def _substitution(
    substitution: Substitution | None, names: Names, flags: RuleFlags
) -> Callable[[State], tuple[str, str | None]] | None:
    if substitution is None:
        return None
    substitute = bind_substitution(substitution, names, flags.escaping, marks=flags.unsafe_allow_3f)
    return confined(substitution, substitute)
