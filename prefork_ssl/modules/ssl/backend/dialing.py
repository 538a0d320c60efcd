"""Handshakes with servers."""

from __future__ import annotations

from OpenSSL import SSL

from prefork_ssl.kernel.transport import HandshakeFailed, Wire
from prefork_ssl.modules.ssl.backend.judging import Refusal
from prefork_ssl.modules.ssl.backend.transport import BackendTransport, Sessions
from prefork_ssl.modules.ssl.connection.stream import receive, send_at_once
from prefork_ssl.modules.ssl.log.event import Event, quoted
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.openssl import ClientConnection, Error, main_reason, queued_errors

_HINTS = {
    "wrong version number": "it does not speak TLS on this port: write http:// or give the port that does",
    "packet length too long": "it does not speak TLS on this port: write http:// or give the port that does",
    "unsupported protocol": "compare SSLProxyProtocol with what the server speaks",
    "tlsv1 alert protocol version": "compare SSLProxyProtocol with what the server speaks",
    "sslv3 alert handshake failure": "compare SSLProxyCipherSuite with what the server allows",
    "tlsv13 alert certificate required": "the server wants to see a certificate: SSLProxyMachineCertificateFile",
}


class BackendDialer:
    """Shakes hands with the servers of one virtual host's backends. With `named`, their certificates must have their
    names. `sessions` were made under the same rules, and are resumed."""

    def __init__(self, context: SSL.Context, sessions: Sessions, log: SSLLog, *, named: bool) -> None:
        self._context = context
        self._log = log
        self._named = named
        self._sessions = sessions

    def dial(self, wire: Wire, name: str) -> BackendTransport:
        """See kernel/hooks.py. Nothing that came before the handshake is ever taken for a part of what the server says
        in it: all bytes go through TLS."""
        tls = ClientConnection(self._context, name, named=self._named)
        server = f"{name} {wire.peer[0]}:{wire.peer[1]}"
        session = self._sessions.get(server)
        if session is not None:
            tls.public.set_session(session)
        transport = BackendTransport(wire, tls, server, self._sessions)
        try:
            while not tls.handshake():
                transport.flush()
                if not receive(wire, tls):
                    raise HandshakeFailed("closed the connection in the TLS handshake")
            transport.flush()
        except Error as error:
            send_at_once(wire, tls)
            self._sessions.pop(server, None)
            raise HandshakeFailed(self._explained(tls, error, name)) from error
        if self._log.tells_info:
            self._established(tls, name)
        return transport

    def _explained(self, tls: ClientConnection, error: Error, name: str) -> str:
        refusal: Refusal | None = tls.public.get_app_data()
        errors = queued_errors(error)
        if refusal is not None:
            level, event, hint = SSLLevel.ERROR, "backend-refused", refusal.hint
            cause = f"certificate of {quoted(refusal.subject)} refused: {refusal.text}"
        else:
            reason = main_reason(errors)
            level, event, hint = SSLLevel.WARN, "backend-handshake-failed", _HINTS.get(reason, "")
            cause = f"TLS handshake failed: {reason}"
        fields = {"backend": name}
        # The error log hears it from whoever wanted to speak to the server.
        self._log.note(Event(level, event, f"backend {name}: {cause}", None, fields, errors, hint))
        return f"{cause} ({hint})" if hint else cause

    def _established(self, tls: ClientConnection, name: str) -> None:
        protocol, cipher = tls.public.get_protocol_version_name(), tls.public.get_cipher_name() or ""
        resumed = "resumed" if tls.resumed() else "new"
        fields = {"backend": name, "protocol": protocol, "cipher": cipher, "resumed": resumed}
        message = f"handshake with backend {name} done: {protocol}, {cipher}, {resumed} session"
        self._log.write(Event(SSLLevel.INFO, "backend-handshake-done", message, None, fields))
