"""Directives that contradict each other. Nothing is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prefork_ssl.config.errors import Origin, Problem
from prefork_ssl.config.tree import Configuration, Host, HostAddress
from prefork_ssl.kernel.directives import DOCUMENT_ROOT, LISTEN
from prefork_ssl.kernel.dispatch.hosts import NameTable
from prefork_ssl.kernel.hooks import Report
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.ssl.directives import SSL_CERTIFICATE_FILE, SSL_CERTIFICATE_KEY_FILE, SSL_ENGINE
from prefork_ssl.modules.ssl.hosts.settings import host_name, names, speaks_tls, tls_hosts
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.log.directives import SSL_KEY_LOG_FILE
from prefork_ssl.modules.ssl.verification.consistency import contradictions


def check(configuration: Configuration, _modules: Sequence[Module], report: Report) -> None:
    """The check hook (kernel/hooks.py)."""
    problems = (
        *_files(configuration),
        *_shared_addresses(configuration),
        *_deaf_ports(configuration),
        *_published_keys(configuration),
        *contradictions(tls_hosts(configuration)),
    )
    # What the main server says wrongly is said by every host that inherits it.
    for problem in dict.fromkeys(problems):
        report(problem)


def _files(configuration: Configuration) -> Iterator[Problem]:
    for host in configuration.all_hosts:
        if not speaks_tls(host, configuration):
            continue
        certificates = host.settings[SSL_CERTIFICATE_FILE]
        keys = host.settings[SSL_CERTIFICATE_KEY_FILE]
        if not certificates:
            origin = _engine_origin(host)
            message = f"SSLEngine: {host_name(host)} speaks TLS but has no certificate"
            yield Problem(message, origin, "name one with SSLCertificateFile")
        elif len(keys) > len(certificates):
            surplus = keys[len(certificates)]
            message = f"SSLCertificateKeyFile: there is no SSLCertificateFile that {surplus.path} belongs to"
            yield Problem(message, surplus.origin, "each key needs its certificate, in the same order")


def _shared_addresses(configuration: Configuration) -> Iterator[Problem]:
    """Names are only known inside TLS: on one address, all hosts speak it or none does."""
    first: dict[tuple[str, int], Host] = {}
    for host in configuration.hosts:
        for address in host.addresses:
            other = first.setdefault((address.host, address.port), host)
            if speaks_tls(other, configuration) != speaks_tls(host, configuration):
                tls, plain = (host, other) if speaks_tls(host, configuration) else (other, host)
                message = (
                    f"SSLEngine: on {address}, {host_name(tls)} speaks TLS and {host_name(plain)} does not"
                )
                hint = "say SSLEngine on in both, or give them different ports"
                yield Problem(message, _engine_origin(plain), hint)


def _deaf_ports(configuration: Configuration) -> Iterator[Problem]:
    """A Listen line that says https leads to some host that speaks TLS."""
    hosts = [host for host in configuration.all_hosts if speaks_tls(host, configuration)]
    ports = {address.port for host in hosts for address in host.addresses or (HostAddress("*", 0),)}
    for line in configuration.server.settings[LISTEN]:
        if line.protocol == "https" and not ports & {line.port, 0}:
            message = f"Listen: port {line.port} is for https, but no host there speaks TLS"
            hint = f"give <VirtualHost *:{line.port}> an SSLCertificateFile, or drop the word https"
            yield Problem(message, line.origin, hint)


def _published_keys(configuration: Configuration) -> Iterator[Problem]:
    """A key log where clients can fetch it: what keeps others from it is only its mode, and files may be served by the
    user who owns it."""
    roots = {root for host in configuration.all_hosts if (root := host.settings[DOCUMENT_ROOT])}
    for host in configuration.all_hosts:
        for named in host.settings[SSL_KEY_LOG_FILE][-1:]:
            for root in roots:
                if named.path.is_relative_to(root):
                    message = f"SSLKeyLogFile: {named.path} is below DocumentRoot {root}, where clients can fetch it"
                    yield Problem(message, named.origin, "name a file elsewhere")


def unreachable(configuration: Configuration) -> Iterator[Finding]:
    """Hosts that no client gets to, because an earlier host of the same address takes all their names."""
    by_address: dict[HostAddress, list[Host]] = {}
    for host in configuration.hosts:
        for address in host.addresses:
            by_address.setdefault(address, []).append(host)
    for address, hosts in by_address.items():
        table = NameTable(hosts)
        for host in hosts:
            first = table.find(names(host)[0])
            if speaks_tls(host, configuration) and not _reachable(host, table):
                message = (
                    f"on {address}, {host_name(host)} is never reached: {first.origin} has the same name"
                )
                hint = "give each <VirtualHost> of one address a ServerName of its own"
                yield Finding("warning", "ServerName", str(host.origin or ""), message, hint)


def _reachable(host: Host, table: NameTable) -> bool:
    return host is table.default or any(
        "*" in name or "?" in name or table.find(name) is host for name in names(host)
    )


def _engine_origin(host: Host) -> Origin | None:
    return host.settings.origin(SSL_ENGINE) or host.origin
