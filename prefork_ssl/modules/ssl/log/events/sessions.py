"""What is done with sessions in the cache that all workers share."""

from __future__ import annotations

from prefork_ssl.modules.ssl.log.event import Address, Event, Value
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog


def operation(log: SSLLog, what: str, session_id: bytes, outcome: str, client: Address | None = None) -> None:
    """The cache was asked to `what` ("store", "find", "remove") a session. To be called if `log.tells_trace`."""
    name = session_id.hex().upper()
    message = f"session cache: {what} {name}: {outcome}"
    fields: dict[str, Value] = {"operation": what, "session": name, "outcome": outcome}
    log.write(Event(SSLLevel.TRACE, "session-cache", message, client, fields))


def trouble(log: SSLLog, what: str, hint: str, error: OSError | None = None) -> None:
    """The cache does not work for now; handshakes go on without it. To be told once for each spell of trouble."""
    message = f"session cache: {what}; going on without it"
    log.write(Event(SSLLevel.WARN, "session-cache-trouble", message, hint=hint, system=error))


def recovered(log: SSLLog, lost: int) -> None:
    """The cache works again; so many operations were done without it."""
    message = f"session cache: works again, {lost} operations were done without it"
    log.write(Event(SSLLevel.INFO, "session-cache-recovered", message, fields={"count": lost}))
