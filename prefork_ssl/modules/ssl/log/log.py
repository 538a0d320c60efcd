"""The dedicated SSL log: one event in, its lines out.

    [23/Nov/2026 10:29:27.123 12345] [info]  message (client 192.0.2.1:61234, server www.example.com:443)
    [23/Nov/2026 10:29:27.123 12345] [info]  OpenSSL: SSL routines: no shared cipher [Hint: ...]

What LogLevel lets through goes to the error log too: by default errors and warnings, whatever SSLLogLevel says.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.files import LogFile
from prefork_ssl.kernel.log.text import escape_message
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.openssl import QueuedError

MODULE = "ssl"  # as in: LogLevel ssl:info

Address = tuple[str, int]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True)  # not frozen: that would make it four times as slow
class Event:
    """One thing that happened. `name` is stable, for machines; `message` is for people and does not repeat the client.

    `fields` are what is known in detail (protocol, cipher, group, reason ...); `errors` what OpenSSL had to say, and
    `hint` what the administrator could do about it.
    """

    level: SSLLevel
    name: str
    message: str
    client: Address | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[QueuedError, ...] = ()
    hint: str = ""


class SSLLog:
    """Where the events of one host go. `host` is "name:port". `file` is None without SSLLog."""

    def __init__(self, host: str, file: LogFile | None, level: SSLLevel, general: ErrorLog) -> None:
        self.host = host
        self._file = file
        self._level = level if file else SSLLevel.NONE
        self._general = general
        # Asked before an event of every connection is composed.
        self.tells_info = self._tells(SSLLevel.INFO)

    @property
    def dedicated(self) -> bool:
        """Whether there is an SSLLog, and not just the error log."""
        return self._file is not None

    def write(self, event: Event) -> None:
        """Log the event wherever its level lets it."""
        self.note(event)
        if self._general.enabled(event.level.general, MODULE):
            message, *detail = _lines(event, f"server {self.host}")
            self._general.write(
                event.level.general, message, module=MODULE, client=event.client, detail=detail
            )

    def note(self, event: Event) -> None:
        """Log the event in the SSL log only."""
        if event.level <= self._level and self._file is not None:
            client = f"client {_address(event.client)}, " if event.client else ""
            prefix = _prefix(event.level)
            lines = _lines(event, f"{client}server {self.host}")
            self._file.write("".join(f"{prefix}{escape_message(line)}\n" for line in lines).encode("ascii"))

    def _tells(self, level: SSLLevel) -> bool:
        return level <= self._level or self._general.enabled(level.general, MODULE)


def _lines(event: Event, where: str) -> Iterator[str]:
    """The message, each of OpenSSL's errors; the hint stands behind the first of them, if there is one."""
    hint = f" [Hint: {event.hint}]" if event.hint else ""
    yield f"{event.message} ({where}){'' if event.errors else hint}"
    for error in event.errors:
        yield f"OpenSSL: {error}{hint}"
        hint = ""


def _address(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _prefix(level: SSLLevel) -> str:
    now = time.time()
    return f"[{_clock(int(now))}.{int(now % 1 * 1000):03} {os.getpid():05}] {_COLUMN[level]}"


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    """Local time, made once in each second."""
    local = time.localtime(second)
    day = f"{local.tm_mday:02}/{_MONTHS[local.tm_mon - 1]}/{local.tm_year}"
    return f"{day} {local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02}"


_COLUMN = {level: f"{f'[{level.name.lower()}]':8}" for level in SSLLevel}
