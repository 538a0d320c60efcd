"""Which hosts may answer over a connection that was made to one of them (SSLVHostSNIPolicy), and whether clients must
say to which (SSLStrictSNIVHostCheck)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

from prefork_ssl.config.arguments import choice_of, on_off
from prefork_ssl.config.directives import Context, Directive
from prefork_ssl.modules.ssl.hosts.table import TLSHost


class SNIPolicy(enum.Enum):
    """How far two hosts may differ in what they want of a connection."""

    STRICT = "strict"  # it must be the same host
    SECURE = "secure"  # in nothing: versions, ciphers, certificates, clients
    AUTHONLY = "authonly"  # not in which clients they believe
    INSECURE = "insecure"  # in everything


SSL_VHOST_SNI_POLICY: Directive[SNIPolicy] = Directive(
    "SSLVHostSNIPolicy",
    choice_of({policy.value: policy for policy in SNIPolicy}),
    Context.SERVER,
    SNIPolicy.SECURE,
    "What a host must have in common with that to which a connection was made, if it is to answer there: strict, it "
    "must be the same; secure, the settings for TLS; authonly, those for client certificates; insecure, nothing.",
)
SSL_STRICT_SNI_VHOST_CHECK = Directive(
    "SSLStrictSNIVHostCheck",
    on_off,
    Context.HOST,
    False,
    "Whether clients that do not say to which host they connect are refused; said by the first host of an address, for "
    "all its hosts.",
)

SNI_DIRECTIVES: tuple[Directive[Any], ...] = (SSL_VHOST_SNI_POLICY, SSL_STRICT_SNI_VHOST_CHECK)

# Whether the second host may answer over a connection to the first; whether the client had asked for that by its name.
MayAnswer = Callable[[TLSHost, TLSHost, bool], bool]


def _secure(connected: TLSHost, other: TLSHost, named: bool) -> bool:
    """Who named no host took whatever certificate came."""
    if named:
        return connected.parameters == other.parameters
    return connected.parameters.without_certificates() == other.parameters.without_certificates()


MAY_ANSWER: Mapping[SNIPolicy, MayAnswer] = {
    SNIPolicy.STRICT: lambda connected, other, _named: connected is other,
    SNIPolicy.SECURE: _secure,
    SNIPolicy.AUTHONLY: lambda connected, other, _named: connected.parameters.clients.agree(
        other.parameters.clients
    ),
    SNIPolicy.INSECURE: lambda _connected, _other, _named: True,
}
