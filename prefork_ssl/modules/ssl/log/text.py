"""SSLLogFormat text: an event as lines.

[23/Nov/2026 10:29:27.123 12345] [info]  message (client 192.0.2.1:61234, server www.example.com:443) [Hint: ...]
[23/Nov/2026 10:29:27.123 12345] [info]  OpenSSL: SSL routines: no shared cipher
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from time import localtime, time

from prefork_ssl.kernel.log.text import escape_message
from prefork_ssl.modules.ssl.log.dump import rows
from prefork_ssl.modules.ssl.log.event import Address, Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COLUMN = {level: f"{f'[{level.name.lower()}]':8}" for level in SSLLevel}


def render(event: Event, host: str) -> bytes:
    """The event's lines, each with its line feed, in ASCII."""
    prefix = _prefix(event.level)
    client = f"client {address(event.client)}, " if event.client else ""
    lines = f"{prefix}{escape_message(sentence(event, f'{client}server {host}'))}\n"
    for line in more_lines(event):
        lines += f"{prefix}{escape_message(line)}\n"
    return lines.encode("ascii")


def sentence(event: Event, where: str) -> str:
    """The first line: what happened, where and to whom, and what to do about it."""
    details = f", {', '.join(event.details)}" if event.details else ""
    hint = f" [Hint: {event.hint}]" if event.hint else ""
    return f"{event.message} ({where}{details}){hint}"


def more_lines(event: Event) -> Iterator[str]:
    """What the system and OpenSSL had to say, and the bytes."""
    if event.system is not None:
        yield f"System: {event.system.strerror} (errno: {event.system.errno})"
    for error in event.errors:
        yield f"OpenSSL: {error}"
    if event.data:
        yield from rows(event.data)


def address(client: Address) -> str:
    """192.0.2.1:61234 or [2001:db8::1]:61234; without the port if that is 0."""
    host, port = client
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{port}" if port else host


def _prefix(level: SSLLevel) -> str:
    now = time()
    second = int(now)
    return f"[{_clock(second)}.{int((now - second) * 1000):03} {os.getpid():05}] {_COLUMN[level]}"


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    """Local time, made once in each second."""
    local = localtime(second)
    day = f"{local.tm_mday:02}/{_MONTHS[local.tm_mon - 1]}/{local.tm_year}"
    return f"{day} {local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02}"
