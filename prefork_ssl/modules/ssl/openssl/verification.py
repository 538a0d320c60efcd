"""Client certificates: OpenSSL told to ask for one, and what it thinks of those that come.

OpenSSL calls back for each certificate of a chain, and for each thing that is wrong with one. The callbacks here
neither raise nor wait, and know no connection: there are as many of them as the configuration has different Rules.
"""

from __future__ import annotations

import functools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.certificate.parsing import parsed
from prefork_ssl.modules.ssl.openssl.binding import ffi, lib
from prefork_ssl.modules.ssl.openssl.connection import ServerConnection
from prefork_ssl.modules.ssl.openssl.watchers import current as watchers

_CODES = SSL.X509VerificationCodes
VERIFIED: int = _CODES.OK
NO_CRL: int = _CODES.ERR_UNABLE_TO_GET_CRL
CHAIN_TOO_LONG: int = _CODES.ERR_CERT_CHAIN_TOO_LONG
REJECTED: int = _CODES.ERR_CERT_REJECTED

# Nothing is known to be wrong with the certificate, but its issuer is not known either: mod_ssl's optional_no_ca.
UNKNOWN_ISSUER = frozenset(
    [
        _CODES.ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        _CODES.ERR_SELF_SIGNED_CERT_IN_CHAIN,
        _CODES.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        _CODES.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
        _CODES.ERR_CERT_UNTRUSTED,
    ]
)


@dataclass(frozen=True, slots=True)
class Rules:
    """When a chain is refused. `depth` is the most CA certificates in it. What is `forgiven`, or everything with
    `polite`, does not end the handshake, but stays the result; without `crl_needed`, a CA may have no CRL."""

    depth: int
    forgiven: frozenset[int] = frozenset()
    polite: bool = False
    crl_needed: bool = True


@dataclass(frozen=True, slots=True)
class Rejection:
    """What was found wrong with a client's chain: OpenSSL's code, and the certificate (DER) it is about, `depth` steps
    above the client's own."""

    code: int
    depth: int
    certificate: bytes

    @property
    def text(self) -> str:
        """OpenSSL's words for it."""
        return verification_text(self.code)


def verification_text(code: int) -> str:
    """OpenSSL's words for the result of a verification."""
    return ffi.string(lib.X509_verify_cert_error_string(code)).decode("ascii", "replace")  # type: ignore[no-any-return]


def ask_clients(context: SSL.Context, rules: Rules, *, required: bool) -> None:
    """Ask everybody who connects for a certificate; if it is `required`, nobody gets through the handshake without."""
    mode = SSL.VERIFY_PEER | (SSL.VERIFY_FAIL_IF_NO_PEER_CERT if required else 0)
    lib.SSL_CTX_set_verify(context._context, mode, verification_callback(rules))


# Bytes of a client's handshake, and of the session that it brings. With more, its certificates are many or huge.
_MODEST = 8192


class AskingConnection(ServerConnection):
    """A ServerConnection whose client is asked for a certificate.

    OpenSSL keeps with a session whatever the client has shown, parsed, in its internal cache of 20480 sessions. Clients
    that show much get no place there.
    """

    __slots__ = ("_amount",)

    def __init__(self, context: SSL.Context, first_bytes: bytes) -> None:
        super().__init__(context, first_bytes)
        self._amount = len(first_bytes)

    def receive(self, sock: socket.socket) -> int:
        """See ServerConnection."""
        count = super().receive(sock)
        self._amount += count
        return count

    @property
    def files_sessions(self) -> bool:
        """See ServerConnection."""
        return self._amount <= _MODEST

    def may_resume(self, size: int) -> None:
        """See ServerConnection. What the client has shown in an earlier connection counts as well."""
        self._amount += size

    def handshake(self) -> bool:
        """See ServerConnection."""
        if self.files_sessions:
            return super().handshake()
        with nothing_filed(self.public.get_context()):
            return super().handshake()


@contextmanager
def nothing_filed(context: SSL.Context) -> Iterator[None]:
    """No session goes into the internal cache of the Context that a connection was made in."""
    pointer = context._context
    mode = lib.SSL_CTX_get_session_cache_mode(pointer)
    lib.SSL_CTX_set_session_cache_mode(pointer, mode | SSL.SESS_CACHE_NO_INTERNAL_STORE)
    try:
        yield
    finally:
        lib.SSL_CTX_set_session_cache_mode(pointer, mode)


def rejection(tls: ServerConnection) -> Rejection | None:
    """The worst that was found wrong with what the client has shown."""
    return tls.public.get_app_data()  # type: ignore[no-any-return]


def verify_result(tls: ServerConnection) -> int:
    """OpenSSL's result for the client's certificate, also if that was shown in an earlier connection of the session;
    VERIFIED as well if there is none."""
    return lib.SSL_get_verify_result(tls._ssl)  # type: ignore[no-any-return]


@functools.cache
def verification_callback(rules: Rules) -> Any:
    """A verification callback (SSL_CTX_set_verify(3))."""

    def judge(passed: int, store: Any) -> int:
        code, depth = lib.X509_STORE_CTX_get_error(store), lib.X509_STORE_CTX_get_error_depth(store)
        if watchers:
            watchers[-1].verified(depth, _der(store), VERIFIED if passed else code)
        if passed:
            if depth > rules.depth:
                code = CHAIN_TOO_LONG
            elif depth == 0 and parsed(_der(store)) is None:  # it has no name to let anybody in by
                code = REJECTED
            else:
                return 1
        connection = _connection(store)
        if code == NO_CRL and not rules.crl_needed:
            _set_result(store, connection.get_app_data())
            return 1
        _note(connection, Rejection(code, depth, _der(store)))
        _set_result(store, connection.get_app_data())
        return int(rules.polite or code in rules.forgiven)

    return ffi.callback("int(int, X509_STORE_CTX *)", judge, error=0)


def _connection(store: Any) -> SSL.Connection:
    ssl = lib.X509_STORE_CTX_get_ex_data(store, lib.SSL_get_ex_data_X509_STORE_CTX_idx())
    return SSL.Connection._reverse_mapping[ssl]


def _note(connection: SSL.Connection, found: Rejection) -> None:
    """Keep the first that is wrong; an unknown issuer counts for less than anything else."""
    known = connection.get_app_data()
    if known is None or (known.code in UNKNOWN_ISSUER and found.code not in UNKNOWN_ISSUER):
        connection.set_app_data(found)


def _set_result(store: Any, worst: Rejection | None) -> None:
    """OpenSSL takes whatever came last for its result, also for that of the session."""
    lib.X509_STORE_CTX_set_error(store, worst.code if worst else VERIFIED)


def _der(store: Any) -> bytes:
    """The certificate that is being looked at."""
    certificate = lib.X509_STORE_CTX_get_current_cert(store)
    if certificate == ffi.NULL:
        return b""
    bio = ffi.gc(lib.BIO_new(lib.BIO_s_mem()), lib.BIO_free)
    lib.i2d_X509_bio(bio, certificate)
    place = ffi.new("char **")
    length = lib.BIO_get_mem_data(bio, place)
    return bytes(ffi.buffer(place[0], length))
