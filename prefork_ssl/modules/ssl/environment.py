"""The environment that applications get of a connection, by SSLOptions: StdEnvVars, ExportCertData, CompatEnvVars. And,
always, two objects: the client's certificate as `cryptography` has it, and the connection's channel bindings.

It is made once for a connection, and made anew when the client has become somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Environment
from prefork_ssl.kernel.octets import as_octets
from prefork_ssl.kernel.transport import Transport
from prefork_ssl.modules.ssl.access.options import SSL_OPTIONS, SSLOption
from prefork_ssl.modules.ssl.certificate.distinguished_names import slashes
from prefork_ssl.modules.ssl.certificate.variables import exported
from prefork_ssl.modules.ssl.certificate.view import CertificateView
from prefork_ssl.modules.ssl.channel_binding import ChannelBinding
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.variables import COMPUTED, CONSTANT, OWNERS

_NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Exports:
    """What is wanted: `standard` (StdEnvVars), `certificates` (ExportCertData), the names of older modules
    (`compatible`), and names in their old form (`slashed`)."""

    standard: bool
    certificates: bool
    compatible: bool
    slashed: bool


def told(_generation: Generation, _host: Host, settings: Settings) -> Environment:
    """The environment hook (kernel/hooks.py)."""
    wanted = exports(settings)
    return lambda request: environment(request.transport, wanted)


def exports(settings: Settings) -> Exports:
    """What the settings want."""
    options = settings[SSL_OPTIONS]
    return _exports(
        SSLOption.STD_ENV_VARS in options,
        SSLOption.EXPORT_CERT_DATA in options,
        SSLOption.COMPAT_ENV_VARS in options,
        SSLOption.LEGACY_DN_STRING_FORMAT in options,
    )


# What is wanted of a connection is looked up with each request, so the same is one object.
_exports = cache(Exports)


def environment(transport: Transport, wanted: Exports) -> Mapping[str, object]:
    """The environment of a connection, not to be changed; empty without TLS. What has no value is left out."""
    if not isinstance(transport, TLSTransport):
        return _NOTHING
    found = transport.environments.get(wanted)
    if found is None:
        found = transport.environments[wanted] = {
            **{name: as_octets(value) for name, value in _environment(transport, wanted)},
            **_objects(transport),
        }
    return found


def _objects(transport: TLSTransport) -> Mapping[str, object]:
    view = transport.client.certificate
    return {
        "prefork_ssl.client_certificate": view and view.certificate,
        "prefork_ssl.channel_binding": ChannelBinding(transport),
    }


def _environment(transport: TLSTransport, wanted: Exports) -> Iterator[tuple[str, str]]:
    yield "HTTPS", "on"
    if transport.server_name:
        yield "SSL_TLS_SNI", transport.server_name
    certificates = [
        (beginning, view) for beginning, owner in OWNERS.items() if (view := owner(transport)) is not None
    ]
    if wanted.standard:
        yield from _standard(transport)
        for beginning, view in certificates:
            yield from _of_certificate(beginning, view, wanted)
    if wanted.certificates:
        for beginning, view in certificates:
            yield f"{beginning}CERT", view.pem
        for number, certificate in enumerate(transport.client.chain):
            yield f"SSL_CLIENT_CERT_CHAIN_{number}", certificate.public_bytes(Encoding.PEM).decode("ascii")
    if wanted.compatible:
        everything = _exports(True, True, False, wanted.slashed)
        yield from _compatible(dict(_environment(transport, everything)))


def _standard(transport: TLSTransport) -> Iterator[tuple[str, str]]:
    yield from CONSTANT.items()
    for name, compute in COMPUTED.items():
        if value := compute(transport):
            yield name, value


def _of_certificate(beginning: str, view: CertificateView, wanted: Exports) -> Iterator[tuple[str, str]]:
    for part, value in exported(view):
        yield f"{beginning}{part}", value
    if wanted.slashed:
        yield f"{beginning}S_DN", slashes(view.subject)
        yield f"{beginning}I_DN", slashes(view.issuer)


def _compatible(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for old, new in OLD_NAMES.items():
        if new in environment:
            yield old, environment[new]


# What ApacheSSL, Sioux, Stronghold and mod_ssl 2.0 called it (CompatEnvVars).
OLD_NAMES = {
    "SSL_PROTOCOL_VERSION": "SSL_PROTOCOL",
    "SSLEAY_VERSION": "SSL_VERSION_LIBRARY",
    "SSL_SSLEAY_VERSION": "SSL_VERSION_LIBRARY",
    "HTTPS_CIPHER": "SSL_CIPHER",
    "HTTPS_EXPORT": "SSL_CIPHER_EXPORT",
    "SSL_EXPORT": "SSL_CIPHER_EXPORT",
    "HTTPS_SECRETKEYSIZE": "SSL_CIPHER_USEKEYSIZE",
    "SSL_SECRETKEYSIZE": "SSL_CIPHER_USEKEYSIZE",
    "HTTPS_KEYSIZE": "SSL_CIPHER_ALGKEYSIZE",
    "SSL_KEYSIZE": "SSL_CIPHER_ALGKEYSIZE",
    "SSL_SERVER_KEY_SIZE": "SSL_CIPHER_ALGKEYSIZE",
}
_OLD_PARTS = {
    "CERTIFICATE": "CERT",
    "CERT_START": "V_START",
    "CERT_END": "V_END",
    "CERT_SERIAL": "M_SERIAL",
    "SIGNATURE_ALGORITHM": "A_SIG",
    "DN": "S_DN",
    "IDN": "I_DN",
}
_OLD_COMPONENTS = {"CN": "CN", "EMAIL": "Email", "O": "O", "OU": "OU", "C": "C", "SP": "ST", "L": "L"}
for _owner in ("SSL_SERVER_", "SSL_CLIENT_"):
    OLD_NAMES |= {f"{_owner}{old}": f"{_owner}{new}" for old, new in _OLD_PARTS.items()}
    OLD_NAMES |= {f"{_owner}{old}": f"{_owner}S_DN_{new}" for old, new in _OLD_COMPONENTS.items()}
    OLD_NAMES |= {f"{_owner}I{old}": f"{_owner}I_DN_{new}" for old, new in _OLD_COMPONENTS.items()}
