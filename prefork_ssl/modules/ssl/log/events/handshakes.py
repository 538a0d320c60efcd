"""Handshakes: those that were made, and those that were not."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

from prefork_ssl.modules.ssl.certificate.names import alternative_names, uncovered
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello, Missing, examine
from prefork_ssl.modules.ssl.hello.first_bytes import Protocol, host_field
from prefork_ssl.modules.ssl.log.alerts import alert_in
from prefork_ssl.modules.ssl.log.event import LONGEST_TEXT, PLAIN, Address, Event, Value, quoted
from prefork_ssl.modules.ssl.log.events import verification
from prefork_ssl.modules.ssl.log.hints import protocols
from prefork_ssl.modules.ssl.log.hints.failure import Failure
from prefork_ssl.modules.ssl.log.hints.offers import offered_versions
from prefork_ssl.modules.ssl.log.hints.own_certificate import may_not_be_accepted
from prefork_ssl.modules.ssl.log.hints.table import hint
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.openssl import Error, main_reason, queued_errors, rejection
from prefork_ssl.modules.ssl.openssl.agreement import Agreement, agreement
from prefork_ssl.modules.ssl.openssl.watching import state

if TYPE_CHECKING:
    from prefork_ssl.modules.ssl.connection.handshake import Opening
    from prefork_ssl.modules.ssl.connection.transport import TLSTransport
    from prefork_ssl.modules.ssl.hosts.table import TLSHost

INFO = SSLLevel.INFO

# Bytes: what fits into one packet on an Ethernet (1500, less the headers of IPv6 and TCP). Larger hellos come in two.
_ONE_PACKET = 1428
_TLS_HANDSHAKE = b"\x16"
# Bytes of an unknown protocol.
_SHOWN = 32


def established(transport: TLSTransport, source: str = "") -> None:
    """The handshake is complete; `source` is where the session is that was to be resumed, if that is known."""
    agreed = agreement(transport.tls)
    session = (source or _session(transport, agreed)) if transport.tls.resumed() else "no"
    message, fields = _done(agreed, session)
    event = Event(INFO, "handshake-done", message, transport.wire.peer, fields, hello=transport.hello)
    host, asked = transport.host, transport.server_name
    if asked is not None and host.is_named(asked):
        host.log.write(event)
        return
    event.details = (_asked(asked),)
    host.log.write(event, lambda: _unnamed(host, asked and asked[: LONGEST_TEXT + 1]))


@lru_cache(maxsize=256)
def _done(agreed: Agreement, session: str) -> tuple[str, dict[str, Value]]:
    """Most handshakes are like others before."""
    protocol, cipher, bits, group = agreed
    resumed = "new" if session == "no" else f"resumed ({session})"
    message = f"handshake done: {protocol}, {cipher} ({bits} bits), {group or 'no group'}, {resumed} session"
    return message, {**agreed._asdict(), "resumed": session}


def failed(opening: Opening, error: Error) -> None:
    """OpenSSL gave up, or the client did and said why."""
    tls, host = opening.tls, opening.host
    errors = queued_errors(error)
    if not errors:  # close_notify in the middle of it
        lost(opening, ConnectionAbortedError())
        return
    found = rejection(tls) if tls else None
    if found is not None:
        place = host.log, opening.wire.peer
        verification.refused(*place, found, host.parameters.clients.policy.depth, errors, opening.hello)
        return
    failure = Failure(main_reason(errors), host, opening.hello, tls)
    if failure.reason == verification.NO_CERTIFICATE:
        verification.missing(host.log, opening.wire.peer, errors, opening.hello)
        return
    fields: dict[str, Value] = {**_offer(opening), "reason": failure.reason}
    if alert := failure.alert or alert_in(opening.answer):
        fields["alert"] = alert
    host.log.write(
        Event(
            INFO,
            "handshake-failed",
            f"handshake failed: {failure.cause}",
            opening.wire.peer,
            fields,
            errors,
            details=_asked_details(opening),
            hello=opening.hello,
        ),
        lambda: hint(failure),
    )


def timed_out(opening: Opening) -> None:
    """RequestReadTimeout handshake= is over."""
    where, details = _progress(opening)
    opening.host.log.write(
        Event(
            INFO,
            "handshake-timeout",
            f"handshake timed out {where}",
            opening.wire.peer,
            {**_offer(opening), "reason": where},
            details=details,
            hello=opening.hello,
        ),
        lambda: _cut_off(opening) or _slow(opening),
    )


def lost(opening: Opening, error: OSError) -> None:
    """The client went away during the handshake."""
    where, details = _progress(opening)
    why = error.strerror or "closed by the client"
    opening.host.log.write(
        Event(
            INFO,
            "handshake-lost",
            f"connection ended during the handshake {where}: {why}",
            opening.wire.peer,
            {**_offer(opening), "reason": why},
            details=details,
            system=error if error.errno else None,
            hello=opening.hello,
        ),
        lambda: _cut_off(opening) or _why_lost(opening),
    )


def foreign(opening: Opening, protocol: Protocol) -> None:
    """The client speaks something else than TLS."""
    message = f"client speaks {protocol.value} on a TLS port"
    fields: dict[str, Value] = {"protocol": protocol.name.lower()}
    hint = protocols.FOREIGN[protocol]
    details = _what_came(opening.data)
    opening.host.log.write(
        Event(INFO, "not-tls", message, opening.wire.peer, fields, hint=hint, details=details)
    )


def tls_on_plain_port(log: SSLLog, client: Address, port: int, data: bytes) -> None:
    """The client speaks TLS to a listener that has no host for that; `data` is what came first."""
    first = examine(data)
    asked = first.server_name if isinstance(first, ClientHello) else None
    log.write(
        Event(
            INFO,
            "tls-on-plain-port",
            "TLS on a plain HTTP port",
            client,
            {"port": port},
            hint=protocols.plain_port(port),
            details=(f"port {port}", _asked(asked)),
            hello=first if isinstance(first, ClientHello) else None,
        )
    )


def _session(transport: TLSTransport, agreed: Agreement) -> str:
    """Where a resumed session was that is in no shared cache: with the client, in its ticket, or in OpenSSL."""
    sealed = transport.host.parameters.tickets and (
        agreed.protocol == "TLSv1.3" or transport.hello.offers_ticket
    )
    return "ticket" if sealed else "internal"


def _asked(name: str | None) -> str:
    return f"asked for {quoted(name)}" if name else "named no host"


def _asked_details(opening: Opening) -> tuple[str, ...]:
    name = opening.server_name
    return () if name and opening.host.is_named(name) else (_asked(name),)


@lru_cache(maxsize=256)
def _unnamed(host: TLSHost, asked: str | None) -> str:
    first = "it got the first host of this address"
    if asked is None:
        return f"no SNI: {first}; SSLStrictSNIVHostCheck on refuses such clients"
    unfit = all(uncovered([asked], alternative_names(shown.certificate) or ()) for shown in host.shown)
    but = ", whose certificate is not for it, so that the client will go" if unfit else ""
    return f"no ServerName or ServerAlias of this address is {quoted(asked)}: {first}{but}"


def _offer(opening: Opening) -> dict[str, Value]:
    if opening.hello is None:
        return {}
    return {"offered": " ".join(offered_versions(opening.hello))}


def _progress(opening: Opening) -> tuple[str, tuple[str, ...]]:
    """How far it got, in words that are the same for all, and in detail."""
    if opening.tls is not None:
        return "after our certificate was sent", (*_asked_details(opening), f"OpenSSL: {state(opening.tls)}")
    if opening.data[:1] == _TLS_HANDSHAKE:
        return "in the middle of the ClientHello", (f"{len(opening.data)} of {_expected(opening)} bytes",)
    if opening.data:
        return "before it was clear what the client speaks", _what_came(opening.data)
    return "before the first byte", ()


def _what_came(data: bytes) -> tuple[str, ...]:
    """What tells the client from others that speak no TLS: the host that it asked for, its alert, or its first bytes,
    percent-encoded where they are no text."""
    if asked := host_field(data):
        return (_asked(asked),)
    if alert := alert_in(data):
        return (f"alert {alert}",)
    return (f"began with {quote_from_bytes(data[:_SHOWN], safe=PLAIN)}",)


def _expected(opening: Opening) -> int:
    """Bytes until the ClientHello is complete, as far as what came tells."""
    first = examine(opening.data)
    return len(opening.data) + (first.count if isinstance(first, Missing) else 0)


def _cut_off(opening: Opening) -> str:
    """The second packet of a large hello did not come."""
    if opening.tls is not None or not opening.data or _expected(opening) <= _ONE_PACKET:
        return ""
    return (
        "the ClientHello does not fit into one packet, as with X25519MLKEM768, the key exchange of today's browsers, "
        "and the rest of it did not come: a firewall or load balancer in front drops it, and must be updated"
    )


def _why_lost(opening: Opening) -> str:
    if not opening.data:
        return "a health check, or somebody who looks for open ports: nothing to do"
    if opening.tls is None:
        return "a client that was ended, or a scanner: nothing to do"
    return may_not_be_accepted(Failure("", opening.host, opening.hello, opening.tls))


def _slow(opening: Opening) -> str:
    limit = opening.host.handshake_time.timeout
    return f"a client has RequestReadTimeout handshake={limit:g} seconds"
