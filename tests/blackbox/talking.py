"""Several requests over one TLS connection, in Python's own TLS."""

from __future__ import annotations

import hashlib
import json
import ssl
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from blackbox import clients
from blackbox.authority import Pair

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def client_context(
    authority: Path, pair: Pair | None, version: ssl.TLSVersion, *, later: bool = True
) -> ssl.SSLContext:
    """A client that speaks one version; `later`: it may be asked for its certificate after the handshake (TLS 1.3)."""
    context = clients.tls_context(authority, least=version, most=version)
    context.check_hostname = False
    context.post_handshake_auth = later
    if pair:
        context.load_cert_chain(pair.cert, pair.key)
    return context


@dataclass
class Answer:
    """One response. `closes` tells that no more will follow."""

    status: int
    body: bytes
    closes: bool

    @property
    def told(self) -> dict[str, Any]:
        """What echo.py has told."""
        return json.loads(self.body)  # type: ignore[no-any-return]


class Talk:
    """A connection to a server. `session` is one to resume."""

    def __init__(
        self,
        port: int,
        context: ssl.SSLContext,
        name: str = "localhost",
        session: ssl.SSLSession | None = None,
    ) -> None:
        plain = clients.connect(port)
        self.name = name
        self.sock = context.wrap_socket(
            plain, server_hostname=name, session=session, suppress_ragged_eofs=False
        )

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, target: str, *lines: str, method: str = "GET", body: bytes = b"") -> None:
        """Send a request."""
        fields = [f"Host: {self.name}", *lines, *([f"Content-Length: {len(body)}"] if body else [])]
        head = "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/1.1", *fields, ""))
        self.sock.sendall(head.encode() + body)

    def read(self, method: str = "GET") -> Answer:
        """Read a response."""
        response = HTTPResponse(self.sock, method=method)
        response.begin()
        return Answer(response.status, response.read(), response.will_close)

    def get(self, target: str, *lines: str) -> Answer:
        """A request without a body, and its response."""
        self.send(target, *lines)
        return self.read()

    def post(self, target: str, body: bytes, *lines: str) -> Answer:
        """A request with a body, and its response."""
        self.send(target, *lines, method="POST", body=body)
        return self.read("POST")


def digest(body: bytes) -> str:
    """As echo.py has it."""
    return hashlib.sha256(body).hexdigest()
