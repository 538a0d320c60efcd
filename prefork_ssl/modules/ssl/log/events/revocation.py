"""What OCSP responders say of clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from prefork_ssl.modules.ssl.certificate.distinguished_names import rfc2253
from prefork_ssl.modules.ssl.certificate.view import CertificateView
from prefork_ssl.modules.ssl.log.event import Event, Value, quoted
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.stapling.errand import Outcome

if TYPE_CHECKING:
    from prefork_ssl.modules.ssl.connection.transport import TLSTransport

_LONGEST_NAME = 200  # characters

_NEW = "the client needs a new certificate from its CA"
_TRY = (
    "try it: openssl ocsp -issuer CA.crt -cert CLIENT.crt -url URL; SSLOCSPDefaultResponder with "
    "SSLOCSPOverrideResponder on names another responder"
)
_HINTS = {
    "nonce": "the responder makes its answers ahead of time: write SSLOCSPUseRequestNonce off",
    "authorise": "if the responder is to be believed, name its certificate in SSLOCSPResponderCertificateFile",
    "somebody else": "if the responder is to be believed, name its certificate in SSLOCSPResponderCertificateFile",
    "clocks": "compare the clock with that of others; SSLOCSPResponseTimeSkew says how far they may be apart",
    "the program": "the error log may have its last words",
}


def asked(transport: TLSTransport, certificate: x509.Certificate, url: str, outcome: Outcome) -> None:
    """A responder was asked about a client's certificate, or what it said before was remembered."""
    good = outcome.status == "good"
    says = outcome.reason or outcome.status
    fields: dict[str, Value] = {"subject": _subject(certificate), "url": url, "status": outcome.status}
    message = f"OCSP responder, asked about a client: {says}"
    level = SSLLevel.TRACE if good else SSLLevel.INFO
    client = transport.wire.peer
    hint = "" if good else _hint(outcome.reason) if outcome.reason else _NEW
    transport.host.log.write(
        Event(level, "ocsp-client", message, client, fields, hint=hint, details=_details(certificate, url))
    )


def nobody_to_ask(transport: TLSTransport, certificate: x509.Certificate) -> None:
    """A client's certificate names no responder, and there is no default."""
    hint = "name one with SSLOCSPDefaultResponder, or write SSLOCSPEnable ... no_ocsp_for_cert_ok"
    message = "OCSP responder, asked about a client: none is known"
    fields: dict[str, Value] = {"subject": _subject(certificate)}
    client, details = transport.wire.peer, _details(certificate, "")
    transport.host.log.write(
        Event(SSLLevel.INFO, "ocsp-client", message, client, fields, hint=hint, details=details)
    )


def trouble(log: SSLLog, url: str, reason: str) -> None:
    """A responder gives no good answers; told once, until there is other trouble, or none."""
    hint = _hint(reason)
    message = f"OCSP responder {url}, asked about clients: {reason}; they are not let in"
    log.write(Event(SSLLevel.WARN, "ocsp-trouble", message, fields={"url": url, "reason": reason}, hint=hint))


def helper_ended(log: SSLLog, what: str) -> None:
    """The helper has ended, or cannot be started."""
    log.write(Event(SSLLevel.ERROR, "ocsp-helper", what, hint="the error log may have its last words"))


def _hint(reason: str) -> str:
    return next((hint for text, hint in _HINTS.items() if text in reason), _TRY)


def _subject(certificate: x509.Certificate) -> str:
    return rfc2253(CertificateView(certificate).subject)[:_LONGEST_NAME]


def _details(certificate: x509.Certificate, url: str) -> tuple[str, ...]:
    shown = (
        f"certificate of {quoted(_subject(certificate))}",
        f"serial number {certificate.serial_number:X}",
    )
    return (*shown, f"asked {quoted(url)}") if url else shown
