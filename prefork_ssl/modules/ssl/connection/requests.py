"""What must hold for every request that comes to a host that speaks TLS, or over a TLS port."""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import RequestPhase
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.ssl.connection.transport import PlainTransport, TLSTransport
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS, TLSHost
from prefork_ssl.modules.ssl.log import events


def post_read(generation: Generation, host: Host) -> RequestPhase | None:
    """The post_read hook: plain HTTP on a TLS port is told so; a request for a host with other terms than those of the
    connection is sent elsewhere (421, RFC 9110 section 15.5.20)."""
    if not generation[TLS_HOSTS]:
        return None
    own = generation[TLS_HOSTS].get(host)

    def check(request: Request) -> Response | None:
        transport = request.transport
        if isinstance(transport, TLSTransport):
            if transport.host is own or _may_answer(transport, own):
                return None
            events.misdirected(transport, request)
            return Response(
                421, note="This connection was made to another host, with other settings for TLS."
            )
        if isinstance(transport, PlainTransport):
            return _speak_tls(request)
        return None

    return check


def _may_answer(transport: TLSTransport, host: TLSHost | None) -> bool:
    return host is not None and transport.host.may_answer(host, named=transport.server_name is not None)


def _speak_tls(request: Request) -> Response:
    port = request.transport.wire.local[1]
    name = request.host_name + ("" if port == 443 else f":{port}")
    path = request.target if request.target.startswith("/") else "/"
    note = (
        f"This port speaks HTTPS, and the request came as plain HTTP. Ask for https://{name}{path} instead."
    )
    response = Response(400, note=note)
    response.close = True
    return response
