"""SSLLogFormat json: an event as one JSON object on one line (RFC 8259), in ASCII.

Always there: time (RFC 3339, local), pid, level, event, message, host. Where they are known: client, client_port, hint,
errors (OpenSSL's), system and errno, data (hexadecimal), ja4, and what the event itself has, such as protocol, cipher,
bits, group, resumed, server_name, alpn, offered, alert, reason. A name never changes its meaning.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from time import localtime, strftime, time

from prefork_ssl.modules.ssl.hello.ja4 import ja4
from prefork_ssl.modules.ssl.log.event import Event, Value

_encode = json.JSONEncoder(separators=(",", ":")).encode


def render(event: Event, host: str) -> bytes:
    """The event's line, with its line feed."""
    now = time()
    second = int(now)
    date, zone = _clock(second)
    shown: dict[str, Value] = {
        "time": f"{date}.{int((now - second) * 1000):03}{zone}",
        "pid": os.getpid(),
        "level": event.level.word,
        "event": event.name,
        "message": event.message,
        "host": host,
    }
    if event.client is not None:
        shown["client"], shown["client_port"] = event.client
    shown.update(event.fields or ())
    if event.hint:
        shown["hint"] = event.hint
    if event.hello is not None:
        shown["ja4"] = ja4(event.hello)
    if event.errors or event.system or event.data:
        _add_lists(shown, event)
    return f"{_encode(shown)}\n".encode("ascii")


def _add_lists(shown: dict[str, Value], event: Event) -> None:
    if event.errors:
        shown["errors"] = [str(error) for error in event.errors]
    if event.system is not None:
        shown["system"], shown["errno"] = event.system.strerror or "", event.system.errno or 0
    if event.data:
        shown["data"] = event.data.hex()


@lru_cache(maxsize=1)
def _clock(second: int) -> tuple[str, str]:
    """Local time and its distance from UTC, made once in each second."""
    local = localtime(second)
    zone = strftime("%z", local)
    return strftime("%Y-%m-%dT%H:%M:%S", local), f"{zone[:3]}:{zone[3:]}"
