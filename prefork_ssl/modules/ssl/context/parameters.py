"""All that determines how a host speaks TLS, in a form that can be compared.

Two questions are answered by comparing: whether a Context may go on after a reload (tickets live in it), and whether a
request that came over the connection of one host may be answered by another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from prefork_ssl.config.tree import Host
from prefork_ssl.modules.ssl.context.ciphers import UP_TO_TLS12
from prefork_ssl.modules.ssl.context.protocols import ProtocolRange
from prefork_ssl.modules.ssl.directives import (
    SSL_CIPHER_SUITE,
    SSL_HONOR_CIPHER_ORDER,
    SSL_OPENSSL_CONF_CMD,
    SSL_PROTOCOL,
    SSL_SESSION_TICKETS,
)
from prefork_ssl.modules.ssl.verification.terms import Terms


@dataclass(frozen=True, slots=True)
class Parameters:
    """`ciphers` are lists by family, `commands` OpenSSL commands by name; `certificates` the identities of the key
    material (keystore.py), in order; `clients` is what is asked of clients."""

    protocols: ProtocolRange
    ciphers: tuple[tuple[str, str], ...]
    honor_cipher_order: bool
    tickets: bool
    commands: tuple[tuple[str, str], ...]
    certificates: tuple[bytes, ...]
    clients: Terms

    def scope(self, host: str) -> bytes:
        """The session id context: no session of one host, or of other settings, is resumed by this one. 32 bytes."""
        return hashlib.sha256(repr((host, self)).encode()).digest()

    def with_ciphers(self, ciphers: str) -> Parameters:
        """The same, with another list of ciphers up to TLS 1.2."""
        return replace(self, ciphers=tuple(sorted({**dict(self.ciphers), UP_TO_TLS12: ciphers}.items())))

    def without_certificates(self) -> Parameters:
        """What remains to compare where the client did not name a host, and took whatever certificate came."""
        return replace(self, certificates=())


def parameters(host: Host, certificates: Iterable[bytes], clients: Terms) -> Parameters:
    """The parameters of the host."""
    settings = host.settings
    return Parameters(
        protocols=settings[SSL_PROTOCOL],
        ciphers=tuple(sorted(settings[SSL_CIPHER_SUITE].items())),
        honor_cipher_order=settings[SSL_HONOR_CIPHER_ORDER],
        tickets=settings[SSL_SESSION_TICKETS] and clients.resumable,
        commands=tuple(sorted(settings[SSL_OPENSSL_CONF_CMD].items())),
        certificates=tuple(certificates),
        clients=clients,
    )
