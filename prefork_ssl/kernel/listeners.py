"""Listening sockets: bind before dropping root, hand over on reload, adopt from systemd."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from prefork_ssl.config.errors import Origin


@dataclass(frozen=True, eq=False, slots=True)
class Listener:
    """A bound, listening, non-blocking socket. `address` is (host, port) as bound, `protocol` the Listen line's last
    word: "http" unless it says otherwise."""

    sock: socket.socket
    address: tuple[str, int]
    protocol: str
    origin: Origin
