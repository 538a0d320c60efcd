"""Which hosts speak TLS, and with which files: read from the configuration alone, nothing opened."""

from __future__ import annotations

from collections.abc import Sequence

from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.directives import LISTEN, SERVER_ALIAS
from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.modules.ssl.directives import (
    SSL_CERTIFICATE_CHAIN_FILE,
    SSL_CERTIFICATE_FILE,
    SSL_CERTIFICATE_KEY_FILE,
    SSL_ENGINE,
    NamedPath,
)
from prefork_ssl.modules.ssl.keys.keystore import KeySource

_HTTPS_PORT = 443


def speaks_tls(host: Host, configuration: Configuration) -> bool:
    """SSLEngine; without it, whether the host has a certificate and a Listen line says https for its port."""
    engine = host.settings[SSL_ENGINE]
    if engine is not None:
        return engine
    ports = {line.port for line in configuration.server.settings[LISTEN] if line.protocol == "https"}
    own_ports = {address.port for address in host.addresses} or {0}
    return bool(host.settings[SSL_CERTIFICATE_FILE] and ports and (own_ports & ports or 0 in own_ports))


def tls_hosts(configuration: Configuration) -> list[Host]:
    """All hosts that speak TLS, the main server first."""
    return [host for host in configuration.all_hosts if speaks_tls(host, configuration)]


def host_name(host: Host) -> str:
    """ "www.example.com:443", for logs and for people."""
    name = server_name(host.settings)
    port = name.port or next((address.port for address in host.addresses if address.port), _HTTPS_PORT)
    return f"{name.name}:{port}"


def names(host: Host) -> tuple[str, ...]:
    """ServerName and ServerAliases, without ports."""
    return (server_name(host.settings).name, *host.settings[SERVER_ALIAS])


def key_sources(host: Host) -> tuple[KeySource, ...]:
    """The files of each of the host's certificates."""
    settings = host.settings
    certificates, keys = settings[SSL_CERTIFICATE_FILE], settings[SSL_CERTIFICATE_KEY_FILE]
    chain = settings[SSL_CERTIFICATE_CHAIN_FILE]
    return tuple(
        KeySource(
            certificate=certificate.path,
            key=keys[number].path if number < len(keys) else certificate.path,
            chain=chain[-1].path if chain else None,
            server=host_name(host),
            where=str(certificate.origin),
            key_where=_where(keys[number : number + 1]),
            chain_where=_where(chain),
        )
        for number, certificate in enumerate(certificates)
    )


def _where(files: Sequence[NamedPath]) -> str:
    return str(files[-1].origin) if files else ""
