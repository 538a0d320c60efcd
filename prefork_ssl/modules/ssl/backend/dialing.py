"""Handshakes with servers."""

from __future__ import annotations

from OpenSSL import SSL

from prefork_ssl.kernel.transport import HandshakeFailed, Wire
from prefork_ssl.modules.ssl.backend.complaints import Complaints
from prefork_ssl.modules.ssl.backend.sessions import Sessions
from prefork_ssl.modules.ssl.backend.transport import BackendTransport
from prefork_ssl.modules.ssl.connection.stream import receive, send_at_once
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.openssl import ClientConnection, Error


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
        complaints = Complaints(self._log, name)
        transport = BackendTransport(wire, tls, server, self._sessions, complaints)
        try:
            while not tls.handshake():
                transport.flush()
                if not receive(wire, tls):
                    raise HandshakeFailed("closed the connection in the TLS handshake")
            transport.flush()
        except Error as error:
            send_at_once(wire, tls)
            self._sessions.pop(server, None)
            raise HandshakeFailed(complaints.handshake(tls, error)) from error
        if self._log.tells_info:
            self._established(tls, name)
        return transport

    def _established(self, tls: ClientConnection, name: str) -> None:
        protocol, cipher = tls.public.get_protocol_version_name(), tls.public.get_cipher_name() or ""
        resumed = "resumed" if tls.resumed() else "new"
        fields = {"backend": name, "protocol": protocol, "cipher": cipher, "resumed": resumed}
        message = f"handshake with backend {name} done: {protocol}, {cipher}, {resumed} session"
        self._log.write(Event(SSLLevel.INFO, "backend-handshake-done", message, None, fields))
