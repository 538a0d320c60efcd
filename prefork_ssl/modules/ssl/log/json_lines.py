"""SSLLogFormat json: an event as one JSON object on one line (RFC 8259), in ASCII.

Always there: time (RFC 3339, local), pid, level, event, message, host. Where they are known: client, client_port,
details (a list: what a line of text has beside the client), hint, errors (OpenSSL's), system and errno, data
(hexadecimal), server_name and ja4 (of the ClientHello), and what the event itself has, such as protocol, cipher, bits,
group, resumed, offered, alert, reason. A name never changes its meaning.

At the end of a connection (event closed): style (standard, unclean, accurate, broken off), received and sent (bytes on
the network), ended_by (client or server: who began the end, as far as the server has seen), and of a client ended_with:
close_notify as TLS wants it, FIN (the end of the TCP connection without close_notify), RST, or alert (an error).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from json.encoder import JSONEncoder, encode_basestring_ascii
from typing import Any

from prefork_ssl.modules.ssl.hello.ja4 import ja4
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.moment import internet_time, moment, pid

# Characters of one value: clients choose some of them.
_LONGEST = 1000

# Most values come again and again.
_remembered = lru_cache(maxsize=1024)(encode_basestring_ascii)


def _quote(text: str) -> str:
    return _remembered(text) if len(text) <= _LONGEST else encode_basestring_ascii(f"{text[:_LONGEST]}...")


_LEVELS = [level.word for level in SSLLevel]
_encode = JSONEncoder(separators=(",", ":")).encode
_ENCODERS: dict[type, Callable[[Any], str]] = {str: _quote, int: str, list: _encode}


def render(event: Event, host: str) -> bytes:
    """The event's line, with its line feed."""
    # Put together by hand: an encoder takes twice the time for a dictionary.
    second, milliseconds = moment()
    date, zone = internet_time(second)
    line = (
        f'{{"time":"{date}.{milliseconds}{zone}","pid":{pid().lstrip("0")},"level":"{_LEVELS[event.level]}",'
        f'"event":"{event.name}","message":{_quote(event.message)},"host":{_remembered(host)}'
    )
    if event.client is not None:
        address, port = event.client
        line += f',"client":"{address}","client_port":{port}'
    if event.fields:
        for name, value in event.fields.items():
            line += f',"{name}":{_ENCODERS.get(type(value), _encode)(value)}'
    if event.details:
        line += f',"details":[{",".join(map(_quote, event.details))}]'
    if event.hint:
        line += f',"hint":{_quote(event.hint)}'
    if event.hello is not None:
        line += f',"server_name":{_quote(event.hello.server_name or "")},"ja4":"{ja4(event.hello)}"'
    if event.errors or event.system or event.data:
        line += "".join(f',"{name}":{_encode(value)}' for name, value in _particulars(event).items())
    return f"{line}}}\n".encode("ascii")


def _particulars(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if event.errors:
        found["errors"] = [str(error) for error in event.errors]
    if event.system is not None:
        found["system"], found["errno"] = event.system.strerror, event.system.errno
    if event.data:
        found["data"] = event.data.hex()
    return found
