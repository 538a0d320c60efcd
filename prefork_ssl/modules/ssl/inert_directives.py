"""mod_ssl's directives that are taken and have no effect, and what to write in place of those that are refused."""

from __future__ import annotations

from collections.abc import Mapping

from prefork_ssl.config.directives import Context
from prefork_ssl.config.inert import Inert, inert, nothing, only, unless

INERT_DIRECTIVES: tuple[Inert, ...] = (
    inert(
        "SSLRandomSeed",
        Context.SERVER,
        nothing,
        "OpenSSL gets random numbers from the system",
        "startup|connect source [bytes]",
    ),
    inert(
        "SSLCryptoDevice",
        Context.SERVER,
        only("builtin", "the server uses no engines of OpenSSL", "write builtin, or take the line away"),
        "the server uses no engines of OpenSSL, and only builtin is taken",
        "builtin",
    ),
    inert(
        "SSLFIPS",
        Context.SERVER,
        only("off", "the OpenSSL that comes with this server has no FIPS provider", "write off"),
        "the OpenSSL of this server has no FIPS provider, and only off is taken",
        "off",
    ),
    inert("SSLCompression", Context.HOST, unless("off", "TLS is never compressed (CRIME)"), syntax="on|off"),
)

REMEDIES: Mapping[str, str] = {
    "sslsrpverifierfile": "there is no SRP here, nor in TLS 1.3: write SSLVerifyClient, or AuthType Basic",
    "sslsrpunknownuserseed": "there is no SRP here, nor in TLS 1.3: write SSLVerifyClient, or AuthType Basic",
    "sslpolicy": "write SSLProtocol and SSLCipherSuite",
    "sslproxypolicy": "write SSLProxyProtocol and SSLProxyCipherSuite",
}
