"""The prepare hook: key material loaded, Contexts built or taken over, SSL logs opened.

All of it happens in the master, before it forks: the workers inherit the Contexts, and with them the keys that session
tickets are sealed with, so that each worker opens the tickets of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from OpenSSL import SSL

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import REQUEST_READ_TIMEOUT, read_limits
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.modules.ssl.certificate.description import days_left
from prefork_ssl.modules.ssl.context.build import build_context
from prefork_ssl.modules.ssl.context.parameters import Parameters, parameters
from prefork_ssl.modules.ssl.directives import SSL_LOG, SSL_LOG_LEVEL
from prefork_ssl.modules.ssl.hosts.material import HostMaterial, host_material
from prefork_ssl.modules.ssl.hosts.settings import host_name, key_sources, speaks_tls
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS, TLSHost, TLSHosts
from prefork_ssl.modules.ssl.keys.findings import KeyMaterialError
from prefork_ssl.modules.ssl.keys.keyring import KEYRING, keyring_for, refused
from prefork_ssl.modules.ssl.keys.keystore import Loaded
from prefork_ssl.modules.ssl.log import events
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.passphrase.means import Occasion

# What tells whether a Context may go on: the host's name and its parameters.
_Identity = tuple[str, Parameters]


def prepare(generation: Generation) -> None:
    """See kernel/hooks.py. Raises ConfigError."""
    configuration = generation.configuration
    hosts = [host for host in configuration.all_hosts if speaks_tls(host, configuration)]
    main_log = _open_log(generation, configuration.server)
    try:
        loaded = _load(generation, hosts)
        material = host_material(hosts, loaded)
        in_service = _contexts_in_service(generation)
        tls_hosts = {host: _tls_host(generation, host, material[host], in_service) for host in hosts}
    except KeyMaterialError as error:
        raise refused(error.findings) from error
    generation.keep(TLS_HOSTS, tls_hosts)
    _tell_keys(main_log, loaded, tls_hosts, material)
    events.ready(main_log, generation.number, len(hosts), _unchanged(tls_hosts, in_service))


def _load(generation: Generation, hosts: Sequence[Host]) -> Loaded:
    keyring = keyring_for(generation)
    generation.keep(KEYRING, keyring)
    sources = [source for host in hosts for source in key_sources(host)]
    occasion = Occasion.RELOAD if generation.previous else Occasion.START
    return keyring.load(sources, generation.configuration.server.settings, occasion)


def _tls_host(
    generation: Generation, host: Host, material: HostMaterial, in_service: Mapping[_Identity, SSL.Context]
) -> TLSHost:
    name = host_name(host)
    wanted = parameters(host.settings, material.identities)
    return TLSHost(
        name=name,
        context=in_service.get((name, wanted)) or build_context(wanted, name, material.materials),
        parameters=wanted,
        certificates=tuple(each.certificate for each in material.materials),
        handshake_time=read_limits(host.settings[REQUEST_READ_TIMEOUT]).handshake,
        log=_open_log(generation, host),
    )


def _contexts_in_service(generation: Generation) -> dict[_Identity, SSL.Context]:
    """The Contexts of the generation before: where nothing has changed, the clients' tickets go on being good."""
    previous = generation.previous.get(TLS_HOSTS) if generation.previous else None
    return {(host.name, host.parameters): host.context for host in (previous or {}).values()}


def _unchanged(tls_hosts: TLSHosts, in_service: Mapping[_Identity, SSL.Context]) -> int:
    return sum((host.name, host.parameters) in in_service for host in tls_hosts.values())


def _open_log(generation: Generation, host: Host) -> SSLLog:
    target = host.settings[SSL_LOG]
    file = generation.logs.open(target, host.settings.origin(SSL_LOG)) if target else None
    return SSLLog(host_name(host), file, host.settings[SSL_LOG_LEVEL], generation.logs.for_host(host))


def _tell_keys(
    main_log: SSLLog, loaded: Loaded, tls_hosts: TLSHosts, material: Mapping[Host, HostMaterial]
) -> None:
    now = datetime.now(UTC)
    for finding in loaded.findings:
        events.found(main_log, finding)
    for host, tls_host in tls_hosts.items():
        for each in material[host].materials:
            events.key_loaded(tls_host.log, each, days_left(each.certificate, now))
        for finding in material[host].findings:
            events.found(tls_host.log, finding)
