"""The prepare hook: key material loaded, Contexts built or taken over, SSL logs opened.

All of it happens in the master, before it forks: the workers inherit the Contexts, and with them the keys that session
tickets are sealed with, so that each worker opens the tickets of the others.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import REQUEST_READ_TIMEOUT, read_limits
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.modules.ssl.certificate.description import days_left
from prefork_ssl.modules.ssl.context.build import build_context
from prefork_ssl.modules.ssl.context.parameters import Parameters, parameters
from prefork_ssl.modules.ssl.hosts.consistency import unreachable
from prefork_ssl.modules.ssl.hosts.logs import HostLogs
from prefork_ssl.modules.ssl.hosts.material import HostMaterial, all_findings, host_material
from prefork_ssl.modules.ssl.hosts.settings import host_name, key_sources, tls_hosts
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS, TLSHost, TLSHosts
from prefork_ssl.modules.ssl.hosts.upkeep import UPKEEP, upkeep
from prefork_ssl.modules.ssl.keys.findings import KeyMaterialError
from prefork_ssl.modules.ssl.keys.keyring import keyring_of, refused
from prefork_ssl.modules.ssl.keys.keystore import Loaded
from prefork_ssl.modules.ssl.log import events

# The hosts whose Contexts may go on, by what tells that nothing has changed for them.
_InService = Mapping[tuple[str, Parameters], TLSHost]


def prepare(generation: Generation) -> None:
    """See kernel/hooks.py. Raises ConfigError."""
    hosts = tls_hosts(generation.configuration)
    logs = HostLogs(generation, hosts)
    in_service = _in_service(generation)
    try:
        loaded = _load(generation, hosts)
        material = host_material(hosts, loaded)
        table = {host: _tls_host(host, material[host], in_service, logs) for host in hosts}
    except KeyMaterialError as error:
        logs.tell_refusal(error.findings)
        raise refused(error.findings) from error
    generation.keep(TLS_HOSTS, table)
    generation.keep(UPKEEP, upkeep(generation.configuration, loaded.stamps, table, logs.main))
    _tell_keys(table, material)
    logs.tell([*loaded.findings, *all_findings(material), *unreachable(generation.configuration)])
    unchanged = sum((host.name, host.parameters) in in_service for host in table.values())
    events.ready(logs.main, generation.number, len(hosts), unchanged)


def _in_service(generation: Generation) -> _InService:
    """Where nothing has changed since the generation before, the clients' tickets go on being good, until the time of
    their keys is over."""
    previous = generation.previous
    hosts = previous.get(TLS_HOSTS) if previous else None
    if previous is None or hosts is None:
        return {}
    spent = previous[UPKEEP].ticket_keys.spent()
    return {
        (host.name, host.parameters): host
        for host in hosts.values()
        if not (spent and host.parameters.tickets)
    }


def _load(generation: Generation, hosts: Sequence[Host]) -> Loaded:
    """Raises KeyMaterialError."""
    sources = [source for host in hosts for source in key_sources(host)]
    return keyring_of(generation).load(sources, generation)


def _tls_host(host: Host, material: HostMaterial, in_service: _InService, logs: HostLogs) -> TLSHost:
    name = host_name(host)
    wanted = parameters(host.settings, material.identities)
    handshake_time = read_limits(host.settings[REQUEST_READ_TIMEOUT]).handshake
    if earlier := in_service.get((name, wanted)):
        return replace(earlier, handshake_time=handshake_time, log=logs[host])
    return TLSHost(
        name=name,
        context=build_context(wanted, name, material.materials),
        born=time.monotonic(),
        parameters=wanted,
        certificates=tuple(each.certificate for each in material.materials),
        handshake_time=handshake_time,
        log=logs[host],
    )


def _tell_keys(table: TLSHosts, material: Mapping[Host, HostMaterial]) -> None:
    now = datetime.now(UTC)
    for host, tls_host in table.items():
        for each in material[host].materials:
            events.key_loaded(tls_host.log, each, days_left(each.certificate, now))
