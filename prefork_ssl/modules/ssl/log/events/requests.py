"""Requests that TLS has a say in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefork_ssl.modules.ssl.log.event import Event, Value, quoted
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request
    from prefork_ssl.modules.ssl.connection.transport import TLSTransport

INFO = SSLLevel.INFO


def misdirected(transport: TLSTransport, request: Request) -> None:
    """A request for a host that must not be reached over this connection."""
    asked = f"asked for {quoted(transport.server_name)}" if transport.server_name else "named no host"
    fields: dict[str, Value] = {"requested": request.host_name}
    transport.host.log.write(
        Event(
            INFO,
            "misdirected",
            "request for another host than that of the handshake refused (421)",
            transport.wire.peer,
            fields,
            hint="the two hosts differ in their settings for TLS: let them be the same, or give each a certificate "
            "of its own, so that clients do not reuse the connection (SSLVHostSNIPolicy says what must be the same)",
            details=(f"{asked} in its handshake", f"requests {quoted(request.host_name)}"),
            hello=transport.hello,
        )
    )


def denied(log: SSLLog, request: Request, directive: str, why: str, hint: str = "") -> None:
    """A request was refused by `directive` ("SSLRequire", "SSLRequireSSL"); `why` is the part of it that failed, as it
    stands in the configuration, with the values that it had, which are quoted()."""
    fields: dict[str, Value] = {"directive": directive, "reason": why, "path": request.path}
    log.write(
        Event(
            INFO,
            "denied",
            f"access denied by {directive}",
            request.transport.wire.peer,
            fields,
            hint=hint,
            details=(quoted(f"{request.method} {request.path}"), f"failed: {why}"),
        )
    )


def nameless(transport: TLSTransport, request: Request) -> None:
    """SSLStrictSNIVHostCheck refuses a client that named no host in its handshake."""
    hint = (
        "programs that connect to an address instead of a name send no SNI, nor do those from before 2010; "
        "SSLStrictSNIVHostCheck off lets them in"
    )
    denied(transport.host.log, request, "SSLStrictSNIVHostCheck", "the client named no host, no SNI", hint)
