"""How much a connection has carried: the system counts anyhow."""

from __future__ import annotations

import socket
import struct

# struct tcp_info of <linux/tcp.h>: tcpi_bytes_received, tcpi_notsent_bytes, tcpi_bytes_sent, tcpi_bytes_retrans.
_COUNTS = struct.Struct("=128xQ8xI52xQQ")


def traffic(sock: socket.socket) -> tuple[int, int]:
    """Bytes received and sent so far, of TLS and not of what is in it; (0, 0) where the system does not tell."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _COUNTS.size)
    except OSError:
        return 0, 0
    if len(info) < _COUNTS.size:
        return 0, 0
    received, waiting, sent, again = _COUNTS.unpack(info)
    return received, sent - again + waiting
