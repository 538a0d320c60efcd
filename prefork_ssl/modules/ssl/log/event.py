"""One thing that happened, as both forms of the log tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from prefork_ssl.modules.ssl.log.levels import SSLLevel

if TYPE_CHECKING:
    from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
    from prefork_ssl.modules.ssl.openssl.errors import QueuedError

Address = tuple[str, int]
Value = str | int | list[str]


@dataclass(slots=True)  # not frozen: that would make it four times as slow
class Event:
    """One thing that happened. `name` is stable, for machines; `message` is for people and does not repeat the client.

    Of a failure (vocabulary.py), the message is its cause in fixed words: lines of one cause are counted together. What
    differs from client to client is in `details`, short phrases such as "asked for www.example.com". `fields` are what
    is known in detail, for machines (protocol, cipher, group, reason ...).

    `errors` are what OpenSSL had to say, `system` is what the system had, and `hint` what the administrator could do.
    `data` are bytes as they were on the network. `hello` is what the client offered.
    """

    level: SSLLevel
    name: str
    message: str
    client: Address | None = None
    fields: Mapping[str, Value] | None = None
    errors: tuple[QueuedError, ...] = ()
    hint: str = ""
    details: tuple[str, ...] = ()
    system: OSError | None = None
    data: bytes = b""
    hello: ClientHello | None = None


# Characters; host names have at most 253 (RFC 1035 section 2.3.4).
LONGEST_TEXT = 255
# What does not look like another part of a line.
PLAIN = " .,:;=@+*/-_~'!&"


def quoted(text: str) -> str:
    """What a client chose (a name, part of a certificate), so that it cannot be taken for a part of the line: brackets,
    quotes and whatever is not printable ASCII are percent-encoded, and what is too long is cut."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}..."
    return quote(text, safe=PLAIN, errors="surrogateescape")
