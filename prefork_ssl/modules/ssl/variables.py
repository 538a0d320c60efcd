"""SSL_* by name: what conditions, log formats, headers and applications may ask of a connection.

Names and values are mod_ssl's. A value is computed when it is first asked for, and kept for the connection.
"""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.kernel.http.software import PRODUCT, VERSION
from prefork_ssl.kernel.request import Request
from prefork_ssl.kernel.variables import Variable
from prefork_ssl.modules.ssl.certificate.variables import certificate_variable
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.openssl import LIBRARY

_Compute = Callable[[TLSTransport], str]

_SERVER = "SSL_SERVER_"


def ssl_variable(name: str) -> Variable | None:
    """The variable of this name (family "SSL_"); None if there is none. Without TLS its value is ""."""
    if name in _CONSTANT:
        constant = _CONSTANT[name]
        return lambda _request: constant
    compute = _COMPUTED.get(name) or (
        _of_server(name.removeprefix(_SERVER)) if name.startswith(_SERVER) else None
    )
    return _kept(name, compute) if compute else None


def _kept(name: str, compute: _Compute) -> Variable:
    def value(request: Request) -> str:
        transport = request.transport
        if not isinstance(transport, TLSTransport):
            return ""
        found = transport.variables.get(name)
        if found is None:
            found = transport.variables[name] = compute(transport)
        return found

    return value


def _of_server(part: str) -> _Compute | None:
    """A variable of the certificate that was shown to the client."""
    read = certificate_variable(part)
    if read is None:
        return None

    def compute(transport: TLSTransport) -> str:
        certificate = transport.tls.public.get_certificate(as_cryptography=True)
        return read(certificate) if certificate else ""

    return compute


_CONSTANT = {
    "SSL_VERSION_INTERFACE": f"{PRODUCT}/{VERSION}",
    "SSL_VERSION_LIBRARY": LIBRARY,
}

_COMPUTED: dict[str, _Compute] = {
    "SSL_PROTOCOL": lambda transport: transport.tls.public.get_protocol_version_name(),
    "SSL_CIPHER": lambda transport: transport.tls.public.get_cipher_name() or "",
    "SSL_CIPHER_EXPORT": lambda transport: "true" if transport.tls.key_sizes()[0] < 56 else "false",
    "SSL_CIPHER_USEKEYSIZE": lambda transport: str(transport.tls.key_sizes()[0]),
    "SSL_CIPHER_ALGKEYSIZE": lambda transport: str(transport.tls.key_sizes()[1]),
    "SSL_COMPRESS_METHOD": lambda _transport: "NULL",
    "SSL_HANDSHAKE_GROUP": lambda transport: transport.tls.public.get_group_name() or "",
    "SSL_SESSION_ID": lambda transport: transport.tls.session_id().hex().upper(),
    "SSL_SESSION_RESUMED": lambda transport: "Resumed" if transport.tls.resumed() else "Initial",
    "SSL_TLS_SNI": lambda transport: transport.server_name or "",
    "SSL_ALPN": lambda transport: transport.tls.public.get_alpn_proto_negotiated().decode("ascii"),
    "SSL_CLIENT_VERIFY": lambda _transport: "NONE",
}
