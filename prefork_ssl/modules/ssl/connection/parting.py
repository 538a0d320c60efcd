"""Who begins the end of a connection, and with what.

What counts is what we have seen until we end our side: a client's end that crosses ours, or that nobody has read,
comes after it. Clients that keep to TLS say close_notify first (RFC 8446 section 6.1).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from OpenSSL import SSL

if TYPE_CHECKING:
    from prefork_ssl.modules.ssl.connection.transport import TLSTransport

_CLOSED = 7  # TCP_CLOSE of <netinet/tcp.h>: as long as we have not closed it, the peer has reset it


@dataclass(frozen=True, slots=True)
class Beginning:
    """`who` is "client" or "server"; `sign` is what a client has ended with, in one word; `text` is for people."""

    who: str
    sign: str
    text: str


BY_SERVER = Beginning("server", "", "the server")
BY_CLOSE_NOTIFY = Beginning("client", "close_notify", "the client with close_notify")
BY_ALERT = Beginning("client", "alert", "the client with an alert")
BY_FIN = Beginning("client", "FIN", "the client without close_notify")
BY_RESET = Beginning("client", "RST", "the client with a reset")


def beginning(transport: TLSTransport) -> Beginning:
    """Who begins the end of this connection. To be asked before the server says close_notify for that alone."""
    if transport.ended:
        return BY_SERVER
    if transport.tls.public.get_shutdown() & SSL.RECEIVED_SHUTDOWN:
        return BY_ALERT if transport.broken else BY_CLOSE_NOTIFY
    if transport.left:
        return BY_FIN
    return BY_RESET if _is_reset(transport.wire.sock) else BY_SERVER


def _is_reset(sock: socket.socket) -> bool:
    """By the first byte of struct tcp_info, tcpi_state."""
    try:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _CLOSED
    except OSError:
        return False
