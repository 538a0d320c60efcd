"""Sessions put into OpenSSL: adopted from another process.

The binding has no call that files a session. But what a handshake has agreed on is filed by OpenSSL itself. So, in
memory, a handshake that nobody needs is brought to its end, and just before OpenSSL files the session of that
handshake, it is exchanged for the one to adopt. From then on OpenSSL resumes it as if it were its own.

The throw-away handshake is TLS 1.2 with a pre-shared key, the cheapest there is (RFC 5487). Its server side is an
object of the host's Context, so that this is where the session goes, but with the ciphers of a Context of its own. The
key is random and never leaves the process, and the host's Context knows of it only while the object is made: a real
client never meets it, and a Context that has TLS 1.3 only is opened for TLS 1.2 no longer than that.

Nearly all of it is done ahead of time: what is left for `adopt` is the client's last message.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib
from prefork_ssl.modules.ssl.openssl.sessions import ACCEPT_LOOP

_CIPHER = b"PSK-AES128-GCM-SHA256:@SECLEVEL=0"
_KEY = os.urandom(32)
_FINISHED_WRITTEN = b"SSLv3/TLS write finished"
_ROOM = 4096  # bytes, more than one side of the throw-away handshake ever says at a time
_said = ffi.new("char[]", _ROOM)


class Adoption:
    """A throw-away handshake in a Context. It adopts one session, and must be freed afterwards."""

    __slots__ = ("_server",)

    def __init__(self, context: SSL.Context, versions: tuple[int, int]) -> None:
        """`versions` are the lowest and the highest that the Context speaks otherwise; they cannot be read from it."""
        self._server = server = _End(_server_object(context, versions), lib.SSL_set_accept_state)
        client = _End(lib.SSL_new(_client_context()._context), lib.SSL_set_connect_state)
        client.proceed()
        server.hear(client.says())
        server.proceed()
        client.hear(server.says())
        client.proceed()
        last = client.says()
        client.free()
        end = _length_without_finished(last)
        server.hear(last[:end])
        server.proceed()
        server.hear(last[end:])

    def adopt(self, der: bytes) -> bool:
        """Let the Context resume this session, an SSL_SESSION as DER, from now on. False if OpenSSL refuses it."""
        session = _decoded(der)
        if session is None:
            return False
        lib.SSL_set_info_callback(self._server.ssl, _finished_written)
        _adopting.append(session)
        try:
            return self._server.proceed() and not _adopting
        finally:
            _adopting.clear()
            lib.SSL_SESSION_free(session)

    def free(self) -> None:
        """Give back its memory. Nobody has to wait for that."""
        self._server.free()


class _End:
    """One side of the throw-away handshake."""

    __slots__ = ("_input", "_output", "ssl")

    def __init__(self, ssl: Any, take_side: Callable[[Any], None]) -> None:
        self.ssl = ssl
        self._input, self._output = lib.BIO_new(lib.BIO_s_mem()), lib.BIO_new(lib.BIO_s_mem())
        lib.SSL_set_bio(ssl, self._input, self._output)
        take_side(ssl)

    def proceed(self) -> bool:
        """Do what can be done; whether the handshake is complete."""
        lib.ERR_clear_error()
        return lib.SSL_do_handshake(self.ssl) == 1  # type: ignore[no-any-return]

    def says(self) -> bytes:
        length = lib.BIO_read(self._output, _said, _ROOM)
        return ffi.buffer(_said, max(length, 0))[:]  # type: ignore[no-any-return]

    def hear(self, data: bytes) -> None:
        lib.BIO_write(self._input, data, len(data))

    def free(self) -> None:
        # Without a shutdown in order, OpenSSL would take the session out again.
        lib.SSL_set_shutdown(self.ssl, SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        lib.SSL_free(self.ssl)


def _server_object(context: SSL.Context, versions: tuple[int, int]) -> Any:
    """An SSL object that files its session in this Context, and has nothing else of it."""
    host = context._context
    _limit(host, (SSL.TLS1_2_VERSION, SSL.TLS1_2_VERSION))
    lib.SSL_CTX_set_psk_server_callback(host, _server_key)
    ssl = lib.SSL_new(host)
    lib.SSL_CTX_set_psk_server_callback(host, ffi.NULL)
    _limit(host, versions)
    lib.SSL_set_SSL_CTX(ssl, _server_context()._context)
    return ssl


def _limit(context: Any, versions: tuple[int, int]) -> None:
    lib.SSL_CTX_set_min_proto_version(context, versions[0])
    lib.SSL_CTX_set_max_proto_version(context, versions[1])


def _length_without_finished(flight: bytes) -> int:
    """How long the client's last flight is without its last record: key exchange and change of cipher go before."""
    at = 0
    while True:
        end = at + 5 + int.from_bytes(flight[at + 3 : at + 5], "big")
        if end >= len(flight):
            return at
        at = end


def _decoded(der: bytes) -> Any:
    """The SSL_SESSION *; None if it cannot be decoded."""
    data = ffi.new("unsigned char[]", der)
    session = lib.d2i_SSL_SESSION(ffi.NULL, ffi.new("const unsigned char **", data), len(der))
    if session == ffi.NULL:
        lib.ERR_clear_error()
        return None
    return session


# The session of the adoption that is going on; a worker has one thread.
_adopting: list[Any] = []


@ffi.callback(ffi.typeof(lib.SSL_set_info_callback).args[1])  # type: ignore[untyped-decorator]
def _finished_written(ssl: Any, where: int, _value: int) -> None:
    if where == ACCEPT_LOOP and _adopting and ffi.string(lib.SSL_state_string_long(ssl)) == _FINISHED_WRITTEN:
        lib.SSL_set_session(ffi.cast("SSL *", ssl), _adopting.pop())


@ffi.callback("unsigned int(SSL *, const char *, unsigned char *, unsigned int)")  # type: ignore[untyped-decorator]
def _server_key(_ssl: Any, _identity: Any, key: Any, _room: int) -> int:
    ffi.memmove(key, _KEY, len(_KEY))
    return len(_KEY)


@ffi.callback("unsigned int(SSL *, const char *, char *, unsigned int, unsigned char *, unsigned int)")  # type: ignore[untyped-decorator]
def _client_key(_ssl: Any, _hint: Any, identity: Any, _room: int, key: Any, _key_room: int) -> int:
    ffi.memmove(identity, b"a\0", 2)
    ffi.memmove(key, _KEY, len(_KEY))
    return len(_KEY)


@functools.cache
def _client_context() -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_cipher_list(_CIPHER)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    # A ticket would be filed in place of the session.
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    lib.SSL_CTX_set_psk_client_callback(context._context, _client_key)
    return context


@functools.cache
def _server_context() -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_cipher_list(_CIPHER)
    return context
