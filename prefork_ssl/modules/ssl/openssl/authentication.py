"""A client asked who it is within its connection: renegotiation in TLS 1.2, post-handshake authentication in 1.3."""

from __future__ import annotations

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib
from prefork_ssl.modules.ssl.openssl.connection import ServerConnection
from prefork_ssl.modules.ssl.openssl.verification import Rules, nothing_filed, verification_callback

# The longest Finished there is: that of a digest of 64 bytes.
_LONGEST_FINISHED = 64
_AT_REST = b"SSL negotiation finished successfully"


class Authentication:
    """One question, from the moment when it is asked. What there is to be sent must be sent, and what comes be read, by
    whoever asks."""

    def __init__(
        self,
        tls: ServerConnection,
        home: SSL.Context,
        rules: Rules | None,
        context: SSL.Context | None = None,
    ) -> None:
        """Ask for a certificate, to be looked at by `rules`. Without them only new ciphers are agreed on: those of
        `context` (TLS 1.2). `home` is the Context that the connection was made in. Raises Error if OpenSSL does not let
        us ask."""
        self._tls = tls
        self._home = home
        self._before = _finished(tls)
        ssl = tls._ssl
        if context is not None:
            tls.public.set_context(context)
        if rules is not None:
            tls.public.set_app_data(None)
            lib.SSL_set_verify(ssl, SSL.VERIFY_PEER, verification_callback(rules))
        renegotiate = tls.public.get_protocol_version() < SSL.TLS1_3_VERSION
        begin = lib.SSL_renegotiate if renegotiate else lib.SSL_verify_client_post_handshake
        if begin(ssl) != 1:
            SSL._raise_current_error()
        tls.handshake()

    def proceed(self) -> bytes | None:
        """As ServerConnection.plaintext. The session that comes out of it is not filed: it is good for a part of the
        host only, and would hold all that the client shows, as often as it is asked."""
        with nothing_filed(self._home):
            return self._tls.plaintext()

    @property
    def answered(self) -> bool:
        """Whether the client has answered, and proven what it says: its Finished is another one than before, and
        OpenSSL is through with it."""
        at_rest = ffi.string(lib.SSL_state_string_long(self._tls._ssl)) == _AT_REST
        return at_rest and _finished(self._tls) != self._before


def _finished(tls: ServerConnection) -> bytes:
    buffer = ffi.new("char[]", _LONGEST_FINISHED)
    length = lib.SSL_get_peer_finished(tls._ssl, buffer, _LONGEST_FINISHED)
    return bytes(ffi.buffer(buffer, length))
