"""What the client's part of a substitution cannot do: climb out of the folder that the rule names, or choose another
server than the one that it names."""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.kernel.directives import DOCUMENT_ROOT
from prefork_ssl.kernel.http.targets import climbs
from prefork_ssl.kernel.request import Request, RequestError
from prefork_ssl.modules.rewrite.rule_line import Substitution
from prefork_ssl.modules.rewrite.state import State

Substitute = Callable[[State], tuple[str, str | None]]


def confined(substitution: Substitution, substitute: Substitute) -> Substitute:
    """`substitute`, which is what the substitution does, within these bounds. Raises RequestError for paths with "..",
    unless the rule itself has such."""
    server, may_climb = substitution.server, substitution.climbs

    def confine(state: State) -> tuple[str, str | None]:
        path, query = substitute(state)
        if server and path.startswith(server):
            path = server + _path(path[len(server) :])
        if not may_climb and climbs(path) and climbs(path.removeprefix(_root(state.request))):
            raise RequestError(400, "The URL climbs out of the folder that it leads to.")
        return path, query

    return confine


def _root(request: Request) -> str:
    """The folder that is served, whose name is the administrator's."""
    return request.env.get("CONTEXT_DOCUMENT_ROOT") or str(request.host.settings[DOCUMENT_ROOT])


def _path(rest: str) -> str:
    return rest if not rest or rest.startswith("/") else f"/{rest}"
