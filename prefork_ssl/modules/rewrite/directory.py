"""Rules of <Directory> and <Location>: they see what follows the directory, when the request has already led there."""

from __future__ import annotations

from prefork_ssl.config.tree import DirectorySection, Host, SectionKind
from prefork_ssl.kernel.directives import DOCUMENT_ROOT
from prefork_ssl.kernel.request import Elsewhere, Request, Response
from prefork_ssl.modules.rewrite.answers import answer_of, hand_to_proxy, local_path
from prefork_ssl.modules.rewrite.engine import Engine
from prefork_ssl.modules.rewrite.scope import Force, Option
from prefork_ssl.modules.rewrite.state import ENDED, Place, RulesError, State
from prefork_ssl.modules.rewrite.trace import Trace


class FolderPlace:
    """Paths are relative to the `folder`, whose name ends in a slash. `base` is the URL path that leads there, None if
    it is not known; `root` is DocumentRoot with a slash. The request's own path is `start`."""

    def __init__(self, request: Request, folder: str, start: str, base: str | None, root: str) -> None:
        self._request = request
        self._folder = folder
        self._start = start
        self._base = base
        self._root = root

    def filename(self, path: str) -> str:
        if path == self._start:
            return self._request.filename or ""
        return path if path.startswith("/") else self._folder + path

    def relative(self, path: str) -> str:
        return path.removeprefix(self._folder)

    def url_path(self, path: str) -> str:
        if path.startswith("/"):
            return path[len(self._root) - 1 :] if self._root and path.startswith(self._root) else path
        if self._base is None:
            raise RulesError(f"no URL is known that leads to {self._folder}: RewriteBase must name it")
        return self._base + path


class LocationPlace:
    """Paths are relative to the URL path `prefix`."""

    def __init__(self, request: Request, prefix: str, start: str, base: str) -> None:
        self._request = request
        self._prefix = prefix
        self._start = start
        self._base = base

    def filename(self, path: str) -> str:
        return self._request.filename or "" if path == self._start else self.url_path(path)

    def relative(self, path: str) -> str:
        return path.removeprefix(self._prefix)

    def url_path(self, path: str) -> str:
        return path if path.startswith("/") else self._base + path


class DirectoryRules:
    """The fixup phase of a directory's settings: what the rules make of a URL is asked for anew."""

    def __init__(
        self, host: Host, section: DirectorySection, force: Force, engine: Engine, trace: Trace | None
    ) -> None:
        root = host.settings[DOCUMENT_ROOT]
        self._root = "" if root is None else f"{str(root).rstrip('/')}/"
        self._search = section.pattern.search
        self._is_location = section.kind is SectionKind.LOCATION
        self._base = force.base
        self._no_slash = Option.ALLOW_NO_SLASH in force.options
        self._engine = engine
        self._trace = trace

    def __call__(self, request: Request) -> Response | Elsewhere | None:
        if request.notes and request.notes.get(ENDED):
            return None
        found = self._in_location(request) if self._is_location else self._in_folder(request)
        if found is None:
            return None
        start, place = found
        state = State(request, start, place)
        if not self._engine.run(state):
            return None
        answer = answer_of(state)
        if self._trace is not None:
            self._trace.result(state)
        if answer is not None:
            return answer
        if state.proxied:
            hand_to_proxy(state)
            return None
        return self._go_on(state)

    def _go_on(self, state: State) -> Elsewhere | None:
        """To another path; nowhere if it is the same: so rules that make one file of everything come to rest."""
        request = state.request
        path = local_path(state.place.url_path(state.path))
        request.query = state.query
        if path == request.path:
            return None
        _redirected(request)
        return Elsewhere(path)

    def _in_folder(self, request: Request) -> tuple[str, Place] | None:
        name = request.filename
        if name is None or _is_no_file(request):
            return None
        found = self._search(name)
        if found is None:  # it is the directory itself, without a slash
            found = self._search(f"{name}/") if self._no_slash else None
            if found is None:
                return None
        folder = f"{name}/"[: found.end()]
        start = f"{name}{request.path_info}"[found.end() :]
        base = self._base
        if base is None and request.path.endswith(start):
            base = request.path[: len(request.path) - len(start)]
            base = base if base.endswith("/") else f"{base}/"
        return start, FolderPlace(request, folder, start, base, self._root)

    def _in_location(self, request: Request) -> tuple[str, Place] | None:
        found = self._search(request.path)
        if found is None:
            return None
        prefix = request.path[: found.end()]
        start = request.path[found.end() :]
        base = self._base or (prefix if prefix.endswith("/") else f"{prefix}/")
        return start, LocationPlace(request, base, start, base)


def _redirected(request: Request) -> None:
    """The variables that tell of an internal redirection, by which rules see that they have had a request before. All
    others are there by both names, since recipes use either."""
    env = request.env
    env |= {f"REDIRECT_{name}": value for name, value in env.items() if not name.startswith("REDIRECT_")}
    env |= {"REDIRECT_STATUS": "200", "REDIRECT_URL": request.path}


def _is_no_file(request: Request) -> bool:
    """Whether an application without a script answers: the file name is only what DocumentRoot makes of the URL then,
    and who hands all that is no file on to the application must not do so again."""
    return "SCRIPT_NAME" in request.env and (request.filename or "").endswith(request.path)
