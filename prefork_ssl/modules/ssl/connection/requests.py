"""What must hold for every request that comes to a host that speaks TLS, or over a TLS port."""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import RequestPhase
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.ssl.connection.plain_http import PlainTransport, speak_tls
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.hosts.sni import (
    MAY_ANSWER,
    SSL_STRICT_SNI_VHOST_CHECK,
    SSL_VHOST_SNI_POLICY,
)
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS
from prefork_ssl.modules.ssl.log.events import requests


def post_read(generation: Generation, host: Host) -> RequestPhase | None:
    """The post_read hook: plain HTTP on a TLS port is told so; who must name a host and does not is refused; a request
    for a host with other terms than those of the connection is sent elsewhere (421, RFC 9110 section 15.5.20)."""
    if not generation[TLS_HOSTS]:
        return None
    own = generation[TLS_HOSTS].get(host)
    may_answer = MAY_ANSWER[generation.configuration.server.settings[SSL_VHOST_SNI_POLICY]]

    def check(request: Request) -> Response | None:
        transport = request.transport
        if isinstance(transport, TLSTransport):
            if transport.host is own and transport.server_name and request.host_name:
                return None
            return _check_name(request, transport) or _check_host(request, transport)
        if isinstance(transport, PlainTransport) and request.previous is None:
            return speak_tls(request)
        return None

    def _check_host(request: Request, transport: TLSTransport) -> Response | None:
        if transport.host is own:
            return None
        if own is not None and may_answer(transport.host, own, transport.server_name is not None):
            return None
        requests.misdirected(transport, request)
        return Response(421, note="This connection was made to another host, with other settings for TLS.")

    def _check_name(request: Request, transport: TLSTransport) -> Response | None:
        if transport.server_name is None:
            names = generation.hosts.at(transport.wire.local)
            if len(names.hosts) > 1 and any(
                each.settings[SSL_STRICT_SNI_VHOST_CHECK] for each in (names.default, host)
            ):
                return Response(
                    403, note="Your client did not say, when it connected, which host it wants (SNI)."
                )
        elif not request.host_name:
            return Response(400, note="The request names no host, although the connection was made to one.")
        return None

    return check
