"""The key material of each host that speaks TLS: loaded, checked, and refused with everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prefork_ssl.config.tree import Host
from prefork_ssl.modules.ssl.certificate.checks import check
from prefork_ssl.modules.ssl.hosts.settings import key_sources, names
from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.keys.keystore import KeyMaterial, KeySource, Loaded


@dataclass(frozen=True, slots=True)
class HostMaterial:
    """What one host serves with, one for each type of key, and what there is to say about it."""

    materials: tuple[KeyMaterial, ...]
    findings: tuple[Finding, ...]

    @property
    def identities(self) -> tuple[bytes, ...]:
        """Equal if and only if the same is served."""
        return tuple(material.identity for material in self.materials)


def host_material(hosts: Sequence[Host], loaded: Loaded) -> dict[Host, HostMaterial]:
    """What each host serves with. Raises KeyMaterialError with all errors."""
    found = {host: _checked(host, loaded.materials) for host in hosts}
    findings = dict.fromkeys(finding for each in found.values() for finding in each.findings)
    if errors := [finding for finding in findings if finding.severity == "error"]:
        raise KeyMaterialError(errors)
    return found


def _checked(host: Host, loaded: Mapping[KeySource, KeyMaterial]) -> HostMaterial:
    materials = tuple(loaded[source] for source in key_sources(host))
    now = datetime.now(UTC)
    findings = [finding for material in materials for finding in check(material, names(host), now)]
    return HostMaterial(materials, (*findings, *_same_type(materials)))


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
