"""The examine hook and -D DUMP_CERTS: what would be served, without a log, a socket or a promise that it will be.

Keys that are not encrypted are opened, and so are the others if there is a terminal or a program to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.modules.ssl.certificate.description import describe
from prefork_ssl.modules.ssl.context.build import build_context
from prefork_ssl.modules.ssl.context.parameters import parameters
from prefork_ssl.modules.ssl.hosts.consistency import unreachable
from prefork_ssl.modules.ssl.hosts.key_logs import key_log_findings
from prefork_ssl.modules.ssl.hosts.material import HostMaterial, all_findings, host_material
from prefork_ssl.modules.ssl.hosts.settings import host_name, key_sources, tls_hosts
from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.keys.keyring import pass_phrase_dialog, refused
from prefork_ssl.modules.ssl.keys.keystore import CertificateMaterial, KeyStore
from prefork_ssl.modules.ssl.passphrase.means import Occasion
from prefork_ssl.modules.ssl.verification.reading import Shelf
from prefork_ssl.modules.ssl.verification.terms import terms


def examine(configuration: Configuration) -> Iterator[str]:
    """See kernel/hooks.py. Raises ConfigError."""
    try:
        material, findings = _open(configuration)
        for host, served in material.items():
            _try_context(host, served)
    except KeyMaterialError as error:
        raise refused(error.findings) from error
    for finding in dict.fromkeys((*findings, *key_log_findings(material), *unreachable(configuration))):
        yield f"{finding.severity}: {finding}"


def dump_certificates(configuration: Configuration) -> Iterator[str]:
    """What -t -D DUMP_CERTS shows. Raises ConfigError."""
    try:
        material, _ = _open(configuration)
    except KeyMaterialError as error:
        raise refused(error.findings) from error
    yield "Server certificates:"
    for host, served in material.items():
        for each in (*served.materials, *served.unopened):
            yield f"  {host_name(host)} ({host.origin or 'main server'})"
            for title, text in _description(each):
                yield f"    {title:8} {text}"


def _open(configuration: Configuration) -> tuple[dict[Host, HostMaterial], Sequence[Finding]]:
    """What each host would serve with, and what there is to say about it. Raises KeyMaterialError."""
    hosts = tls_hosts(configuration)
    sources = [source for host in hosts for source in key_sources(host)]
    dialog = pass_phrase_dialog(configuration.server.settings)
    loaded = KeyStore().load(sources, dialog, Occasion.CHECK)
    shelf = Shelf()
    material = host_material(hosts, loaded, shelf)
    return material, [*loaded.findings, *shelf.findings, *all_findings(material)]


def _try_context(host: Host, served: HostMaterial) -> None:
    """OpenSSL refuses what is too weak for it. Raises KeyMaterialError."""
    wanted = parameters(host, served.identities, terms(host, served.trust, served.revocation))
    build_context(wanted, host_name(host), served.materials, served.trust)


def _description(material: CertificateMaterial) -> Iterable[tuple[str, str]]:
    seen = describe(material, datetime.now(UTC))
    yield "file", str(seen.file)
    yield "key", seen.key
    yield "subject", seen.subject
    yield "issuer", seen.issuer
    yield "names", ", ".join(seen.names) or "none"
    yield "valid", f"{seen.not_before:%Y-%m-%d} to {seen.not_after:%Y-%m-%d} ({_days(seen.days_left)})"
    yield "OCSP", ", ".join(seen.ocsp_urls) or "none"
    yield "CRL", ", ".join(seen.crl_urls) or "none"


def _days(left: int) -> str:
    number = f"{abs(left)} day{'s' * (abs(left) != 1)}"
    return f"{number} left" if left >= 0 else f"expired {number} ago"
