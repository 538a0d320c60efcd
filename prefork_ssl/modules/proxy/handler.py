"""The handler that hands requests on: `proxy-server`, as Apache names it.

A request's file name is then "proxy:" and the URL of the server, with a slash at its end, and its path_info the encoded
path there. That is what other modules set, too, if they want a request handed on.
"""

from __future__ import annotations

import socket

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import SERVER_NAME
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.octets import as_text
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.proxy.directives import PROXY_ADD_HEADERS, PROXY_ERROR_OVERRIDE, PROXY_PRESERVE_HOST
from prefork_ssl.modules.proxy.exchange import Exchanger
from prefork_ssl.modules.proxy.failures import BackendFailure
from prefork_ssl.modules.proxy.request_head import RequestHeads, forwarded_fields
from prefork_ssl.modules.proxy.reverse import Rewrite
from prefork_ssl.modules.proxy.run_time import PREFIX
from prefork_ssl.modules.proxy.upstreams import Upstreams

HANDLER = "proxy-server"
# RFC 9110 sections 10.2.1, 10.2.3 and 11.6.1.
_OF_ERRORS = frozenset(("allow", "retry-after", "www-authenticate"))
MODULE = "proxy"  # as in: LogLevel proxy:debug


class ProxyHandler:
    """Answers requests under one set of merged settings."""

    def __init__(
        self,
        generation: Generation,
        host: Host,
        settings: Settings,
        upstreams: Upstreams,
        rewrite: Rewrite | None,
    ) -> None:
        self._host = host
        self._log = generation.logs.for_host(host)
        self._upstreams = upstreams
        self._rewrite = rewrite
        self._own_pages = settings[PROXY_ERROR_OVERRIDE]
        self._preserve = settings[PROXY_PRESERVE_HOST]
        name = host.settings[SERVER_NAME].rpartition("://")[2]
        self._added = forwarded_fields(name or socket.gethostname()) if settings[PROXY_ADD_HEADERS] else None
        self._exchangers: dict[str, Exchanger] = {}

    def __call__(self, request: Request) -> Response | None:
        if request.handler != HANDLER or request.filename is None:
            return None
        try:
            exchanger = self._exchangers.get(request.filename) or self._new_exchanger(request.filename)
            response = exchanger.answer(request, request.path_info)
        except BackendFailure as failure:
            server = request.filename.removeprefix(PREFIX).rstrip("+/")
            message = f"{server} {failure} ({as_text(request.line)})"
            self._log.write(failure.level, message, module=MODULE, client=request.transport.wire.peer)
            return Response(failure.status, note=failure.note)
        if response.status in self._own_pages and request.previous is None:
            return _without_page(response)
        if self._rewrite is not None:
            self._rewrite(request, response.headers)
        return response

    def forget(self, name: str) -> None:
        """See run_time.py."""
        self._exchangers.pop(name, None)

    def _new_exchanger(self, name: str) -> Exchanger:
        upstream = self._upstreams.find(name, self)
        destination = upstream.destination
        backend = destination.backend
        keep = not destination.parameters.disablereuse
        heads = RequestHeads(backend.authority, preserve=self._preserve, added=self._added, keep=keep)
        exchanger = Exchanger(upstream.pool(self._host), heads, str(backend), destination.parameters.upgrade)
        self._exchangers[name] = exchanger
        return exchanger


def _without_page(response: Response) -> Response:
    """The error, with the fields that its status is nothing without, for a page of this server."""
    response.discard()
    kept = [field for field in response.headers if field[0].lower() in _OF_ERRORS]
    return Response(response.status, kept)
