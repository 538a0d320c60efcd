"""Rules one after the other: each sees what those before have made."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from prefork_ssl.kernel.directives import DOCUMENT_ROOT
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.rewrite.binding import Rule
from prefork_ssl.modules.rewrite.own_urls import own_url, reduced
from prefork_ssl.modules.rewrite.rule_line import ABSOLUTE
from prefork_ssl.modules.rewrite.state import COOKIES, ENDED, TYPE, RulesError, State
from prefork_ssl.modules.rewrite.trace import Trace

# Characters that a path or a query may grow to: rules that double it would not stop before the memory is full.
_LONGEST = 65536

_FIRST_SEGMENT = re.compile(r"/[^/]+")


class Engine:
    """The rules of one scope."""

    def __init__(self, rules: Sequence[Rule], trace: Trace | None) -> None:
        self._rules = rules
        self._count = len(rules)
        self._trace = trace

    def run(self, state: State) -> bool:
        """Whether the rules want anything to be done; what, is in the state. Raises RulesError."""
        rules, count, trace = self._rules, self._count, self._trace
        index = rounds = 0
        while index < count:
            rule = rules[index]
            if trace is not None:
                trace.pattern(state, rule.line.written)
            found = rule.search(state.path)
            if (found is None) is not rule.negated:
                index = rule.otherwise
                continue
            state.rule, state.condition = found, None
            if rule.holds is not None and not rule.holds(state):
                index = rule.otherwise
                continue
            self._apply(rule, state)
            if state.status or rule.ends:
                break
            if rule.flags.rounds:
                rounds += 1
                if rounds >= rule.flags.rounds:
                    raise RulesError(f"the rule of {rule.line.origin} has begun {rounds} rounds (flag N)")
                index = 0
            else:
                index += 1 + rule.flags.skip
        return state.changed

    def _apply(self, rule: Rule, state: State) -> None:
        flags, request = rule.flags, state.request
        substituted = rule.substitute(state) if rule.substitute else None
        self._note(rule, state)
        if flags.handler:
            request.handler = flags.handler
        if flags.end:
            request.notes[ENDED] = True
        if flags.passthrough:
            state.passed_through = state.changed = True
        if flags.status and not 300 <= flags.status < 400:
            state.status, state.changed = flags.status, True
        elif substituted is not None:
            state.changed = True
            self._substitute(rule, state, *substituted)

    def _note(self, rule: Rule, state: State) -> None:
        """E, CO and T."""
        request = state.request
        for name, expand in rule.env:
            if expand is None:
                request.env.pop(name, None)
            else:
                request.env[name] = expand(state)
        for cookie in rule.cookies:
            request.notes.setdefault(COOKIES, []).append(cookie(state))
        if rule.flags.type:
            request.notes[TYPE] = rule.flags.type

    def _substitute(self, rule: Rule, state: State, path: str, query: str | None) -> None:
        flags, before = rule.flags, state.path
        state.query = _combined(state.query, query, rule)
        if len(path) > _LONGEST or len(state.query or "") > _LONGEST:
            raise RulesError(f"the rule of {rule.line.origin} makes a URL of more than {_LONGEST} characters")
        if flags.discardpath:
            state.request.path_info = ""
        if not (flags.proxy or flags.status):
            path = reduced(state.request, path)
        state.path = state.place.relative(path)
        state.literal = flags.noescape
        state.proxied = flags.proxy
        state.rooted = _is_rooted(rule, state.request, state.path)
        if flags.status:
            state.forced = flags.status
            if not rule.ends and not ABSOLUTE.match(path):
                # What rules behind this one see is a whole URL, as in Apache.
                state.own_url = own_url(state.request)
                state.path = state.own_url + state.place.url_path(state.path)
        if self._trace is not None:
            self._trace.step(
                state.request,
                f"{rule.line.origin}: '{before}' becomes '{path}' with query '{state.query or ''}'",
            )


def _combined(old: str | None, new: str | None, rule: Rule) -> str | None:
    """The query after a substitution: an empty one takes it away."""
    if rule.flags.qsdiscard:
        old = None
    if new is None:
        return old
    if rule.flags.qsappend and old:
        new = f"{new}&{old}" if new else old
    return new or None


def _is_rooted(rule: Rule, request: Request, path: str) -> bool:
    """Whether the path is one of the file system. A client must not choose that, unless UnsafePrefixStat allows it."""
    substitution = rule.line.substitution
    if substitution is not None and substitution.is_below_root:
        return request.host.settings[DOCUMENT_ROOT] is not None
    if rule.rooted or not rule.flags.unsafe_prefix_stat:
        return rule.rooted
    found = _FIRST_SEGMENT.match(path)
    return found is not None and os.path.lexists(found[0])
