"""The prepare hook: key material loaded, Contexts built or taken over, SSL logs opened.

All of it happens in the master, before it forks: the workers inherit the Contexts, and with them the keys that session
tickets are sealed with, so that each worker opens the tickets of the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from OpenSSL import SSL

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import REQUEST_READ_TIMEOUT, read_limits
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.modules.ssl.certificate.description import days_left
from prefork_ssl.modules.ssl.context.build import build_context
from prefork_ssl.modules.ssl.context.ciphers import cipher_names
from prefork_ssl.modules.ssl.context.parameters import Parameters, parameters
from prefork_ssl.modules.ssl.hosts.changes import changes
from prefork_ssl.modules.ssl.hosts.consistency import unreachable
from prefork_ssl.modules.ssl.hosts.key_logs import KeyLogs, key_log_findings
from prefork_ssl.modules.ssl.hosts.logs import SSL_LOGS, HostLogs
from prefork_ssl.modules.ssl.hosts.material import HostMaterial, all_findings, host_material
from prefork_ssl.modules.ssl.hosts.settings import host_name, key_sources, names, tls_hosts
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS, TLSHost, TLSHosts, Variant
from prefork_ssl.modules.ssl.hosts.upkeep import UPKEEP, upkeep
from prefork_ssl.modules.ssl.keys.findings import KeyMaterialError
from prefork_ssl.modules.ssl.keys.keyring import keyring_of, refused
from prefork_ssl.modules.ssl.keys.keystore import Loaded
from prefork_ssl.modules.ssl.log.events import lifecycle
from prefork_ssl.modules.ssl.log.key_log import KeyLog
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.revocation.desk import keep_desk
from prefork_ssl.modules.ssl.revocation.line import LINE, Line
from prefork_ssl.modules.ssl.sessions.preparation import prepare_sessions
from prefork_ssl.modules.ssl.sessions.service import NO_SESSIONS, Policy, Sessions
from prefork_ssl.modules.ssl.stapling.handshake import answer_status_requests
from prefork_ssl.modules.ssl.stapling.inquiries import inquiry
from prefork_ssl.modules.ssl.stapling.stapler import Stapler, stapler_of
from prefork_ssl.modules.ssl.stapling.subject import Subject
from prefork_ssl.modules.ssl.verification.reading import Shelf
from prefork_ssl.modules.ssl.verification.sections import cipher_lists
from prefork_ssl.modules.ssl.verification.terms import terms

# The hosts whose Contexts may go on, by what tells that nothing has changed for them.
_Identity = tuple[str, Parameters, tuple[Subject, ...], KeyLog | None, Policy]
_InService = Mapping[_Identity, TLSHost]


def prepare(generation: Generation) -> None:
    """See kernel/hooks.py. Raises ConfigError."""
    hosts = tls_hosts(generation.configuration)
    logs = HostLogs(generation)
    generation.keep(SSL_LOGS, logs)
    sessions = prepare_sessions(generation, logs.main)
    key_logs = KeyLogs()
    in_service = _in_service(generation)
    stapler = stapler_of(generation)
    shelf = Shelf()
    try:
        loaded = _load(generation, hosts)
        material = host_material(hosts, loaded, shelf)
        table = {
            host: _tls_host(
                host, material[host], in_service, stapler, sessions, logs[host], key_logs.of(host.settings)
            )
            for host in hosts
        }
    except KeyMaterialError as error:
        if generation.previous is None:  # otherwise the generation in service hears of it (settled)
            logs.tell_refusal(error.findings)
        raise refused(error.findings) from error
    generation.keep(TLS_HOSTS, table)
    inspected = any(host.parameters.clients.revocation.asks for host in table.values())
    if desk := keep_desk(generation, needed=inspected):
        generation.keep(LINE, Line(desk))
    generation.keep(
        UPKEEP, upkeep(generation.configuration, {**loaded.stamps, **shelf.stamps}, table, logs.main)
    )
    _tell_keys(table, material)
    findings = (*loaded.findings, *shelf.findings, *all_findings(material), *key_log_findings(hosts))
    logs.tell([*findings, *unreachable(generation.configuration)])
    previous = generation.previous.get(TLS_HOSTS) if generation.previous else None
    lifecycle.prepared(logs.main, generation.number, len(hosts), changes(previous, table))


def _in_service(generation: Generation) -> _InService:
    """Where nothing has changed since the generation before, the clients' tickets go on being good, until the time of
    their keys is over."""
    previous = generation.previous
    hosts = previous.get(TLS_HOSTS) if previous else None
    if previous is None or hosts is None:
        return {}
    spent = previous[UPKEEP].ticket_keys.spent()
    return {_identity(host): host for host in hosts.values() if not (spent and host.parameters.tickets)}


def _identity(host: TLSHost) -> _Identity:
    return host.name, host.parameters, host.stapled, host.key_log, host.session_policy


def _load(generation: Generation, hosts: Sequence[Host]) -> Loaded:
    """Raises KeyMaterialError."""
    sources = [source for host in hosts for source in key_sources(host)]
    return keyring_of(generation).load(sources, generation)


def _tls_host(
    host: Host,
    material: HostMaterial,
    in_service: _InService,
    stapler: Stapler,
    sessions: Sessions,
    log: SSLLog,
    key_log: KeyLog | None,
) -> TLSHost:
    name = host_name(host)
    wanted = parameters(host, material.identities, terms(host, material.trust, material.revocation))
    inquiries = (inquiry(each, host.settings) for each in material.materials)
    stapled = tuple(stapler.subject(each) for each in inquiries if each)
    handshake_time = read_limits(host.settings[REQUEST_READ_TIMEOUT]).handshake
    if not wanted.clients.resumable:
        sessions = NO_SESSIONS
    policy = sessions.policy(host.settings)

    def make(these: Parameters) -> SSL.Context:
        return _context(name, these, material, stapled, key_log, policy)

    variants = _variants(host, wanted, make)
    if earlier := in_service.get((name, wanted, stapled, key_log, policy)):
        return replace(
            earlier,
            names=names(host),
            handshake_time=handshake_time,
            log=log,
            sessions=sessions.of_host(name, earlier.context, wanted, policy, log),
            variants=variants,
        )
    context = make(wanted)
    return TLSHost(
        name=name,
        names=names(host),
        context=context,
        variants=variants,
        born=time.monotonic(),
        parameters=wanted,
        shown=tuple(each.without_key() for each in material.materials),
        stapled=stapled,
        handshake_time=handshake_time,
        log=log,
        key_log=key_log,
        session_policy=policy,
        sessions=sessions.of_host(name, context, wanted, policy, log),
    )


def _context(
    name: str,
    wanted: Parameters,
    material: HostMaterial,
    stapled: Sequence[Subject],
    key_log: KeyLog | None,
    policy: Policy,
) -> SSL.Context:
    context = build_context(wanted, name, material.materials, material.trust)
    policy.install(context)
    if stapled:
        answer_status_requests(context, {each.inquiry.certificate: each.staple for each in stapled})
    if key_log is not None:
        key_log.attach(context)
    return context


def _variants(
    host: Host, wanted: Parameters, make: Callable[[Parameters], SSL.Context]
) -> dict[str, Variant]:
    contexts = {ciphers: make(wanted.with_ciphers(ciphers)) for ciphers in cipher_lists(host)}
    return {ciphers: Variant(context, cipher_names(context)) for ciphers, context in contexts.items()}


def _tell_keys(table: TLSHosts, material: Mapping[Host, HostMaterial]) -> None:
    now = datetime.now(UTC)
    for host, tls_host in table.items():
        for each in material[host].materials:
            lifecycle.key_loaded(tls_host.log, each, days_left(each.certificate, now))
