"""Who asks for a page: with a certificate or a password, over TLS 1.2 or 1.3 or in the clear."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.clients import Reply
from blackbox.server import Server

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])


@dataclass(frozen=True)
class Visitor:
    """Visits one server. Over TLS, the certificate of `pair` is shown if the server asks."""

    server: Server
    authority: Authority
    pair: Pair | None = None
    version: ssl.TLSVersion = V13

    def get(self, path: str, *lines: str, login: str | None = None) -> Reply:
        """One request on a connection of its own; `login` is like "joe:secret"."""
        fields = [*lines, *([f"Authorization: {basic(login)}"] if login is not None else [])]
        context = clients.tls_context(self.authority.cert, least=self.version, most=self.version)
        context.post_handshake_auth = True
        if self.pair:
            context.load_cert_chain(self.pair.cert, self.pair.key)
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        with clients.tls(self.server.https, context) as sock:
            sock.sendall((head + "".join(f"{field}\r\n" for field in fields) + "\r\n").encode("latin-1"))
            return clients.parse(clients.drain(sock))

    def status(self, path: str, *lines: str, login: str | None = None) -> int:
        """The status of that answer."""
        return self.get(path, *lines, login=login).status

    def plain(self, path: str, login: str | None = None) -> int:
        """The status of a request in the clear."""
        return clients.get(
            self.server.http, path, *([f"Authorization: {basic(login)}"] if login is not None else [])
        ).status


def basic(login: str) -> str:
    """The Authorization field for "user:password"."""
    return f"Basic {base64.b64encode(login.encode()).decode()}"
