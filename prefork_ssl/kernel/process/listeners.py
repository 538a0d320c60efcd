"""Listening sockets: bind before dropping root, hand over on reload, adopt from systemd.

An IPv6 socket takes IPv6 only (IPV6_V6ONLY), so that addresses are what they seem; a Listen line without an address
opens one socket for each of the two protocols. A socket from systemd may take both.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Origin, Problem
from prefork_ssl.kernel.directives import LISTEN, LISTEN_BACKLOG, ListenAddress

_EVERY_IPV4, _EVERY_IPV6 = "0.0.0.0", "::"


@dataclass(frozen=True, eq=False, slots=True)
class Listener:
    """A bound, listening, non-blocking socket. `address` is (host, port) as bound, `protocol` the Listen line's last
    word: "http" unless it says otherwise."""

    sock: socket.socket
    address: tuple[str, int]
    protocol: str
    origin: Origin

    @property
    def any_address(self) -> bool:
        """Whether it takes connections to every address of the machine."""
        return self.address[0] in (_EVERY_IPV4, _EVERY_IPV6)

    def __str__(self) -> str:
        """Without "http", which is what a Listen line says where nothing is written, though a host there speaks TLS."""
        address = shown(*self.address)
        return address if self.protocol == "http" else f"{address} ({self.protocol})"


def open_listeners(settings: Settings, open_already: Iterable[socket.socket] = ()) -> tuple[Listener, ...]:
    """A listener for every Listen line. A socket of `open_already` is used where its address is the line's; the others
    are left as they are.

    Raises ConfigError with every line that cannot be listened on; nothing is left open then.
    """
    reusable = {_address(sock): sock for sock in open_already}
    listeners: list[Listener] = []
    lines = settings[LISTEN]
    problems = list(_contradictions(lines))
    for line in lines if not problems else ():
        for host in _hosts(line, reusable):
            try:
                sock = reusable.get((host, line.port)) or _bind(host, line.port, settings[LISTEN_BACKLOG])
            except OSError as error:
                problems.append(_problem(line, host, error))
            else:
                listeners.append(Listener(sock, (host, line.port), line.protocol, line.origin))
    if problems:
        close_unused((listener.sock for listener in listeners), reusable.values())
        raise ConfigError(problems)
    return tuple(listeners)


def close_unused(sockets: Iterable[socket.socket], used: Iterable[socket.socket]) -> None:
    """Close the sockets but for those in `used`."""
    for sock in set(sockets) - set(used):
        sock.close()


def _contradictions(lines: Sequence[ListenAddress]) -> Iterator[Problem]:
    """No line at all, or two lines for one address."""
    if not lines:
        yield Problem("there is no Listen line, so nobody could connect", None, "add one, such as Listen 80")
    for index, line in enumerate(lines):
        for earlier in lines[:index]:
            if line.port == earlier.port and _overlap(line.host, earlier.host):
                yield Problem(
                    f"Listen {shown(line.host, line.port)}: {earlier.origin} listens there already",
                    line.origin,
                    "remove one of the two lines",
                )


def _overlap(one: str, other: str) -> bool:
    if not one or not other:
        return True
    same_protocol = (":" in one) == (":" in other)
    return same_protocol and (one == other or bool({one, other} & {_EVERY_IPV4, _EVERY_IPV6}))


def _hosts(line: ListenAddress, reusable: dict[tuple[str, int], socket.socket]) -> tuple[str, ...]:
    """The addresses to bind for a line."""
    if line.host:
        return (line.host,)
    if not _have_ipv6():
        return (_EVERY_IPV4,)
    both = reusable.get((_EVERY_IPV6, line.port))
    if both is not None and not both.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        return (_EVERY_IPV6,)
    return (_EVERY_IPV4, _EVERY_IPV6)


@cache
def _have_ipv6() -> bool:
    """Whether the kernel speaks IPv6."""
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def _bind(host: str, port: int, backlog: int) -> socket.socket:
    flags = socket.AI_NUMERICHOST | socket.AI_PASSIVE
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)[
        0
    ]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        _listen(sock, backlog)
    except OSError:
        sock.close()
        raise
    return sock


def _listen(sock: socket.socket, backlog: int) -> None:
    sock.setblocking(False)
    # Accepted connections inherit these: small responses leave at once, dead peers are found out in the end.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.listen(backlog)


def adopt(sockets: Iterable[socket.socket], backlog: int) -> list[socket.socket]:
    """Those of the sockets that TCP connections can be accepted on, made ready for it. The others are closed."""
    adopted = []
    for sock in sockets:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM:
            _listen(sock, backlog)
            adopted.append(sock)
        else:
            sock.close()
    return adopted


def _address(sock: socket.socket) -> tuple[str, int]:
    host, port = sock.getsockname()[:2]
    return host, port


def _problem(line: ListenAddress, host: str, error: OSError) -> Problem:
    port = line.port
    remedies = {
        errno.EADDRINUSE: (
            "the port is in use by another program",
            f"ss -ltnp 'sport = :{port}' tells which",
        ),
        errno.EACCES: (
            "permission denied",
            "the first 1024 ports need root or CAP_NET_BIND_SERVICE; choose a higher one otherwise",
        ),
        errno.EADDRNOTAVAIL: (f"this machine has no address {host}", "ip address show lists those it has"),
    }
    reason, hint = remedies.get(error.errno or 0, (error.strerror or str(error), ""))
    return Problem(f"Listen {shown(host, port)}: {reason}", line.origin, hint)


def shown(host: str, port: int) -> str:
    """An address as a Listen line has it."""
    if not host:
        return str(port)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
