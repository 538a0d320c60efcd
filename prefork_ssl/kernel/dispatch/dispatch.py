"""Which virtual host answers a request, and under which path it looks.

    requests -> Dispatcher: the host by address and name, the path made safe -> Site: phases, sections, handlers

What names and targets lead to is remembered, since most requests are for what was asked before.
"""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.dispatch.site import Site
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.http.error_pages import plain_page
from prefork_ssl.kernel.http.limits import Limits
from prefork_ssl.kernel.http.response_head import InvalidResponse
from prefork_ssl.kernel.http.response_writer import BrokenBody, ResponseWriter
from prefork_ssl.kernel.http.software import server_software
from prefork_ssl.kernel.http.targets import Target, host_name, parse_target
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Request, RequestError, Response, Unfinished
from prefork_ssl.kernel.transport import Wire

# Clients choose names and targets: so many are remembered, then all forgotten at once; long ones are not.
_REMEMBERED = 4096
_LONGEST = 512


class _Sites(dict[Host, Site]):
    """The sites of a generation. Each is made when its host is first asked for: of many, few are."""

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self._generation = generation

    def __missing__(self, host: Host) -> Site:
        site = self[host] = Site(self._generation, host)
        return site


class Dispatcher:
    """Answers requests by the rules of one generation. `writer` sends its responses."""

    def __init__(self, generation: Generation) -> None:
        self._hosts = generation.hosts
        self._sites = _Sites(generation)
        self._named: dict[tuple[tuple[str, int], str | None], tuple[Site, str]] = {}
        self._targets: dict[str, Target] = {}
        server = generation.configuration.server.settings
        self.writer = ResponseWriter(server_software(server, generation.modules))

    def __call__(self, request: Request) -> Response:
        """The response. Raises nothing."""
        try:
            site = self._locate(request)
        except RequestError as error:
            return self.refuse(request, error)
        return site.answer(request)

    def refuse(self, request: Request, error: RequestError) -> Response:
        """The answer to what cannot be served as a request, by the default host of its address."""
        site = self._site_at(request.transport.wire.local)
        request.site = site
        request.host, request.host_name, request.settings = site.host, "", site.host.settings
        request.path, request.query = request.target, None
        message = f"{error.status} {error.note} ({request.line})"
        site.errors.write(Level.INFO, message, client=request.transport.wire.peer)
        return site.refuse(request, error)

    def failed(self, request: Request, error: InvalidResponse) -> Response:
        """The answer instead of a response that cannot be sent; the exception being handled is logged."""
        site = self._sites[request.host]
        if isinstance(error.__cause__, Unfinished):
            _tell(site, request, error.__cause__)
            return plain_page(error.__cause__.status)
        return site.failed(request)

    def broken(self, request: Request, error: BrokenBody) -> None:
        """Log that the response could not be sent whole."""
        site = self._sites[request.host]
        if isinstance(error.__cause__, Unfinished):
            _tell(site, request, error.__cause__)
        else:
            site.errors.exception(f"{error}: {request.line}", client=request.transport.wire.peer)

    def lost(self, wire: Wire, error: Exception) -> None:
        """Log that a connection ended in the middle of something: nobody's mistake, and seldom of interest."""
        why = str(error) or type(error).__name__
        self._site_at(wire.local).errors.write(Level.DEBUG, f"connection lost: {why}", client=wire.peer)

    def log(self, request: Request, response: Response) -> None:
        """Run the log phase, after the response was sent. Raises nothing."""
        self._sites[request.host].log(request, response)

    def limits_at(self, local: tuple[str, int]) -> Limits:
        """The limits of connections to this address of ours, before a request names a host."""
        return self._site_at(local).limits

    def limits_of(self, host: Host) -> Limits:
        """The limits of a host."""
        return self._sites[host].limits

    def _site_at(self, local: tuple[str, int]) -> Site:
        return self._sites[self._hosts.at(local).default]

    def _locate(self, request: Request) -> Site:
        """Find the request's host and path. Raises RequestError."""
        target = self._targets.get(request.target)
        if target is None:
            target = self._learn_target(request.target)
        field = request.fields.get("host") if target.authority is None else target.authority
        key = (request.transport.wire.local, field)
        named = self._named.get(key)
        if named is None:
            named = self._learn_name(*key)
        site, request.host_name = named
        request.site = site
        request.host = site.host
        request.settings = site.host.settings
        request.path = target.path
        request.query = target.query
        _check_method(request.method, target.path)
        return site

    def _learn_target(self, text: str) -> Target:
        target = parse_target(text)
        if len(text) <= _LONGEST:
            if len(self._targets) >= _REMEMBERED:
                self._targets.clear()
            self._targets[text] = target
        return target

    def _learn_name(self, local: tuple[str, int], field: str | None) -> tuple[Site, str]:
        name = "" if field is None else host_name(field)
        named = (self._sites[self._hosts.at(local).find(name)], name)
        if len(self._named) >= _REMEMBERED:
            self._named.clear()
        self._named[local, field] = named
        return named


def _tell(site: Site, request: Request, error: Unfinished) -> None:
    site.errors.write(Level.ERROR, f"{error}: {request.line}", client=request.transport.wire.peer)


def _check_method(method: str, path: str) -> None:
    if method == "TRACE":
        raise RequestError(405, "TRACE is not answered, since it would show what it should not.")
    if path == "*" and method != "OPTIONS":
        raise RequestError(400, 'The target "*" is for OPTIONS alone.')
