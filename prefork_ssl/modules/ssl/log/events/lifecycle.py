"""Start, reload, keys and certificates: what the master has to tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prefork_ssl.kernel.http.software import PRODUCT, VERSION
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.keystore import KeyMaterial
from prefork_ssl.modules.ssl.log.event import Event, Value
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.openssl import LIBRARY

INFO = SSLLevel.INFO

_SEVERITIES = {"error": SSLLevel.ERROR, "warning": SSLLevel.WARN, "info": SSLLevel.INFO}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reload does to the hosts that speak TLS: their names, and behind those in `changed` what is new."""

    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    changed: Sequence[str] = ()
    unchanged: int = 0

    def __str__(self) -> str:
        parts = [f"{word} {', '.join(names)}" for word, names in self.lists() if names]
        return "; ".join((f"{self.unchanged} of them unchanged", *parts))

    def lists(self) -> Iterable[tuple[str, Sequence[str]]]:
        """What happened, and to which hosts."""
        return ("added", self.added), ("removed", self.removed), ("changed", self.changed)


def prepared(log: SSLLog, generation: int, hosts: int, changes: Changes | None) -> None:
    """A generation is ready to serve; `changes` since the one before, if there is one. Unchanged hosts go on with the
    Context, and so the tickets, that they had."""
    message = f"{PRODUCT}/{VERSION}, {LIBRARY}: {_counted(hosts, 'host')} with TLS"
    fields: dict[str, Value] = {"generation": generation, "hosts": hosts}
    if changes is not None:
        message += f", {changes}"
        fields["unchanged"] = changes.unchanged
        fields |= {word: list(names) for word, names in changes.lists()}
    log.write(Event(INFO, "ready", message, fields=fields))


def in_service(log: SSLLog, generation: int) -> None:
    """All workers of a generation serve."""
    log.write(
        Event(INFO, "in-service", f"generation {generation} is in service", fields={"generation": generation})
    )


def reload_refused(log: SSLLog, generation: int, reason: str) -> None:
    """A reload has failed; `generation` goes on. The error log has been told."""
    for line in reason.splitlines():
        fields: dict[str, Value] = {"generation": generation, "reason": line}
        message = f"reload refused, generation {generation} stays in service: {line}"
        log.note(Event(SSLLevel.ERROR, "reload-refused", message, fields=fields))


def key_loaded(log: SSLLog, material: KeyMaterial, days_left: int) -> None:
    """A certificate and its key are in use."""
    subject = material.certificate.subject.rfc4514_string()
    message = (
        f"{material.key_type} certificate {material.source.certificate}, "
        f"{_counted(len(material.chain), 'intermediate')} with it: {subject}, {_counted(days_left, 'day')} left"
    )
    fields: dict[str, Value] = {"subject": subject, "key": material.key_type, "days_left": days_left}
    log.write(Event(INFO, "key-loaded", message, fields=fields))


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' * (number != 1)}"


def found(finding: Finding) -> Event:
    """Something about key material that the administrator should know."""
    place = f"{finding.where}: " if finding.where else ""
    message = f"{place}{finding.directive}: {finding.message}"
    fields = {"directive": finding.directive, "where": finding.where}
    return Event(_SEVERITIES[finding.severity], "finding", message, fields=fields, hint=finding.hint)


def files_changed(log: SSLLog, files: Iterable[str]) -> None:
    """SSLCertificateWatch has seen something."""
    message = f"reloading, because of changes in {', '.join(files)}"
    log.write(Event(INFO, "files-changed", message))


def ticket_keys_spent(log: SSLLog) -> None:
    """SSLSessionTicketKeyLifetime is over."""
    log.write(Event(INFO, "ticket-keys-spent", "new workers with new keys for session tickets"))
