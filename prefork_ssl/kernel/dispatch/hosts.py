"""Which virtual host a connection and a name lead to, by Apache's rules.

The address comes first: of all virtual hosts, those with the connection's own address and port; without any, those with
its address and any port; then those with any address and its port; then those with any address and any port; then the
main server. Among them the name decides: the first in the order of the text whose ServerName or ServerAlias it is, and
without any the first of all.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Problem
from prefork_ssl.config.tree import Configuration, Host, HostAddress
from prefork_ssl.kernel.directives import SERVER_ALIAS, SERVER_NAME
from prefork_ssl.kernel.hooks import Report

# Names come from clients: what was found for them is remembered up to this number, then forgotten at once. No longer
# one is the name of a host (RFC 1035 section 2.3.4), and a ClientHello has room for one of 64 KB.
_REMEMBERED = 1024
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class ServerName:
    """ServerName taken apart: `scheme` is "" and `port` None where it has none; `name` is in lower case."""

    scheme: str
    name: str
    port: int | None


@lru_cache(maxsize=_REMEMBERED)
def parse_server_name(text: str) -> ServerName:
    """`[scheme://]name[:port]` taken apart; "" is the machine's name. Raises ValueError."""
    scheme, separator, address = text.rpartition("://")
    if separator and scheme.lower() not in ("http", "https"):
        raise ValueError(f"scheme must be http or https, not {scheme!r}")
    address = address or socket.gethostname()
    parts = urlsplit(f"//{address}")
    if not parts.hostname or parts.netloc != address or "@" in address:
        raise ValueError(f"{text!r} is not [scheme://]name[:port]")
    return ServerName(scheme.lower(), parts.hostname.rstrip("."), parts.port)


def server_name(settings: Settings) -> ServerName:
    """The host's ServerName, taken apart."""
    return parse_server_name(settings[SERVER_NAME])


def check_hosts(configuration: Configuration, report: Report) -> None:
    """Report each ServerName that is none."""
    origins = set()
    for host in configuration.all_hosts:
        origin = host.settings.origin(SERVER_NAME)
        try:
            server_name(host.settings)
        except ValueError as error:
            if origin not in origins:
                report(Problem(f"ServerName: {error}", origin, "write a host name such as www.example.com"))
            origins.add(origin)


class NameTable:
    """The virtual hosts of one address, to be told apart by name. `hosts` is never empty."""

    __slots__ = ("_exact", "_found", "_wild", "default", "hosts")

    def __init__(self, hosts: Sequence[Host]) -> None:
        self.hosts = tuple(hosts)
        self.default = self.hosts[0]
        self._exact: dict[str, int] = {}
        self._wild: list[tuple[int, re.Pattern[str]]] = []
        for index, host in enumerate(self.hosts):
            self._add(index, host.settings)
        self._found: dict[str, Host] = {}

    def _add(self, index: int, settings: Settings) -> None:
        for name in (server_name(settings).name, *settings[SERVER_ALIAS]):
            if "*" in name or "?" in name:
                self._wild.append((index, re.compile(fnmatch.translate(name.replace("[", "[[]")))))
            else:
                self._exact.setdefault(name, index)

    def find(self, name: str) -> Host:
        """The host of this name (lower case, no port, no trailing dot); the address's default host otherwise."""
        if len(name) > _LONGEST:
            return self.default
        host = self._found.get(name)
        if host is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            host = self._found[name] = self._search(name)
        return host

    def _search(self, name: str) -> Host:
        index = self._exact.get(name, len(self.hosts))
        wild = next((place for place, pattern in self._wild if pattern.match(name)), index)
        index = min(index, wild)
        return self.hosts[index] if index < len(self.hosts) else self.default


class HostTable:
    """The virtual hosts by address."""

    def __init__(self, configuration: Configuration) -> None:
        self._server = NameTable((configuration.server,))
        self._tables = _tables(configuration.hosts)
        self._found: dict[tuple[str, int], NameTable] = {}

    def at(self, local: tuple[str, int]) -> NameTable:
        """The hosts of connections that were accepted on this address and port of ours."""
        table = self._found.get(local)
        if table is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            table = self._found[local] = self._search(_plain_address(local[0]), local[1])
        return table

    def _search(self, address: str, port: int) -> NameTable:
        candidates = ((address, port), (address, 0), ("*", port), ("*", 0))
        tables = (self._tables.get(HostAddress(host, number)) for host, number in candidates)
        return next((table for table in tables if table is not None), self._server)


def _tables(hosts: Sequence[Host]) -> dict[HostAddress, NameTable]:
    by_address: dict[HostAddress, list[Host]] = {}
    for host in hosts:
        for address in host.addresses:
            by_address.setdefault(HostAddress(_plain_address(address.host), address.port), []).append(host)
    return {address: NameTable(found) for address, found in by_address.items()}


def _plain_address(host: str) -> str:
    """One spelling for one address; IPv4 addresses seen through an IPv6 socket are themselves."""
    if host == "*":
        return host
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
