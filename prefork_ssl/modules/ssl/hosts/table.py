"""The virtual hosts that speak TLS, ready to be chosen from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from OpenSSL import SSL

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import ReadLimit
from prefork_ssl.kernel.generation import Key
from prefork_ssl.modules.ssl.context.parameters import Parameters
from prefork_ssl.modules.ssl.keys.keystore import CertificateMaterial
from prefork_ssl.modules.ssl.log.key_log import KeyLog
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.sessions.resumption import Resumption
from prefork_ssl.modules.ssl.sessions.service import Policy
from prefork_ssl.modules.ssl.stapling.subject import Subject


@dataclass(frozen=True, eq=False, slots=True)
class Variant:
    """The Context of a host with another list of ciphers for TLS 1.2, and what that list comes to."""

    context: SSL.Context
    ciphers: frozenset[str]


@dataclass(frozen=True, eq=False, slots=True)
class TLSHost:
    """A virtual host that speaks TLS. `name` is "www.example.com:443", `names` are its ServerName and ServerAliases,
    `shown` is what it shows to clients, of which what is in `stapled` comes with an OCSP answer; `born`
    (time.monotonic) is when the Context was made. `variants` are by the ciphers that sections of the host have."""

    name: str
    names: tuple[str, ...]
    context: SSL.Context
    born: float
    parameters: Parameters
    shown: tuple[CertificateMaterial, ...]
    stapled: tuple[Subject, ...]
    handshake_time: ReadLimit
    log: SSLLog
    key_log: KeyLog | None
    session_policy: Policy
    sessions: Resumption
    variants: Mapping[str, Variant]

    def is_named(self, name: str) -> bool:
        """Whether the name (in lower case) is one of the host's."""
        if name in self.names:
            return True
        return any(fnmatchcase(name, each) for each in self.names)


TLSHosts = Mapping[Host, TLSHost]

TLS_HOSTS = Key[TLSHosts]("ssl hosts")
