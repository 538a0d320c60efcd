"""Clients that come back: openssl s_client with a session in a file, and Python's own TLS, which is quicker."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from blackbox import clients
from blackbox.authority import Authority
from blackbox.server import Server

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class SClient:
    """openssl s_client. What it learns in a connection is in a file, for the next one."""

    def __init__(self, server: Server, folder: Path, flag: str, *more: str) -> None:
        """`flag` is -tls1_2 or -tls1_3."""
        self._server = server
        self._flag = flag
        self._more = more
        self._file = folder / f"session{flag}"
        self.output = ""

    def visit(self) -> bool:
        """One request on a connection of its own; whether its session was resumed."""
        resume = ("-sess_in", self._file) if self._file.exists() else ()
        done = clients.s_client(
            self._server.https, self._flag, *self._more, *resume, "-sess_out", self._file, data=REQUEST
        )
        self.output = done.stdout.decode("latin-1")
        assert "HTTP/1.1 200" in self.output, self.output + done.stderr.decode("latin-1")
        return "Reused, TLS" in self.output

    def visits(self, count: int) -> int:
        """How many of so many visits resumed the session."""
        return sum(self.visit() for _ in range(count))

    @property
    def secret(self) -> bytes:
        """What must never be found anywhere: the master secret of TLS 1.2, the resumption secret of TLS 1.3."""
        found = re.findall(r"(?:Master-Key|Resumption PSK): *([0-9A-F]+)", self.output)
        return bytes.fromhex(found[-1])


class Visitor:
    """A client of Python's ssl module, which keeps the session of its last connection."""

    def __init__(
        self, server: Server, authority: Authority, version: ssl.TLSVersion, name: str = "localhost"
    ) -> None:
        self._server = server
        self._name = name
        self.context = clients.tls_context(authority.cert, least=version, most=version)
        self.session: ssl.SSLSession | None = None

    def visit(self, *, fresh: bool = False) -> bool:
        """One request on a connection of its own; whether its session was resumed. `fresh` comes without one."""
        sock = clients.connect(self._server.https)
        earlier = None if fresh else self.session
        with self.context.wrap_socket(sock, server_hostname=self._name, session=earlier) as tls:
            tls.sendall(REQUEST.replace(b"localhost", self._name.encode()))
            assert clients.drain(tls).startswith(b"HTTP/1.1 200")
            self.session = tls.session
            return bool(tls.session_reused)

    def visits(self, count: int) -> int:
        """How many of so many visits resumed the session."""
        return sum(self.visit() for _ in range(count))
