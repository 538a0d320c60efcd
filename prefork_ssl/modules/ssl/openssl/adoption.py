"""Sessions put into OpenSSL: adopted from another process.

The binding has no call that files a session. But what a handshake has agreed on is filed by OpenSSL itself. So, in
memory, a handshake that nobody needs is brought almost to its end, and before OpenSSL files the session of that
handshake, it is exchanged for the one to adopt. From then on OpenSSL resumes it as if it were its own.

The throw-away handshake is TLS 1.2 with a pre-shared key, the cheapest there is (RFC 5487). Its server side is an
object of the host's Context, so that this is where the session goes, but with the ciphers of a Context of its own. The
key is random and never leaves the process, and the host's Context knows of it only while the object is made: a real
client never meets it, and a Context that has TLS 1.3 only is opened for TLS 1.2 no longer than that.

Nearly all of it is done ahead of time. The server has no place to put its last words, and waits: `adopt` gives it one.
"""

from __future__ import annotations

import functools
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib
from prefork_ssl.modules.ssl.openssl.throwaway_client import CIPHER, HELLO, KEY, reply

_ROOM = 4096  # bytes, more than the server ever says at a time
_said = ffi.new("char[]", _ROOM)
_no_room = ffi.new("char[]", 1)


class Adoption:
    """A throw-away handshake in a Context. It adopts one session, and must be freed afterwards."""

    __slots__ = ("_input", "_ssl")

    def __init__(self, context: SSL.Context, versions: tuple[int, int]) -> None:
        """`versions` are the lowest and the highest that the Context speaks otherwise; they cannot be read from it."""
        self._ssl = ssl = _server_object(context, versions)
        self._input, output = _memory(), _memory()
        lib.SSL_set_bio(ssl, self._input, output)
        lib.SSL_set_accept_state(ssl)
        self._hear(HELLO)
        said = ffi.buffer(_said, max(lib.BIO_read(output, _said, _ROOM), 0))[:]
        lib.SSL_set_bio(ssl, self._input, lib.BIO_new_mem_buf(_no_room, 0))  # takes nothing
        self._hear(reply(said))

    def adopt(self, der: bytes) -> bool:
        """Let the Context resume this session, an SSL_SESSION as DER, from now on. False if OpenSSL refuses it."""
        session = _decoded(der)
        if session is None:
            return False
        lib.SSL_set_session(self._ssl, session)
        lib.SSL_SESSION_free(session)
        lib.SSL_set_bio(self._ssl, self._input, _memory())
        return self._proceed()

    def free(self) -> None:
        """Give back its memory. Nobody has to wait for that."""
        # Without a shutdown in order, OpenSSL would take the session out again.
        lib.SSL_set_shutdown(self._ssl, SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        lib.SSL_free(self._ssl)

    def undo(self) -> None:
        """The same, and the session is not resumed any more."""
        lib.SSL_free(self._ssl)

    def _hear(self, data: bytes) -> None:
        lib.BIO_write(self._input, data, len(data))
        self._proceed()

    def _proceed(self) -> bool:
        """Do what can be done; whether the handshake is complete."""
        complete: bool = lib.SSL_do_handshake(self._ssl) == 1
        lib.ERR_clear_error()
        return complete


def _memory() -> Any:
    return lib.BIO_new(lib.BIO_s_mem())


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


def _decoded(der: bytes) -> Any:
    """The SSL_SESSION *; None if it cannot be decoded."""
    data = ffi.new("unsigned char[]", der)
    session = lib.d2i_SSL_SESSION(ffi.NULL, ffi.new("const unsigned char **", data), len(der))
    if session == ffi.NULL:
        lib.ERR_clear_error()
        return None
    return session


@ffi.callback("unsigned int(SSL *, const char *, unsigned char *, unsigned int)")  # type: ignore[untyped-decorator]
def _server_key(_ssl: Any, _identity: Any, key: Any, _room: int) -> int:
    ffi.memmove(key, KEY, len(KEY))
    return len(KEY)


@functools.cache
def _server_context() -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_cipher_list(CIPHER + b":@SECLEVEL=0")
    return context
