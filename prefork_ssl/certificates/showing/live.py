"""What a TLS server presents."""

import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from OpenSSL import SSL, crypto

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.naming.names import host as host_name

_SECONDS = 10


@dataclass(frozen=True)
class Presented:
    """The handshake's outcome: protocol and cipher, the chain as sent, and what OpenSSL says of it (None: trusted)."""

    protocol: str
    cipher: str
    chain: list[x509.Certificate]
    distrust: str | None


def ask(host: str, port: int, trusted: Path | None) -> Presented:
    """Shake hands with a server, whatever its certificate, and verify the chain afterwards.

    Args:
        host: name or address; a name is sent as the server name (SNI).
        port: TCP port.
        trusted: CA certificates in PEM; None is what the system trusts.

    Raises:
        CertificateError: there is no such server, or it does not answer in TLS.
    """
    context = _context(trusted)
    connection = _handshake(context, host, port)
    try:
        chain = connection.get_peer_cert_chain(as_cryptography=True)
        protocol, cipher = connection.get_protocol_version_name(), connection.get_cipher_name() or "none"
    finally:
        connection.close()
    if not chain:
        raise CertificateError(f"{host}:{port} sent no certificate")
    return Presented(protocol, cipher, chain, _distrust(context, chain))


def _context(trusted: Path | None) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if trusted is None:
        context.set_default_verify_paths()
        return context
    try:
        context.load_verify_locations(str(trusted))
    except SSL.Error as error:
        raise CertificateError(f"{trusted} holds no certificates in PEM") from error
    return context


def _handshake(context: SSL.Context, host: str, port: int) -> SSL.Connection:
    where = f"{host}:{port}"
    try:
        stream = socket.create_connection((host, port), _SECONDS)
    except OSError as error:
        raise CertificateError(f"cannot connect to {where}: {error.strerror or error}") from error
    connection = SSL.Connection(context, _blocking(stream))
    if isinstance(host_name(host), x509.DNSName):
        connection.set_tlsext_host_name(host.encode())
    connection.set_connect_state()
    try:
        connection.do_handshake()
    except SSL.WantReadError as error:
        connection.close()
        raise CertificateError(f"{where} does not answer within {_SECONDS} seconds") from error
    except SSL.Error as error:
        connection.close()
        raise CertificateError(f"{where} does not speak TLS as it should: {_reason(error)}") from error
    return connection


def _blocking(stream: socket.socket) -> socket.socket:
    """Let the kernel keep the time limit: OpenSSL reads from the descriptor itself, past Python's time-outs."""
    stream.settimeout(None)
    limit = struct.pack("ll", _SECONDS, 0)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    return stream


def _reason(error: SSL.Error) -> str:
    if isinstance(error, SSL.SysCallError):
        return str(error.args[-1])
    queue = error.args[0] if error.args else []
    return queue[0][-1] if queue else "the connection was closed"


def _distrust(context: SSL.Context, chain: list[x509.Certificate]) -> str | None:
    store = context.get_cert_store()
    if store is None:
        return "there are no CAs to trust"
    own, *others = map(crypto.X509.from_cryptography, chain)
    try:
        crypto.X509StoreContext(store, own, others).verify_certificate()
    except crypto.X509StoreContextError as error:
        return str(error)
    return None
