"""Which virtual host answers a request, and under which path it looks.

    connection -> Dispatcher: the endpoint by address
    request -> Endpoint: the host by name, the path made safe -> Site: phases, sections, handlers

What names and targets lead to is remembered, since most requests are for what was asked before.
"""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.dispatch.hosts import NameTable
from prefork_ssl.kernel.dispatch.site import Site
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.http.limits import Limits
from prefork_ssl.kernel.http.response_writer import ResponseWriter
from prefork_ssl.kernel.http.software import server_software
from prefork_ssl.kernel.http.targets import Target, host_name, parse_target
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Request, RequestError, Response
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


class _Targets(dict[str, Target]):
    """Request targets taken apart. Raises RequestError for what is none."""

    def __missing__(self, text: str) -> Target:
        target = parse_target(text)
        if len(text) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = target
        return target


class _Names(dict[str | None, tuple[Site, str]]):
    """What a Host field, or None, leads to: the site, and the name in the field. Raises RequestError."""

    def __init__(self, table: NameTable, sites: _Sites) -> None:
        super().__init__()
        self._table = table
        self._sites = sites

    def __missing__(self, field: str | None) -> tuple[Site, str]:
        name = "" if field is None else host_name(field)
        if len(self) >= _REMEMBERED:
            self.clear()
        named = self[field] = (self._sites[self._table.find(name)], name)
        return named


class Dispatcher:
    """The rules of one generation at work. `writers` send its responses, by the version that status lines name."""

    def __init__(self, generation: Generation) -> None:
        self._hosts = generation.hosts
        self._sites = _Sites(generation)
        self._targets = _Targets()
        self._endpoints: dict[NameTable, Endpoint] = {}
        server = generation.configuration.server.settings
        software = server_software(server, generation.modules)
        self.writers = {version: ResponseWriter(software, version) for version in ("HTTP/1.0", "HTTP/1.1")}

    def at(self, local: tuple[str, int]) -> Endpoint:
        """The endpoint of connections to this address of ours."""
        table = self._hosts.at(local)
        endpoint = self._endpoints.get(table)
        if endpoint is None:
            names = _Names(table, self._sites)
            endpoint = self._endpoints[table] = Endpoint(self._sites[table.default], names, self._targets)
        return endpoint


class Endpoint:
    """What answers at an address of ours: the virtual hosts that can be reached there."""

    __slots__ = ("_default", "_names", "_targets")

    def __init__(self, default: Site, names: _Names, targets: _Targets) -> None:
        self._default = default
        self._names = names
        self._targets = targets

    @property
    def limits(self) -> Limits:
        """The limits of connections, before a request names a host."""
        return self._default.limits

    def answer(self, request: Request) -> Response:
        """The response. Raises nothing."""
        try:
            target = self._targets[request.target]
            if target.authority is not None:
                _rename(request, target.authority)
            site, request.host_name = self._names[request.fields.get("host")]
            request.site = site
            request.host = site.host
            request.settings = site.host.settings
            request.path = path = target.path
            request.query = target.query
            if path == "*" or request.method == "TRACE":
                _check_method(request.method)
        except RequestError as error:
            return self.refuse(request, error)
        return site.answer(request)

    def refuse(self, request: Request, error: RequestError) -> Response:
        """The answer to what cannot be served as a request, by the default host."""
        request.site = site = self._default
        request.host, request.host_name, request.settings = site.host, "", site.host.settings
        request.path, request.query = request.target, None
        message = f"{error.status} {error.note} ({request.line})"
        site.errors.write(Level.INFO, message, client=request.transport.wire.peer)
        return site.refuse(request, error)

    def lost(self, wire: Wire, error: Exception) -> None:
        """Log that a connection ended in the middle of something: nobody's mistake, and seldom of interest."""
        why = str(error) or type(error).__name__
        self._default.errors.write(Level.DEBUG, f"connection lost: {why}", client=wire.peer)


def _rename(request: Request, authority: str) -> None:
    """The Host field counts for nothing beside a target with a host (RFC 9112 section 3.2.2), for nobody."""
    others = [field for field in request.headers if field[0] != "host"]
    request.headers = [("host", authority), *others]


def _check_method(method: str) -> None:
    if method == "TRACE":
        raise RequestError(405, "TRACE is not answered, since it would show what it should not.")
    if method != "OPTIONS":
        raise RequestError(400, 'The target "*" is for OPTIONS alone.')
