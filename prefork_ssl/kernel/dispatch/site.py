"""One virtual host at work: a request in, a response out."""

from __future__ import annotations

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.matching import OutOfTime
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.dispatch.phases import ALLOW, DirectoryPhases, directory_phases, first, host_phases
from prefork_ssl.kernel.dispatch.sections import SectionTable
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.http.error_pages import plain_page, with_page
from prefork_ssl.kernel.http.limits import limits_of
from prefork_ssl.kernel.http.response_head import InvalidResponse
from prefork_ssl.kernel.http.response_writer import BrokenBody
from prefork_ssl.kernel.http.targets import parse_target
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import (
    NO_BODY,
    BodyError,
    Elsewhere,
    Request,
    RequestBody,
    RequestError,
    Response,
    Unfinished,
)

# Handlers that hand a request on, one to the next; more is a circle (Apache's LimitInternalRecursion).
_MOST_MOVES = 10


class Site:
    """The phases, sections, limits and error log of one virtual host."""

    __slots__ = ("_phases", "_sections", "_slow", "errors", "host", "limits")

    def __init__(self, generation: Generation, host: Host) -> None:
        self.host = host
        self.limits = limits_of(host.settings)
        self.errors = generation.logs.for_host(host)
        self._slow: set[str] = set()
        self._phases = host_phases(generation, host)
        self._sections = SectionTable(host, lambda settings: directory_phases(generation, host, settings))

    def answer(self, request: Request) -> Response:
        """The response. Raises nothing: a mistake of a module is logged and answered 500."""
        response, local = self._respond(request)
        try:
            return self._finish(request, response, local)
        except OutOfTime as error:
            response.discard()
            self._tell_once(request, error)
            return plain_page(400)
        except Exception:  # noqa: BLE001
            return self.failed(request)

    def refuse(self, request: Request, error: RequestError) -> Response:
        """The answer to what cannot be served as a request."""
        try:
            response = request.transport.refusal(request) or _refusal(error)
            return self._finish(request, response, self._sections.base)
        except Exception:  # noqa: BLE001
            return self.failed(request)

    def failed(self, request: Request) -> Response:
        """The answer when a module made a mistake: it is logged, with the traceback of the exception being handled."""
        self.errors.exception(f"failed: {request.line}", client=request.transport.wire.peer)
        return plain_page(500)

    def unsendable(self, request: Request, error: InvalidResponse) -> Response:
        """The answer instead of a response that cannot be sent; the exception being handled is logged."""
        if isinstance(error.__cause__, Unfinished):
            self._tell(request, error.__cause__)
            return plain_page(error.__cause__.status)
        return self.failed(request)

    def broken(self, request: Request, error: BrokenBody) -> None:
        """Log that the response could not be sent whole."""
        if isinstance(error.__cause__, Unfinished):
            self._tell(request, error.__cause__)
        else:
            self.errors.exception(f"{error}: {request.line}", client=request.transport.wire.peer)

    def log(self, request: Request, response: Response) -> None:
        """Run the log phase. Raises nothing."""
        for phase in self._phases.log:
            try:
                phase(request, response)
            except OutOfTime as error:
                self._tell_once(request, error)
            except Exception:  # noqa: BLE001
                self.failed(request)

    def _tell_once(self, request: Request, error: OutOfTime) -> None:
        """Log that an expression may take too long: the first time, since whoever has found out will come again."""
        if error.pattern not in self._slow:
            self._slow.add(error.pattern)
            message = f"{error}; requests that this is about are refused ({request.line})"
            self.errors.write(Level.WARN, message, client=request.transport.wire.peer)

    def _tell(self, request: Request, error: Unfinished) -> None:
        self.errors.write(Level.ERROR, f"{error}: {request.line}", client=request.transport.wire.peer)

    def inner_response(self, request: Request) -> Response:
        """The response to a request within another (Request.inner), without the response phase. Raises nothing."""
        try:
            target = parse_target(request.target)
        except RequestError as error:
            return _refusal(error)
        request.path, request.query = target.path, target.query
        return self._respond(request)[0]

    def admits_target(self, request: Request, target: str) -> bool:
        """Whether a GET of another target of this host, within the request, would get as far as its handler."""
        return self._asked_for_target(request, target)[1]

    def admits_file(self, request: Request, filename: str) -> bool:
        """Whether a GET of a file, within the request, would get as far as its handler. No <Location> is about it."""
        return self._asked_for_file(request, filename)[1]

    def rules_of(self, path: str, filename: str) -> Settings:
        """The settings that hold for a path which leads to a file: always the same object for the same sections."""
        return self._sections.find(path, filename).settings

    def ask_for_target(self, request: Request, target: str) -> Request:
        """A GET of another target of this host, within the request, when it has got as far as it gets on the way to its
        handler."""
        return self._asked_for_target(request, target)[0]

    def ask_for_file(self, request: Request, filename: str) -> Request:
        """The same for a file."""
        return self._asked_for_file(request, filename)[0]

    def _asked_for_target(self, request: Request, target: str) -> tuple[Request, bool]:
        inner = request.inner("GET", target, request.headers)
        inner.path, inner.query = target, None
        try:
            parsed = parse_target(target)
        except RequestError:
            return inner, False
        inner.path, inner.query = parsed.path, parsed.query
        return inner, self._admits(inner)

    def _asked_for_file(self, request: Request, filename: str) -> tuple[Request, bool]:
        inner = request.inner("GET", "", request.headers)
        inner.path, inner.query, inner.filename = "", None, filename
        return inner, self._admits(inner)

    def _admits(self, request: Request) -> bool:
        if request.depth > _MOST_MOVES:
            raise RuntimeError(
                f"access control asks more than {_MOST_MOVES} times in turn, now for {request.path}"
            )
        try:
            if first(self._phases.translate, request) is not None:
                return False
            local = self._sections.find(request.path, request.filename)
            request.settings = local.settings
            return first(local.admission, request) is None
        except RequestError:
            return False
        except OutOfTime as error:
            self._tell_once(request, error)
            return False

    def _respond(self, request: Request) -> tuple[Response, DirectoryPhases]:
        """The response as handlers and refusals have it, and the phases that hold where it was made."""
        local: DirectoryPhases | None = None
        try:
            answer: Response | Elsewhere | None = first(self._phases.arrival, request)
            received, moves = request.headers, 0
            while not isinstance(answer, Response):
                if answer is not None:
                    moves += 1
                    local = None
                    _move(request, answer, moves)
                    if request.headers is not received:  # what fixups made of them is forgotten, too
                        request.headers = received
                    answer = first(self._phases.translate, request)
                if answer is None:
                    local = self._enter(request)
                    answer = _within(local, request)
            if local is None:  # answered before: by a redirection of the host, for example
                local = self._enter(request)
        except RequestError as error:
            answer = _refusal(error)
        except OutOfTime as error:
            self._tell_once(request, error)
            answer = Response(400)
        except _Circle as error:
            message = f"{error} ({request.line})"
            self.errors.write(Level.ERROR, message, client=request.transport.wire.peer)
            answer = Response(500)
        except Exception:  # noqa: BLE001
            self.failed(request)
            answer = Response(500)
        return answer, local or self._sections.base

    def _enter(self, request: Request) -> DirectoryPhases:
        """The phases that hold for the request; from now on, it has their settings."""
        local = self._sections.find(request.path, request.filename)
        request.settings = local.settings
        return local

    def _finish(self, request: Request, response: Response, local: DirectoryPhases) -> Response:
        if response.body is None and response.status >= 400:
            response = with_page(request, response, self.inner_response)
        request.response = response
        for phase in local.response:
            phase(request, response)
        return response


