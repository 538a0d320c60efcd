"""%{NAME}: the variables that all conditions know, and those that only rules have."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.directives import DOCUMENT_ROOT
from prefork_ssl.kernel.http.redirects import quote_path
from prefork_ssl.kernel.variables import CORE_NAMES, Variable, resolve
from prefork_ssl.modules.rewrite.state import State

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

Expand = Callable[[State], str]


def _context_root(request: Request) -> str:
    return request.env.get("CONTEXT_DOCUMENT_ROOT") or str(request.host.settings[DOCUMENT_ROOT] or "")


def _peer_is_v6(request: Request) -> str:
    return "on" if ":" in request.transport.wire.peer[0] else "off"


# As of the rules before, and not yet of the request.
_OF_STATE: Mapping[str, Expand] = {
    "QUERY_STRING": lambda state: state.query or "",
    "REQUEST_FILENAME": lambda state: state.filename,
    "SCRIPT_FILENAME": lambda state: state.filename,
}
_OF_REQUEST: Mapping[str, Variable] = {
    "CONN_REMOTE_ADDR": lambda request: request.transport.wire.peer[0],
    "CONTEXT_DOCUMENT_ROOT": _context_root,
    "CONTEXT_PREFIX": lambda _request: "",
    "IPV6": _peer_is_v6,
}
_NAMES = (*CORE_NAMES, *_OF_REQUEST)


def variable(name: str, modules: Sequence[Module]) -> Expand:
    """Raises BadArgument for a name that nobody knows."""
    kind, colon, rest = name.partition(":")
    if colon and kind.upper() in ("LA-U", "LA-F"):
        return _ahead(kind.upper(), rest, modules)
    found = _OF_STATE.get(name.upper())
    if found is not None:
        return found
    of_request = _variable(name, modules)
    return lambda state: of_request(state.request)


def _variable(name: str, modules: Sequence[Module]) -> Variable:
    found = _OF_REQUEST.get(name.upper()) or resolve(name, modules)
    if found is None:
        near = difflib.get_close_matches(name.upper(), _NAMES, 1)
        raise BadArgument(f"there is no variable {name}", f"did you mean {near[0]}?" if near else "")
    return found


def _ahead(kind: str, name: str, modules: Sequence[Module]) -> Expand:
    """What the variable will be when the request has been through access control: a request within this one finds out.
    That one does not look ahead itself."""
    found = _variable(name, modules)

    def look(state: State) -> str:
        request = state.request
        if request.previous is not None:
            return ""
        if kind == "LA-F":
            return found(request.site.ask_for_file(request, state.filename))
        return found(request.site.ask_for_target(request, quote_path(state.path)))

    return look
