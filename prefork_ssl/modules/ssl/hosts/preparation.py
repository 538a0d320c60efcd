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
from prefork_ssl.modules.ssl.hosts.consistency import unreachable
from prefork_ssl.modules.ssl.hosts.logs import HostLogs
from prefork_ssl.modules.ssl.hosts.material import HostMaterial, host_material
from prefork_ssl.modules.ssl.hosts.settings import host_name, key_sources, tls_hosts
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS, TLSHost, TLSHosts
from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.keys.keyring import keyring_of, refused
from prefork_ssl.modules.ssl.log import events

# What tells whether a Context may go on: the host's name and its parameters.
_Identity = tuple[str, Parameters]


def prepare(generation: Generation) -> None:
    """See kernel/hooks.py. Raises ConfigError."""
    hosts = tls_hosts(generation.configuration)
    logs = HostLogs(generation, hosts)
    in_service = _contexts_in_service(generation)
    try:
        material, findings = _load(generation, hosts)
        table = {host: _tls_host(host, material[host], in_service, logs) for host in hosts}
    except KeyMaterialError as error:
        logs.tell_refusal(error.findings)
        raise refused(error.findings) from error
    generation.keep(TLS_HOSTS, table)
    _tell_keys(table, material)
    logs.tell([*findings, *unreachable(generation.configuration)])
    events.ready(logs.main, generation.number, len(hosts), _unchanged(table, in_service))


def _load(generation: Generation, hosts: Sequence[Host]) -> tuple[dict[Host, HostMaterial], list[Finding]]:
    """What each host serves with, and what there is to say about it. Raises KeyMaterialError."""
    loaded = keyring_of(generation).load(
        [source for host in hosts for source in key_sources(host)], generation
    )
    material = host_material(hosts, loaded)
    return material, [*loaded.findings, *(finding for each in material.values() for finding in each.findings)]


def _tls_host(
    host: Host, material: HostMaterial, in_service: Mapping[_Identity, SSL.Context], logs: HostLogs
) -> TLSHost:
    name = host_name(host)
    wanted = parameters(host.settings, material.identities)
    return TLSHost(
        name=name,
        context=in_service.get((name, wanted)) or build_context(wanted, name, material.materials),
        parameters=wanted,
        certificates=tuple(each.certificate for each in material.materials),
        handshake_time=read_limits(host.settings[REQUEST_READ_TIMEOUT]).handshake,
        log=logs[host],
    )


def _contexts_in_service(generation: Generation) -> dict[_Identity, SSL.Context]:
    """The Contexts of the generation before: where nothing has changed, the clients' tickets go on being good."""
    previous = generation.previous.get(TLS_HOSTS) if generation.previous else None
    return {(host.name, host.parameters): host.context for host in (previous or {}).values()}


def _unchanged(table: TLSHosts, in_service: Mapping[_Identity, SSL.Context]) -> int:
    return sum((host.name, host.parameters) in in_service for host in table.values())


def _tell_keys(table: TLSHosts, material: Mapping[Host, HostMaterial]) -> None:
    now = datetime.now(UTC)
    for host, tls_host in table.items():
        for each in material[host].materials:
            events.key_loaded(tls_host.log, each, days_left(each.certificate, now))
