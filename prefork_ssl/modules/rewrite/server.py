"""Rules of a host: they see the URL path before it has led anywhere."""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import DOCUMENT_ROOT
from prefork_ssl.kernel.hooks import Decided
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.rewrite.answers import answer_of, hand_to_proxy, local_path
from prefork_ssl.modules.rewrite.engine import Engine
from prefork_ssl.modules.rewrite.state import ENDED, State
from prefork_ssl.modules.rewrite.trace import Trace


class ServerPlace:
    """Paths are URL paths, and names of files are not known yet."""

    def filename(self, path: str) -> str:
        return path

    def relative(self, path: str) -> str:
        return path

    def url_path(self, path: str) -> str:
        return path if path.startswith("/") else f"/{path}"


_PLACE = ServerPlace()


class ServerRules:
    """The translate phase of a host.

    What the rules make of a path is a file below DocumentRoot, or one of the file system if it begins so. With PT, and
    where there is no DocumentRoot, it is a URL path again, for Alias, applications and the like.
    """

    def __init__(self, host: Host, engine: Engine, trace: Trace | None) -> None:
        root = host.settings[DOCUMENT_ROOT]
        self._root = None if root is None else str(root).rstrip("/")
        self._engine = engine
        self._trace = trace

    def __call__(self, request: Request) -> Response | Decided | None:
        if request.notes and request.notes.get(ENDED):
            return None
        state = State(request, request.path, _PLACE)
        if not self._engine.run(state):
            return None
        answer = answer_of(state)
        if self._trace is not None:
            self._trace.result(state)
        if answer is not None:
            return answer
        if state.proxied:
            hand_to_proxy(state)
            return Decided.YES
        return self._lead(state)

    def _lead(self, state: State) -> Decided | None:
        request = state.request
        path = local_path(_PLACE.url_path(state.path))
        request.query = state.query
        if state.passed_through or (self._root is None and not state.rooted):
            request.path = path
            return None
        request.filename = path if state.rooted else f"{self._root}{path}"
        return Decided.YES
