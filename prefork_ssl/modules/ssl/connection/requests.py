"""What must hold for every request that comes to a host that speaks TLS, or over a TLS port."""

from __future__ import annotations

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import RequestPhase
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.ssl.connection.forged_fields import remove_forged_fields
from prefork_ssl.modules.ssl.connection.plain_http import PlainTransport, speak_tls
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.hosts.sni import (
    MAY_ANSWER,
    SSL_STRICT_SNI_VHOST_CHECK,
    SSL_VHOST_SNI_POLICY,
)
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS
from prefork_ssl.modules.ssl.log.events import requests
from prefork_ssl.modules.ssl.revocation.line import LINE


def post_read(generation: Generation, host: Host) -> RequestPhase | None:
    """The post_read hook: nobody pretends to have a certificate; plain HTTP on a TLS port is told so; who must name a
    host and does not is refused; a request for a host with other terms than those of the connection is sent elsewhere
    (421, RFC 9110 section 15.5.20)."""
    if not generation[TLS_HOSTS]:
        return None
    names = HostNames(generation, host)
    inspected = generation.get(LINE) is not None

    def check(request: Request) -> Response | None:
        remove_forged_fields(request)
        transport = request.transport
        if isinstance(transport, TLSTransport):
            return (_revoked(transport) if inspected else None) or names.check(request, transport)
        if isinstance(transport, PlainTransport) and request.previous is None:
            return speak_tls(request)
        return None

    return check


def _revoked(transport: TLSTransport) -> Response | None:
    """Who got through a handshake that asks for certificates, and then turned out to be of no use (OCSP), is refused
    everything."""
    terms = transport.host.parameters.clients
    if not (terms.policy.asks and terms.revocation.asks and transport.client.refused):
        return None
    response = Response(403, note=f"Your certificate was refused: {transport.client.refused}.")
    response.close = True
    return response


class HostNames:
    """The name in the handshake (SNI) and that in the request, at one host."""

    def __init__(self, generation: Generation, host: Host) -> None:
        hosts = generation[TLS_HOSTS]
        self._host = host
        self._own = hosts.get(host)
        self._table = generation.hosts
        self._may_answer = MAY_ANSWER[generation.configuration.server.settings[SSL_VHOST_SNI_POLICY]]
        self._strict = any(each.settings[SSL_STRICT_SNI_VHOST_CHECK] for each in hosts)

    def check(self, request: Request, transport: TLSTransport) -> Response | None:
        """The refusal, if the names do not fit."""
        if transport.host is self._own and request.host_name and not self._strict:
            return None
        if transport.server_name is None and self._must_be_named(transport):
            requests.nameless(transport, request)
            note = "Your client did not say, when it connected, which host it wants (SNI)."
            return Response(403, note=note)
        if transport.server_name is not None and not request.host_name:
            return Response(400, note="The request names no host, although the connection was made to one.")
        if transport.host is self._own or self._answers(transport):
            return None
        requests.misdirected(transport, request)
        return Response(421, note="This connection was made to another host, with other settings for TLS.")

    def _must_be_named(self, transport: TLSTransport) -> bool:
        names = self._table.at(transport.wire.local)
        strict = any(each.settings[SSL_STRICT_SNI_VHOST_CHECK] for each in (names.default, self._host))
        return strict and len(names.hosts) > 1

    def _answers(self, transport: TLSTransport) -> bool:
        named = transport.server_name is not None
        return self._own is not None and self._may_answer(transport.host, self._own, named)
