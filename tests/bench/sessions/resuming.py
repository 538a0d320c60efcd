"""What a connection costs that resumes its session: beside a full handshake, and beside nginx's shared cache.

TLS 1.2 by session id, an RSA key of 2048 bits, a request of 1 KB, the connection closed. Each session was made by a
worker that is gone since, so that it is found in the file and adopted.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bench.contenders import Contender, Nginx, PreforkSSL, Site
from blackbox.authority import Authority, rsa_key
from blackbox.until import until
from rich.console import Console
from rich.table import Table

_THREADS = 8


class _Ours(PreforkSSL):
    """With the cache, and without tickets."""

    _CONFIGURATION = PreforkSSL._CONFIGURATION.replace(
        "SSLProtocol TLSv1.3", "SSLProtocol TLSv1.2\nSSLSessionTickets off\nSSLSessionCache dbm:cache"
    )

    def renew(self) -> None:
        before = self._workers()
        self._process.send_signal(signal.SIGHUP)
        until(lambda: self._workers() and not set(before) & set(self._workers()), "the worker is new", 20)


class _Theirs(Nginx):
    """With its shared cache, and without tickets."""

    _CONFIGURATION = Nginx._CONFIGURATION.replace(
        "ssl_protocols TLSv1.3;",
        "ssl_protocols TLSv1.2;\n        ssl_session_tickets off;\n        ssl_session_cache shared:SSL:20m;",
    )

    def renew(self) -> None:
        """Its cache is the same for old and new workers."""


class _Clients:
    """Many, at the same time."""

    def __init__(self, authority: Path, port: int) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(authority))
        self._context.maximum_version = ssl.TLSVersion.TLSv1_2
        self._pool = ThreadPoolExecutor(_THREADS)

    def visit(self, sessions: list[ssl.SSLSession | None]) -> list[ssl.SSLSession]:
        """A connection with each; the sessions that they had."""
        return list(self._pool.map(self._visit, sessions))

    def _visit(self, earlier: ssl.SSLSession | None) -> ssl.SSLSession:
        sock = socket.create_connection(("127.0.0.1", self._port), 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._context.wrap_socket(sock, server_hostname="localhost", session=earlier) as tls:
            assert tls.session_reused == (earlier is not None)
            tls.sendall(b"GET /1k.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while tls.recv(65536):
                pass
            assert tls.session is not None
            return tls.session


def measure(console: Console, cores: list[int], quick: bool) -> None:
    """Print a table."""
    if len(cores) < 2 or shutil.which("nginx") is None:
        console.print("without resuming: it needs two cores, and nginx")
        return
    count, rounds = (300, 2) if quick else (1500, 5)
    costs: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prefork_ssl-bench-")))
        folder.chmod(0o755)
        authority = Authority(folder)
        site = Site(folder / "site", authority.issue("server", ["localhost"], rsa_key()))
        site.folder.mkdir()
        (site.folder / "1k.txt").write_bytes(b"x" * 1023 + b"\n")
        os.sched_setaffinity(0, cores[1:])
        servers: list[Contender] = [kind(folder / kind.__name__, site, cores[0]) for kind in (_Ours, _Theirs)]
        for server in servers:
            stack.callback(server.stop)
            _Clients(authority.cert, server.port.number).visit([None] * 100)
        for _ in range(rounds):
            for server in servers:
                for what, cost in _round(server, authority.cert, count).items():
                    costs.setdefault(server.name, {}).setdefault(what, []).append(cost)
    _show(console, costs)


def _round(server: Contender, authority: Path, count: int) -> dict[str, float]:
    """CPU us of the worker for each connection."""
    clients = _Clients(authority, server.port.number)
    costs = {}
    sessions: list[ssl.SSLSession | None] = [None] * count
    for what in ("full handshake", "resumed", "resumed again"):
        if what == "resumed":
            server.renew()  # type: ignore[attr-defined]
            clients.visit([None] * 50)
        before = _cpu(server.worker())
        sessions = list(clients.visit(sessions))
        costs[what] = (_cpu(server.worker()) - before) / count * 1e6
    return costs


def _cpu(pid: int) -> float:
    """CPU seconds, to the nanosecond (proc(5), schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _show(console: Console, costs: dict[str, dict[str, list[float]]]) -> None:
    ours, theirs = costs[_Ours.name], costs[_Theirs.name]
    table = Table(title="TLS 1.2, RSA 2048, CPU us of the server for each connection", title_justify="left")
    table.add_column("")
    for heading in ("prefork_ssl", "of a full one", "nginx", "times nginx"):
        table.add_column(heading, justify="right")
    full = statistics.median(ours["full handshake"])
    for what in ours:
        cost, yardstick = statistics.median(ours[what]), statistics.median(theirs[what])
        table.add_row(
            what, f"{cost:.0f}", f"{cost / full:.2f}", f"{yardstick:.0f}", f"{cost / yardstick:.2f}"
        )
    console.print(table)