class _Circle(Exception):
    """A request is handed on again and again."""


def _move(request: Request, target: Elsewhere, moves: int) -> None:
    if moves > _MOST_MOVES:
        raise _Circle(f"more than {_MOST_MOVES} internal redirects, the last one to {target.path}")
    request.move(target.path)


def _within(local: DirectoryPhases, request: Request) -> Response | Elsewhere:
    """What the first function of the merged settings that has an answer gives."""
    if request.handler is None:
        request.handler = local.handler
    if request.body is not NO_BODY:
        _limit(request.body, local.body_limit)
    for step in local.steps:
        answer = step(request)
        if answer is not None:
            return answer
    return _unhandled(request.method)


def _limit(body: RequestBody, limit: int) -> None:
    body.limit = limit
    if body.length is not None and body.length > limit > 0:
        raise BodyError(413, "The request body is too long.")


def _unhandled(method: str) -> Response:
    """No handler wanted the request."""
    if method in ("GET", "HEAD", "POST"):
        return Response(404)
    return Response(200, [ALLOW], b"") if method == "OPTIONS" else Response(405, [ALLOW])


def _refusal(error: RequestError) -> Response:
    response = Response(error.status, [ALLOW] if error.status == 405 else (), note=error.note)
    response.close = error.last
    return response
