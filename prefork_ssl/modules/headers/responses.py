"""Header at work: the last thing before a response is sent.

Apache has two tables of fields: one is sent with every response (`always`), the other only with those that are not made
by the server itself in place of what was asked for. Here is one list, so that `always` and `onsuccess` only tell when a
line acts; a line that is there with both acts once. Of the lines that act, early ones come first, then those with
`always`, each kind in the order of the text, inner scopes after outer ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.matching import OutOfTime
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.expression.condition import EvaluationError
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.octets import as_text
from prefork_ssl.modules.headers.actions import Change, unset
from prefork_ssl.modules.headers.compiling import compile_rule
from prefork_ssl.modules.headers.directives import HEADER
from prefork_ssl.modules.headers.rules import Action, Rule
from prefork_ssl.modules.headers.surroundings import surroundings_of

if TYPE_CHECKING:
    from prefork_ssl.kernel.hooks import ResponsePhase
    from prefork_ssl.kernel.request import HeaderList, Request, Response

_NOT_MODIFIED = 304

Apply = Callable[["Request", "Response"], None]


def response(generation: Generation, host: Host, settings: Settings) -> ResponsePhase | None:
    """The response hook."""
    rules = settings[HEADER]
    if not rules:
        return None
    surroundings, log = surroundings_of(generation, host, settings), generation.logs.for_host(host)
    changes = {rule: _told(rule, compile_rule(rule, surroundings), log) for rule in rules}
    always = [rule for rule in rules if rule.always]
    said = {rule.words for rule in always}
    others = [rule for rule in rules if not rule.always and rule.words not in said]
    apply_always, apply_all = _applying(changes, always), _applying(changes, [*always, *others])

    def change(request: Request, response: Response) -> None:
        if _is_what_was_asked_for(response):
            apply_all(request, response)
        else:
            apply_always(request, response)

    return change


def _is_what_was_asked_for(response: Response) -> bool:
    status = response.status
    return 200 <= status < 300 or status == _NOT_MODIFIED or not response.internal


def _applying(changes: Mapping[Rule, Change], rules: Sequence[Rule]) -> Apply:
    late = [changes[rule] for rule in rules if not rule.early]
    early = [changes[rule] for rule in rules if rule.early]

    def apply(request: Request, response: Response) -> None:
        for change in late:
            response.headers = change(request, response.headers)

    def apply_early_ones(request: Request, response: Response) -> None:
        fields: HeaderList = []
        for change in early:
            fields = change(request, fields)
        response.headers = _beneath(fields, response.headers)
        apply(request, response)

    return apply_early_ones if early else apply


def _beneath(early: HeaderList, fields: HeaderList) -> HeaderList:
    """Fields that were there before there was a response: what it has itself takes their place."""
    names = {name.lower() for name, _ in fields}
    return [*(field for field in early if field[0].lower() not in names), *fields]


def _told(rule: Rule, change: Change, log: ErrorLog) -> Change:
    """The change, as far as it can be worked out, and messages where it cannot. A field that would have to be edited is
    not sent as it is if a search in it takes too long; that is told once, since whoever has found out will come again.
    """
    leave_out = unset({rule.name.lower()}) if rule.action in (Action.EDIT, Action.EDIT_ALL) else _as_it_is
    slow = set[str]()

    def changed(request: Request, headers: HeaderList) -> HeaderList:
        try:
            return change(request, headers)
        except EvaluationError as error:
            message = f"Header at {rule.origin} is left out: {error} ({as_text(request.line)})"
            log.write(Level.ERROR, message, module="headers", client=request.transport.wire.peer)
            return headers
        except OutOfTime as error:
            if error.pattern not in slow:
                slow.add(error.pattern)
                message = (
                    f"Header at {rule.origin}: {error}; such fields are left out ({as_text(request.line)})"
                )
                log.write(Level.WARN, message, module="headers", client=request.transport.wire.peer)
            return leave_out(request, headers)

    return changed if rule.may_fail else change


def _as_it_is(_request: Request, headers: HeaderList) -> HeaderList:
    return headers
