"""What is done with sessions in the cache that all workers share."""

from __future__ import annotations

from prefork_ssl.modules.ssl.log.event import Event, Value
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.openssl import LIBRARY


def operation(log: SSLLog, kind: str, what: str, session_id: bytes, outcome: str) -> None:
    """The cache (SessionCache.kind) was asked to `what` ("store", "find", "remove") a session."""
    name = session_id.hex().upper()
    message = f"session cache ({kind}): {what} {name}: {outcome}"
    fields: dict[str, Value] = {"cache": kind, "operation": what, "session": name, "outcome": outcome}
    log.write(Event(SSLLevel.TRACE, "session-cache-operation", message, fields=fields))


def trouble(log: SSLLog, what: str, hint: str, error: OSError | None = None) -> None:
    """The cache does not work for now; handshakes go on without it. To be told once for each spell of trouble."""
    message = f"session cache: {what}; going on without it"
    log.write(Event(SSLLevel.WARN, "session-cache-trouble", message, hint=hint, system=error))


def recovered(log: SSLLog, what: str) -> None:
    """What did not work works again."""
    log.write(Event(SSLLevel.INFO, "session-cache-recovered", f"session cache: {what}"))


def told(log: SSLLog, what: str, hint: str = "") -> None:
    """Something that an administrator may want to know about how the cache is set up."""
    log.write(Event(SSLLevel.INFO, "session-cache", f"session cache: {what}", hint=hint))


def unshared(log: SSLLog) -> None:
    """What is installed does not let us share sessions."""
    message = f"session cache: with {LIBRARY} as it is installed here, workers cannot share sessions; going on without"
    hint = "install the versions of pyOpenSSL and cryptography that prefork_ssl asks for"
    log.write(Event(SSLLevel.WARN, "session-cache-unshared", message, hint=hint))
