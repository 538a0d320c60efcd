"""Clients that mistake the port: plain HTTP on one that speaks TLS, and TLS on one that does not."""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.http.redirects import quote_path, quote_target, redirect
from prefork_ssl.kernel.http.targets import host_name, parse_target
from prefork_ssl.kernel.request import Request, RequestError, Response
from prefork_ssl.kernel.transport import Transport, Wire
from prefork_ssl.modules.ssl.directives import SSL_REDIRECT_PLAIN_HTTP
from prefork_ssl.modules.ssl.hello.first_bytes import host_field

_HTTPS_PORT = 443
_TLS_HANDSHAKE = b"\x16"


class PlainTransport(Transport):
    """The connection of a client that speaks plain HTTP on a TLS port, whose first bytes were already received. `host`
    is the Host field among them."""

    def __init__(self, wire: Wire, received: bytes) -> None:
        super().__init__(wire)
        self._received = received
        self.host = host_field(received)

    def read(self) -> bytes:
        """See Transport."""
        data, self._received = self._received, b""
        return data or super().read()

    def refusal(self, request: Request) -> Response:
        """See Transport: whatever else is wrong with it, it came to the wrong port."""
        return speak_tls(request)


class GuardedTransport(Transport):
    """A connection to a port that speaks plain HTTP. If the client begins with TLS, `mistaken` is told, with what came,
    and the connection ends: an answer in plain text would tell such a client nothing."""

    def __init__(self, wire: Wire, mistaken: Callable[[Wire, bytes], None]) -> None:
        super().__init__(wire)
        self._mistaken = mistaken

    def read(self) -> bytes:
        """See Transport."""
        first = self._fresh
        data = super().read()
        if first and data.startswith(_TLS_HANDSHAKE):
            self._mistaken(self.wire, data)
            return b""
        return data


def speak_tls(request: Request) -> Response:
    """The answer to a request in plain HTTP on a TLS port: where to go, or the way there (SSLRedirectPlainHTTP)."""
    address = _address(request)
    if request.host.settings[SSL_REDIRECT_PLAIN_HTTP]:
        response = redirect(308, address)
    else:
        response = Response(400, note="This port speaks HTTPS, and the request came as plain HTTP. Go on to:")
        response.link = address
    response.close = True
    return response


def _address(request: Request) -> str:
    """Where the same request would be right. The port is the one that the client knows, which address translation may
    have made another one than ours."""
    try:
        authority = parse_target(request.target).authority or _host(request)
        name, path = host_name(authority), _path(request)
    except RequestError:
        authority, name, path = "", "", "/"
    name = name or server_name(request.host.settings).name
    if ":" in name:
        name = f"[{name}]"
    port = _port(authority) or request.transport.wire.local[1]
    return f"https://{name}{'' if port == _HTTPS_PORT else f':{port}'}{path}"


def _host(request: Request) -> str:
    """The Host field. What was refused as a request has no fields, but may look as if it had one."""
    transport = request.transport
    return request.fields.get("host") or (transport.host if isinstance(transport, PlainTransport) else "")


def _port(authority: str) -> int:
    """The port in a Host field, or an authority, that is known to be good; 0 without one."""
    _, colon, port = authority.rpartition("]")[2].rpartition(":")
    return int(port) if colon and port else 0


def _path(request: Request) -> str:
    if request.target.startswith("/"):
        return quote_target(request.target)
    query = "" if request.query is None else f"?{quote_target(request.query)}"
    return f"{quote_path(request.path)}{query}" if request.path.startswith("/") else "/"
