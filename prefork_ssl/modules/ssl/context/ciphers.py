"""SSLCipherSuite and key exchange groups: tried on OpenSSL when they are read, so that a mistake has its line."""

from __future__ import annotations

from OpenSSL import SSL

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl import openssl

# The lists that a host may have.
UP_TO_TLS12, TLS13, GROUPS = "SSL", "TLSv1.3", "Groups"

# No authentication, no encryption, broken by design: never, whatever the list says.
_NEVER = ":!aNULL:!eNULL:!EXP"


def set_ciphers(context: SSL.Context, family: str, ciphers: str) -> None:
    """Allow these ciphers, in this order. Raises SSL.Error if OpenSSL knows none of them."""
    if family == TLS13:
        context.set_tls13_ciphersuites(ciphers.encode())
    else:
        context.set_cipher_list((ciphers + _NEVER).encode())


def cipher_names(context: SSL.Context) -> frozenset[str]:
    """The ciphers that the context allows, of all versions."""
    return frozenset(SSL.Connection(context, None).get_cipher_list())


def check_ciphers(family: str, ciphers: str) -> None:
    """Raises BadArgument if OpenSSL knows none of the ciphers."""
    try:
        set_ciphers(_scratch(), family, ciphers)
    except SSL.Error:
        raise BadArgument(f"{ciphers!r} matches no cipher that may be used", _hint(family, ciphers)) from None


def check_groups(groups: str) -> None:
    """Raises BadArgument if OpenSSL does not know the groups."""
    try:
        openssl.set_groups(_scratch(), groups)
    except ValueError as error:
        raise BadArgument(str(error), "known are for example X25519MLKEM768, X25519, P-256, P-384") from None


def _scratch() -> SSL.Context:
    return SSL.Context(SSL.TLS_SERVER_METHOD)


def _hint(family: str, ciphers: str) -> str:
    if family != TLS13 and ciphers.startswith("TLS_"):
        return f"ciphers of TLS 1.3 are set by: SSLCipherSuite TLSv1.3 {ciphers}"
    if ciphers.upper().startswith("PROFILE="):
        return "policies of the system are not known here: take the line away, or write a list"
    return "see: openssl ciphers -v 'ALL'" if family != TLS13 else "see: openssl ciphers -v -s -tls1_3"
