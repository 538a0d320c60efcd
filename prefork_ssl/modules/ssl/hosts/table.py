"""The virtual hosts that speak TLS, ready to be chosen from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from OpenSSL import SSL

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import ReadLimit
from prefork_ssl.kernel.generation import Key
from prefork_ssl.modules.ssl.context.parameters import Parameters
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.stapling.subject import Subject


@dataclass(frozen=True, eq=False, slots=True)
class TLSHost:
    """A virtual host that speaks TLS. `name` is "www.example.com:443", `certificates` what it shows to clients, of
    which those in `stapled` come with an OCSP answer; `born` (time.monotonic) is when the Context was made."""

    name: str
    context: SSL.Context
    born: float
    parameters: Parameters
    certificates: tuple[x509.Certificate, ...]
    stapled: tuple[Subject, ...]
    handshake_time: ReadLimit
    log: SSLLog

    def may_answer(self, other: TLSHost, *, named: bool) -> bool:
        """Whether a request for `other` may come over a connection to this host; `named` tells whether the client had
        asked for this one by name. Clients reuse connections for other hosts that the certificate is for, but no
        host is to be reached under weaker terms than its own (RFC 9110 section 7.4)."""
        if named:
            return self.parameters == other.parameters
        return self.parameters.without_certificates() == other.parameters.without_certificates()


TLSHosts = Mapping[Host, TLSHost]

TLS_HOSTS = Key[TLSHosts]("ssl hosts")
