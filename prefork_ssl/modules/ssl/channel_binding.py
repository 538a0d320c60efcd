"""Channel bindings: what an authentication in a connection includes, to be worth nothing in another one (RFC 5056)."""

from __future__ import annotations

import weakref

from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from prefork_ssl.modules.ssl.connection.transport import TLSTransport

_LABEL, _LENGTH = b"EXPORTER-Channel-Binding", 32  # RFC 9266 section 2


class ChannelBinding:
    """The bindings of one connection, while that is open: called with the type of the one that is wanted.

    The connection keeps it, and so it must not keep the connection: OpenSSL's memory would not be free before some
    garbage collection.
    """

    __slots__ = ("_transport",)

    def __init__(self, transport: TLSTransport) -> None:
        self._transport = weakref.ref(transport)

    def __call__(self, kind: str = "tls-exporter") -> bytes | None:
        """ "tls-exporter" (RFC 9266), "tls-unique" or "tls-server-end-point" (RFC 5929).

        None if the connection has none of this type, or none to rely on. Raises ValueError for other types."""
        transport = self._transport()
        if kind not in _BINDINGS:
            raise ValueError(f"{kind!r} is no type of channel binding")
        return _BINDINGS[kind](transport) if transport else None


def _exporter(transport: TLSTransport) -> bytes | None:
    return transport.tls.public.export_keying_material(_LABEL, _LENGTH, b"") if _reliable(transport) else None


def _unique(transport: TLSTransport) -> bytes | None:
    """The first Finished message of the handshake: the client's, unless a session was resumed. TLS 1.3 has none."""
    tls = transport.tls
    if _version(transport) >= SSL.TLS1_3_VERSION or not _reliable(transport):
        return None
    return tls.public.get_finished() if tls.resumed() else tls.public.get_peer_finished()


def _end_point(transport: TLSTransport) -> bytes | None:
    """The hash of the server's certificate, by the function that its signature has, or a better one."""
    if transport.shown is None:
        return None
    certificate = transport.shown.certificate
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None:  # Ed25519 has none
        return None
    digest = Hash(SHA256() if isinstance(algorithm, MD5 | SHA1) else algorithm)
    digest.update(certificate.public_bytes(Encoding.DER))
    return digest.finalize()


_BINDINGS = {"tls-exporter": _exporter, "tls-unique": _unique, "tls-server-end-point": _end_point}


def _version(transport: TLSTransport) -> int:
    return transport.tls.public.get_protocol_version()


def _reliable(transport: TLSTransport) -> bool:
    """Whether no two connections can be made to have the same keys (RFC 7627)."""
    return _version(transport) >= SSL.TLS1_3_VERSION or transport.hello.has_extended_master_secret
