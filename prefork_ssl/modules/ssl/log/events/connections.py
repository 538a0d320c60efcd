"""Connections after their handshake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefork_ssl.modules.ssl.log.event import Event, Value
from prefork_ssl.modules.ssl.log.hints.failure import Failure
from prefork_ssl.modules.ssl.log.hints.table import hint
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.openssl import Error, main_reason, queued_errors

if TYPE_CHECKING:
    from prefork_ssl.modules.ssl.connection.parting import Beginning
    from prefork_ssl.modules.ssl.connection.transport import TLSTransport

INFO = SSLLevel.INFO


def closed(transport: TLSTransport, style: str, begun: Beginning, traffic: tuple[int, int]) -> None:
    """The connection has ended, in this `style`. `traffic` are bytes on the network, received and sent."""
    received, sent = traffic
    message = f"connection closed ({style}) by {begun.text}, {received} bytes received, {sent} sent"
    fields: dict[str, Value] = {"style": style, "ended_by": begun.who, "received": received, "sent": sent}
    if begun.sign:
        fields["ended_with"] = begun.sign
    transport.host.log.write(Event(INFO, "closed", message, transport.wire.peer, fields))


def broken(transport: TLSTransport, error: Error) -> None:
    """After the handshake, something came that is no proper TLS, or an alert."""
    errors = queued_errors(error)
    failure = Failure(main_reason(errors), transport.host, transport.hello, transport.tls)
    fields: dict[str, Value] = {"reason": failure.reason}
    if failure.alert:
        fields["alert"] = failure.alert
    message = f"connection broken: {failure.cause}"
    event = Event(INFO, "record-failed", message, transport.wire.peer, fields, errors)
    transport.host.log.write(event, lambda: hint(failure))


def renegotiation_refused(transport: TLSTransport) -> None:
    """The client wanted another handshake within the connection (TLS 1.2), and was told no."""
    why = (
        "clients may not renegotiate, since it costs them nothing and us much; "
        "the server does it by itself where SSLVerifyClient or SSLCipherSuite in a section needs it"
    )
    message = "renegotiation refused that the client asked for"
    transport.host.log.write(Event(INFO, "renegotiation-refused", message, transport.wire.peer, hint=why))
