"""Client certificates: those that were missing, those that were refused, and each step of their verification.

For a handshake, events/handshakes.py calls these by itself. A location that asks later has to.
"""

from __future__ import annotations

from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
from prefork_ssl.modules.ssl.log.event import Address, Event, Value, quoted
from prefork_ssl.modules.ssl.log.hints import client_certificate as hints
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.openssl import QueuedError, Rejection

INFO = SSLLevel.INFO

# OpenSSL's words when SSLVerifyClient require was not met.
NO_CERTIFICATE = "peer did not return a certificate"


def missing(
    log: SSLLog,
    client: Address,
    errors: tuple[QueuedError, ...] = (),
    hello: ClientHello | None = None,
    *,
    why: str = "the client sent none",
    hint: str = hints.MISSING,
    page: str = "",
) -> None:
    """A certificate was demanded, for a `page` or for the whole host, and none came; `why` may say more, such as that
    the client cannot be asked."""
    message = f"client certificate missing: {why}"
    fields: dict[str, Value] = {"reason": why}
    details = (quoted(page),) if page else ()
    event = Event(
        INFO, "client-certificate-missing", message, client, fields, errors, hint, details, hello=hello
    )
    log.write(event)


def refused(
    log: SSLLog,
    client: Address,
    found: Rejection,
    depth: int,
    errors: tuple[QueuedError, ...] = (),
    hello: ClientHello | None = None,
    *,
    page: str = "",
) -> None:
    """The certificate that came is not good enough where SSLVerifyDepth is `depth`: for a `page`, or the whole host."""
    shown = hints.described(found)
    fields: dict[str, Value] = {
        "reason": found.text,
        "code": found.code,
        "depth": found.depth,
        "subject": shown.subject,
        "issuer": shown.issuer,
        "serial": shown.serial,
    }
    log.write(
        Event(
            INFO,
            "client-certificate-refused",
            f"client certificate refused: {found.text}",
            client,
            fields,
            errors,
            details=(
                *((quoted(page),) if page else ()),
                f"certificate of {quoted(shown.subject)}",
                f"issued by {quoted(shown.issuer)}",
                f"serial number {shown.serial}",
                f"depth {found.depth}",
            ),
            hello=hello,
        ),
        lambda: hints.refused(found, depth),
    )
