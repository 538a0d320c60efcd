"""SSLLogFormat text: an event as lines.

[23/Nov/2026 10:29:27.123 12345] [info]  message (client 192.0.2.1:61234, server www.example.com:443) [Hint: ...]
[23/Nov/2026 10:29:27.123 12345] [info]  OpenSSL: SSL routines: no shared cipher
"""

from __future__ import annotations

from collections.abc import Iterator

from prefork_ssl.kernel.log.text import escape_message
from prefork_ssl.modules.ssl.log.dump import rows
from prefork_ssl.modules.ssl.log.event import Address, Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.moment import apache_time, moment, pid

_COLUMN = [f"{f'[{level.word}]':8}" for level in SSLLevel]


def render(event: Event, host: str) -> bytes:
    """The event's lines, each with its line feed, in ASCII."""
    second, milliseconds = moment()
    prefix = f"[{apache_time(second)}.{milliseconds} {pid()}] {_COLUMN[event.level]}"
    where = f"client {address(event.client)}, server {host}" if event.client else f"server {host}"
    lines = f"{prefix}{escape_message(sentence(event, where))}\n"
    if event.errors or event.system or event.data:
        for line in more_lines(event):
            lines += f"{prefix}{escape_message(line)}\n"
    return lines.encode("ascii")


def sentence(event: Event, where: str) -> str:
    """The first line: what happened, where and to whom, and what to do about it."""
    if event.details:
        where = ", ".join((where, *event.details))
    return f"{event.message} ({where}) [Hint: {event.hint}]" if event.hint else f"{event.message} ({where})"


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
