"""SSL_* by name: what conditions, log formats, headers and applications may ask of a connection.

Names and values are mod_ssl's. A value is computed when it is first asked for, and kept for as long as the client does
not become somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.kernel.http.software import PRODUCT, VERSION
from prefork_ssl.kernel.request import Request
from prefork_ssl.kernel.variables import Variable
from prefork_ssl.modules.ssl.access.options import SSL_OPTIONS, SSLOption
from prefork_ssl.modules.ssl.certificate.variables import certificate_variable, slashed_name
from prefork_ssl.modules.ssl.certificate.view import CertificateView
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.hello.ja4 import ja4
from prefork_ssl.modules.ssl.openssl import LIBRARY

Compute = Callable[[TLSTransport], str]
_Owner = Callable[[TLSTransport], CertificateView | None]


def ssl_variable(name: str) -> Variable | None:
    """The variable of this name (family "SSL_"); None if there is none. Without TLS its value is ""."""
    constant = CONSTANT.get(name) or _NOT_EXPORTED.get(name)
    if constant:
        return lambda _request: constant
    if name in COMPUTED:
        return _kept(name, COMPUTED[name])
    if found := _CHAIN.fullmatch(name):
        return _kept(name, _of_chain(int(found["index"])))
    for beginning, owner in OWNERS.items():
        if name.startswith(beginning):
            return _of_certificate(name, name.removeprefix(beginning), owner)
    return None


def _kept(name: str, compute: Compute) -> Variable:
    def value(request: Request) -> str:
        transport = request.transport
        if not isinstance(transport, TLSTransport):
            return ""
        found = transport.variables.get(name)
        if found is None:
            found = transport.variables[name] = compute(transport)
        return found

    return value


def _of_certificate(name: str, part: str, owner: _Owner) -> Variable | None:
    read, old_form = certificate_variable(part), slashed_name(part)
    if read is None:
        return None
    modern = _kept(name, lambda transport: read(view) if (view := owner(transport)) else "")
    if old_form is None:
        return modern
    slashed = _kept(f"{name}/", lambda transport: old_form(view) if (view := owner(transport)) else "")

    def value(request: Request) -> str:
        legacy = SSLOption.LEGACY_DN_STRING_FORMAT in request.settings[SSL_OPTIONS]
        return slashed(request) if legacy else modern(request)

    return value


def _of_chain(index: int) -> Compute:
    def compute(transport: TLSTransport) -> str:
        chain = transport.client.chain
        return chain[index].public_bytes(Encoding.PEM).decode("ascii") if index < len(chain) else ""

    return compute


_CHAIN = re.compile(r"SSL_CLIENT_CERT_CHAIN_?(?P<index>[0-9]{1,3})")

OWNERS: dict[str, _Owner] = {
    "SSL_SERVER_": lambda transport: transport.shown,
    "SSL_CLIENT_": lambda transport: transport.client.certificate,
}

CONSTANT = {
    "SSL_VERSION_INTERFACE": f"{PRODUCT}/{VERSION}",
    "SSL_VERSION_LIBRARY": LIBRARY,
}
_NOT_EXPORTED = {"SSL_VERSION_LIBRARY_INTERFACE": LIBRARY}

COMPUTED: dict[str, Compute] = {
    "SSL_PROTOCOL": lambda transport: transport.tls.public.get_protocol_version_name(),
    "SSL_CIPHER": lambda transport: transport.tls.public.get_cipher_name() or "",
    "SSL_CIPHER_EXPORT": lambda transport: "true" if transport.tls.key_sizes()[0] < 56 else "false",
    "SSL_CIPHER_USEKEYSIZE": lambda transport: str(transport.tls.key_sizes()[0]),
    "SSL_CIPHER_ALGKEYSIZE": lambda transport: str(transport.tls.key_sizes()[1]),
    "SSL_SECURE_RENEG": lambda transport: "true" if transport.renegotiates_safely else "false",
    "SSL_COMPRESS_METHOD": lambda _transport: "NULL",
    "SSL_HANDSHAKE_GROUP": lambda transport: transport.tls.public.get_group_name() or "",
    "SSL_SESSION_ID": lambda transport: transport.tls.session_id().hex().upper(),
    "SSL_SESSION_RESUMED": lambda transport: "Resumed" if transport.tls.resumed() else "Initial",
    "SSL_TLS_SNI": lambda transport: transport.server_name or "",
    "SSL_ALPN": lambda transport: transport.tls.public.get_alpn_proto_negotiated().decode("ascii"),
    "SSL_CLIENT_VERIFY": lambda transport: transport.client.verdict,
    "SSL_CLIENT_JA4": lambda transport: ja4(transport.hello),
}
