"""What is worth a line in the SSL log, one small function for each event.

What clients do is information, however strange: only what the administrator must act on is a warning or an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefork_ssl.modules.ssl.certificate.description import key_name
from prefork_ssl.modules.ssl.context.protocols import NAMES
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
from prefork_ssl.modules.ssl.hello.first_bytes import Protocol
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.keystore import KeyMaterial
from prefork_ssl.modules.ssl.log import hints
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import Address, Event, SSLLog
from prefork_ssl.modules.ssl.openssl import LIBRARY, Error, queued_errors

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request
    from prefork_ssl.modules.ssl.connection.handshake import Opening
    from prefork_ssl.modules.ssl.connection.transport import TLSTransport
    from prefork_ssl.modules.ssl.hosts.table import TLSHost
    from prefork_ssl.modules.ssl.stapling.subject import Subject

INFO = SSLLevel.INFO

_SEVERITIES = {"error": SSLLevel.ERROR, "warning": SSLLevel.WARN, "info": SSLLevel.INFO}


# --- start and reload ---


def ready(log: SSLLog, generation: int, hosts: int, unchanged: int) -> None:
    """A generation is prepared. `unchanged` hosts go on with the Context, and so the tickets, of the one before."""
    message = f"{LIBRARY}: {hosts} host{'s' * (hosts != 1)} with TLS"
    if generation > 1:
        message += f", {unchanged} of them unchanged"
    fields = {"generation": str(generation), "hosts": str(hosts), "unchanged": str(unchanged)}
    log.write(Event(INFO, "ready", message, fields=fields))


def key_loaded(log: SSLLog, material: KeyMaterial, days_left: int) -> None:
    """A certificate and its key are in use."""
    subject = material.certificate.subject.rfc4514_string()
    message = (
        f"{material.key_type} certificate {material.source.certificate} with {len(material.chain)} intermediates: "
        f"{subject}, {days_left} days left"
    )
    fields = {"subject": subject, "key": material.key_type, "days_left": str(days_left)}
    log.write(Event(INFO, "key-loaded", message, fields=fields))


def found(finding: Finding) -> Event:
    """Something about key material that the administrator should know."""
    place = f"{finding.where}: " if finding.where else ""
    message = f"{place}{finding.directive}: {finding.message}"
    fields = {"directive": finding.directive, "where": finding.where}
    return Event(_SEVERITIES[finding.severity], "finding", message, fields=fields, hint=finding.hint)


# --- renewal ---


def files_changed(log: SSLLog, files: Iterable[str]) -> None:
    """SSLCertificateWatch has seen something."""
    message = f"reloading, because of changes in {', '.join(files)}"
    log.write(Event(INFO, "files-changed", message))


def ticket_keys_spent(log: SSLLog) -> None:
    """SSLSessionTicketKeyLifetime is over."""
    log.write(Event(INFO, "ticket-keys-spent", "new workers with new keys for session tickets"))


# --- stapling ---


def asked_about(log: SSLLog, subject: Subject) -> None:
    """An OCSP responder was asked. Trouble is told once, until there is other trouble, or none."""
    told, subject.told = subject.told, (subject.trouble, subject.covered)
    certificate = subject.inquiry.certificate
    name = f"{certificate.subject.rfc4514_string()} ({key_name(certificate)})"
    fields = {"subject": name, "url": subject.inquiry.url, "reason": subject.trouble}
    if not subject.trouble:
        level = SSLLevel.TRACE if told == subject.told else INFO
        log.write(Event(level, "ocsp-good", f"OCSP answer for {name}: good", fields=fields))
        return
    held = "the good answer that is there is sent on" if subject.covered else "clients get no good answer"
    message = f"OCSP responder {subject.inquiry.url}, asked about {name}: {subject.trouble}; {held}"
    level = SSLLevel.TRACE if told == subject.told else SSLLevel.WARN if subject.covered else SSLLevel.ERROR
    log.write(Event(level, "ocsp-trouble", message, fields=fields, hint=hints.stapling(subject.trouble)))


# --- handshakes ---


def established(transport: TLSTransport) -> None:
    """The handshake is complete."""
    tls = transport.tls
    fields = {
        "protocol": tls.public.get_protocol_version_name(),
        "cipher": tls.public.get_cipher_name() or "",
        "bits": str(tls.public.get_cipher_bits()),
        "group": tls.public.get_group_name() or "",
        "resumed": "resumed" if tls.resumed() else "new",
        "server_name": transport.server_name or "",
    }
    message = "handshake done: {protocol}, {cipher} ({bits} bits), {group}, {resumed} session".format(
        **fields
    )
    transport.host.log.write(Event(INFO, "handshake-done", message, transport.wire.peer, fields))


def handshake_failed(opening: Opening, error: Error) -> None:
    """OpenSSL gave up, or the client did and said why."""
    errors = queued_errors(error)
    reason = errors[0].reason if errors else "no reason given"
    fields = {**_offer(opening.hello), "server_name": opening.server_name or "", "reason": reason}
    hint = hints.hint(reason, opening.hello, opening.host.parameters)
    message = f"handshake failed: {reason}"
    opening.host.log.write(Event(INFO, "handshake-failed", message, opening.wire.peer, fields, errors, hint))


def timed_out(opening: Opening) -> None:
    """RequestReadTimeout handshake= is over."""
    message = f"handshake timed out, {_progress(opening)}"
    opening.host.log.write(Event(INFO, "handshake-timeout", message, opening.wire.peer))


def lost(opening: Opening, error: OSError) -> None:
    """The client went away during the handshake."""
    why = error.strerror or "closed by the client"
    message = f"connection ended during the handshake, {_progress(opening)}: {why}"
    opening.host.log.write(Event(INFO, "handshake-lost", message, opening.wire.peer, {"reason": why}))


def foreign(opening: Opening, protocol: Protocol) -> None:
    """The client speaks something else than TLS."""
    message = f"client speaks {protocol.value} on a TLS port"
    fields = {"protocol": protocol.name.lower()}
    hint = hints.FOREIGN.get(protocol, "")
    opening.host.log.write(Event(INFO, "not-tls", message, opening.wire.peer, fields, hint=hint))


# --- requests and records ---


def misdirected(transport: TLSTransport, request: Request) -> None:
    """A request for a host that must not be reached over this connection."""
    asked = f"asked for {transport.server_name}" if transport.server_name else "named no host"
    message = f"request for {request.host_name} refused: in its handshake the client {asked}"
    fields = {"server_name": transport.server_name or "", "host": request.host_name}
    transport.host.log.write(Event(INFO, "misdirected", message, transport.wire.peer, fields))


def record_failed(host: TLSHost, client: Address, error: Error) -> None:
    """After the handshake, something came that is no proper TLS, or an alert."""
    errors = queued_errors(error)
    reason = errors[0].reason if errors else "no reason given"
    message = f"connection broken: {reason}"
    hint = hints.hint(reason, None, host.parameters)
    host.log.write(Event(INFO, "record-failed", message, client, {"reason": reason}, errors, hint))


def _progress(opening: Opening) -> str:
    if opening.hello is not None:
        return "after the ClientHello"
    if opening.data:
        return f"after {len(opening.data)} bytes of an unfinished ClientHello"
    return "before the first byte"


def _offer(hello: ClientHello | None) -> dict[str, str]:
    if hello is None:
        return {}
    return {"offered": " ".join(NAMES[version] for version in sorted(hello.versions) if version in NAMES)}
