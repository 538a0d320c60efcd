"""Clients made of Python's own ssl module, which has an OpenSSL of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from unit.ssl.issued import Issued, ca, write

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
PATIENCE = 10.0


def trusting(*authorities: Issued, versions: Iterable[ssl.TLSVersion] = (V12, V13)) -> ssl.SSLContext:
    """A client that trusts these authorities, or anybody if there are none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version, *_, context.maximum_version = sorted(versions) * 2
    for authority in authorities:
        context.load_verify_locations(cadata=authority.pem.decode())
    if not authorities:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def connect(
    port: int,
    name: str | None = "a.test",
    context: ssl.SSLContext | None = None,
    session: ssl.SSLSession | None = None,
) -> ssl.SSLSocket:
    """A connection after its handshake. Raises ssl.SSLError."""
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
    try:
        return (context or trusting()).wrap_socket(sock, server_hostname=name, session=session)
    except BaseException:
        sock.close()
        raise


def says(sock: ssl.SSLSocket | socket.socket, data: bytes) -> bytes:
    """What an echoing server sends back."""
    sock.sendall(data)
    return receive(sock, len(data))


def receive(sock: ssl.SSLSocket | socket.socket, length: int) -> bytes:
    """`length` bytes, or what came before the end."""
    data = b""
    while len(data) < length and (more := sock.recv(length - len(data))):
        data += more
    return data


@dataclass(frozen=True)
class Files:
    """A certificate and key in files, and the lines that name them."""

    issued: Issued
    certificate: Path
    key: Path

    @property
    def lines(self) -> str:
        return f"SSLCertificateFile {self.certificate}\nSSLCertificateKeyFile {self.key}\n"


def files(folder: Path, issued: Issued, *chain: Issued, stem: str | None = None) -> Files:
    """Write a certificate with its chain, and its key."""
    stem = stem or issued.name
    pem = b"".join(each.pem for each in (issued, *chain))
    return Files(
        issued, write(folder / f"{stem}.crt", pem, 0o644), write(folder / f"{stem}.key", issued.key_pem())
    )


ROOT = ca("Test Root")


def site(folder: Path, name: str) -> Files:
    """An EC certificate for one host name, by ROOT."""
    return files(folder, Issued(name, (name,), ROOT))


def host(name: str, *lines: str, port: str = "*") -> str:
    """A virtual host on any address and port."""
    return "\n".join(
        (f"<VirtualHost *:{port}>", f"ServerName {name}", "SSLEngine on", *lines, "</VirtualHost>", "")
    )
