"""The key material of each host that speaks TLS, whom it believes, and everything that can be said about that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prefork_ssl.config.tree import Host
from prefork_ssl.modules.ssl.certificate.checks import check
from prefork_ssl.modules.ssl.hosts.settings import key_sources, names
from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.keys.keystore import CertificateMaterial, KeyMaterial, Loaded
from prefork_ssl.modules.ssl.revocation.policy import RevocationPolicy, revocation_policy
from prefork_ssl.modules.ssl.stapling.inquiries import stapling_findings
from prefork_ssl.modules.ssl.verification.consistency import trust_findings
from prefork_ssl.modules.ssl.verification.reading import Shelf
from prefork_ssl.modules.ssl.verification.trust import Trust, trust


@dataclass(frozen=True, slots=True)
class HostMaterial:
    """What one host serves with, one for each type of key, and what there is to say about it.

    Under -t, a certificate whose key stayed closed is in `unopened`. `trust` is whom the host believes, and
    `revocation` what OCSP responders are asked about them.
    """

    materials: tuple[KeyMaterial, ...]
    unopened: tuple[CertificateMaterial, ...]
    trust: Trust
    revocation: RevocationPolicy
    findings: tuple[Finding, ...]

    @property
    def identities(self) -> tuple[bytes, ...]:
        """Equal if and only if the same is served."""
        return tuple(material.identity for material in self.materials)


def host_material(hosts: Sequence[Host], loaded: Loaded, shelf: Shelf) -> dict[Host, HostMaterial]:
    """What each host serves with; CAs and CRLs come from the shelf. Raises KeyMaterialError with all errors."""
    unopened = {material.source: material for material in loaded.unopened}
    found = {}
    for host in hosts:
        sources = key_sources(host)
        opened = tuple(loaded.materials[source] for source in sources if source in loaded.materials)
        closed = tuple(unopened[source] for source in sources if source in unopened)
        believed = trust(host.settings, shelf)
        findings = (*_findings(host, (*opened, *closed)), *trust_findings(host, believed))
        revocation = revocation_policy(host.settings, shelf)
        found[host] = HostMaterial(opened, closed, believed, revocation, findings)
    refuse_errors((*shelf.findings, *all_findings(found)))
    return found


def all_findings(material: Mapping[Host, HostMaterial]) -> Iterator[Finding]:
    """What there is to say about all hosts."""
    for each in material.values():
        yield from each.findings


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raises KeyMaterialError if there are errors among the findings."""
    if errors := dict.fromkeys(finding for finding in findings if finding.severity == "error"):
        raise KeyMaterialError(errors)


def _findings(host: Host, materials: Sequence[CertificateMaterial]) -> Iterator[Finding]:
    now = datetime.now(UTC)
    for material in materials:
        yield from check(material, names(host), now)
        yield from stapling_findings(material, host.settings)
    yield from _same_type([material for material in materials if isinstance(material, KeyMaterial)])


def _same_type(materials: Sequence[KeyMaterial]) -> Iterator[Finding]:
    """OpenSSL has one place for each type of key; a second certificate would quietly replace the first."""
    first: dict[str, KeyMaterial] = {}
    for material in materials:
        other = first.setdefault(material.key_type, material)
        if other is not material:
            named = material.source.certificate_file
            message = (
                f"{named.path} has a key of the same type ({material.key_type}) as {other.source.certificate}"
            )
            yield Finding(
                "error", named.directive, named.where, message, "name one certificate for each type of key"
            )
