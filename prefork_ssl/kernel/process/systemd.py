"""What systemd and a service say to each other: sockets at the start, notes on a datagram socket afterwards.

See sd_listen_fds(3), sd_notify(3). Without systemd nothing happens here.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping

_FIRST_DESCRIPTOR = 3


def adopted_sockets(environ: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """The sockets that were opened for this process; what told of them is taken out of the environment."""
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdigit():
        return []
    sockets = [socket.socket(fileno=_FIRST_DESCRIPTOR + index) for index in range(int(count))]
    for sock in sockets:
        sock.set_inheritable(False)
    return sockets


def notify(*lines: str) -> None:
    """Send notes such as "READY=1". Raises OSError if somebody wanted them but does not listen."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto("\n".join(lines).encode(), address)


def notify_ready(status: str) -> None:
    """The service is up, or has finished its reload. The main process is this one, whoever was started."""
    notify("READY=1", f"MAINPID={os.getpid()}", f"STATUS={status}")


def notify_reloading() -> None:
    """A reload begins. The time lets systemd tell this reload from an earlier one (Type=notify-reload)."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def notify_stopping(status: str) -> None:
    """The service is on its way down."""
    notify("STOPPING=1", f"STATUS={status}")
