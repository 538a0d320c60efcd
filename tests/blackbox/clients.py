"""The clients that visit a server: curl, openssl s_client, Python's own TLS, raw sockets, Chromium."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from blackbox.authority import Pair

LOCALHOST = "127.0.0.1"


@dataclass(frozen=True)
class Reply:
    """One HTTP response: its status, its header fields (names in lower case, repeated ones joined) and its body."""

    status: int
    headers: dict[str, str]
    body: bytes


# --- raw sockets ---


def connect(port: int, seconds: float = 10) -> socket.socket:
    """A connection; each wait on it ends after `seconds`."""
    return socket.create_connection((LOCALHOST, port), seconds)


def exchange(port: int, data: bytes, seconds: float = 10) -> bytes:
    """Send `data` in the clear, end our side, and return everything that comes until the server ends its own.

    A reset by the server counts as its end: it may close while we still send.
    """
    with connect(port, seconds) as sock:
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return drain(sock)


def drain(sock: socket.socket) -> bytes:
    """All that comes until the peer ends or resets the connection."""
    parts = []
    try:
        while data := sock.recv(65536):
            parts.append(data)
    except ConnectionError:
        pass
    return b"".join(parts)


def parse(data: bytes) -> Reply:
    """The response that `data` begins with; its body is the rest."""
    head, _, body = data.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", status_line)
    assert match, f"not a status line: {status_line!r}"
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return Reply(int(match[1]), headers, body)


def get(port: int, target: str, *lines: str, method: str = "GET", host: str = "localhost") -> Reply:
    """One request in the clear, byte for byte as given, on a connection of its own."""
    fields = "".join(f"{line}\r\n" for line in lines)
    request = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n"
    return parse(exchange(port, request.encode("latin-1")))


# --- TLS of the standard library ---


def tls_context(
    authority: Path, *, least: ssl.TLSVersion | None = None, most: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    """A client that trusts `authority`, and speaks the given versions only."""
    context = ssl.create_default_context(cafile=str(authority))
    if least:
        context.minimum_version = least
    if most:
        context.maximum_version = most
    return context


def tls(port: int, context: ssl.SSLContext, name: str = "localhost", seconds: float = 10) -> ssl.SSLSocket:
    """A connection after its handshake, the server's name verified. An end without close_notify raises SSLEOFError."""
    sock = connect(port, seconds)
    try:
        return context.wrap_socket(sock, server_hostname=name, suppress_ragged_eofs=False)
    except BaseException:
        sock.close()
        raise


def tls_get(port: int, context: ssl.SSLContext, target: str = "/", name: str = "localhost") -> Reply:
    """One request over TLS; it must end with close_notify."""
    with tls(port, context, name) as sock:
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        return parse(drain(sock))


# --- programs ---


def curl(*arguments: str | Path, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """curl --silent --show-error, without a configuration file of the user's."""
    command = ["curl", "--disable", "--silent", "--show-error", "--max-time", "20", "--noproxy", "*"]
    return subprocess.run(
        [*command, *map(str, arguments)], input=data, capture_output=True, timeout=30, check=False
    )


def s_client(port: int, *arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """openssl s_client, which sends `data`, and ends when the server does."""
    command = ["openssl", "s_client", "-connect", f"{LOCALHOST}:{port}", "-ign_eof"]
    return subprocess.run(
        [*command, *map(str, arguments)], input=data, capture_output=True, timeout=30, check=False
    )


class Chromium:
    """A headless browser with a profile of its own below `folder`, that trusts the given certificates.

    Every name leads to this machine.
    """

    def __init__(self, folder: Path, *trusted: Pair) -> None:
        self._options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'profile'}",
            f"--host-resolver-rules=MAP * {LOCALHOST}",
            f"--ignore-certificate-errors-spki-list={','.join(map(_pin, trusted))}",
        ]

    def dom(self, url: str) -> str:
        """The page after its scripts have run, as HTML."""
        return self._run("--dump-dom", url)

    def screenshot(self, url: str, file: Path) -> None:
        """The page as a picture of 800 by 600."""
        self._run(f"--screenshot={file}", "--window-size=800,600", url)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["chromium", *self._options, *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def _pin(pair: Pair) -> str:
    return base64.b64encode(hashlib.sha256(pair.spki).digest()).decode()
