"""How a TLS connection ends: in which order who says close_notify (RFC 8446 section 6.1), and whether at all.

The standard is best for all who keep to TLS. For others there are, as in mod_ssl, two variables of a request, mostly
set by BrowserMatch or SetEnvIf; what a connection was once told holds until its end:

    ssl-unclean-shutdown    close_notify is not sent, for clients that take it for an error
    ssl-accurate-shutdown   the client's close_notify is waited for, as long as a connection may linger
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefork_ssl.kernel.transport import LINGER_BYTES, Deadline
from prefork_ssl.modules.ssl.connection.stream import send_at_once

if TYPE_CHECKING:
    from prefork_ssl.modules.ssl.connection.transport import TLSTransport


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """A way to end; `name` is for the log. `notifies` is whether close_notify is said at all; with `together`, that is
    done with the last of the response."""

    name: str
    notifies: bool
    together: bool
    end: Callable[[TLSTransport], None]


def _standard(transport: TLSTransport) -> None:
    if not transport.ended:
        transport.tls.end()
        send_at_once(transport.wire, transport.tls)


def _unclean(_transport: TLSTransport) -> None:
    """The end of the TCP connection, which the caller brings about, is all that the client gets."""


def _accurate(transport: TLSTransport) -> None:
    with suppress(OSError, Deadline):
        transport.tls.end()
        transport.flush()
        discarded = 0
        while discarded < LINGER_BYTES and (data := transport.read()):
            discarded += len(data)


STANDARD = Style("standard", True, True, _standard)
STYLES = {
    "ssl-accurate-shutdown": Style("accurate", True, False, _accurate),
    "ssl-unclean-shutdown": Style("unclean", False, False, _unclean),
}


def asked_for(env: Mapping[str, str]) -> Style | None:
    """The style that variables of a request ask for, the first if there are several; None if they do not speak of
    it."""
    return next((STYLES[name] for name in env if name in STYLES), None)
