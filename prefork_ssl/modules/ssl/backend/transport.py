"""What HTTP is spoken through to a server: the transport of our side after the handshake."""

from __future__ import annotations

from typing import NoReturn

from prefork_ssl.kernel.transport import ClientTransport, Wire
from prefork_ssl.modules.ssl.backend.complaints import Complaints
from prefork_ssl.modules.ssl.backend.sessions import Sessions
from prefork_ssl.modules.ssl.connection.stream import TLSStream, receive, send_at_once
from prefork_ssl.modules.ssl.openssl import ClientConnection, Error


class BackendTransport(TLSStream, ClientTransport):
    """A connection to a server that was found to be who it should be. What it gives us to come back with is kept in
    `sessions` under `name`."""

    secure = True
    tls: ClientConnection

    def __init__(
        self, wire: Wire, tls: ClientConnection, name: str, sessions: Sessions, complaints: Complaints
    ) -> None:
        super().__init__(wire, tls)
        self._complaints = complaints
        self._name = name
        self._sessions = sessions
        self._met = False

    def __del__(self) -> None:
        self.tls.keep_session()

    def read(self) -> bytes:
        """See Transport."""
        while True:
            data = self._plaintext()
            if data is not None:
                return data
            self.flush()
            self.tls.release_memory()
            if not receive(self.wire, self.tls):
                return b""

    def end_output(self) -> None:
        """Say close_notify (RFC 8446 section 6.1)."""
        self.tls.end()
        send_at_once(self.wire, self.tls)

    def quiet(self) -> bool:
        """See ClientTransport. Session tickets are no news."""
        if self.wire.undisturbed():
            return True
        try:
            while self.tls.receive(self.wire.sock):
                if self._plaintext() is not None:
                    return False
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _plaintext(self) -> bytes | None:
        try:
            data = self.tls.plaintext()
        except Error as error:
            self._fail(error)
        if data and not self._met:
            # In TLS 1.3 sessions come behind the handshake, and mostly before the first answer.
            self._met = True
            session = self.tls.public.get_session()
            if session is not None:
                self._sessions[self._name] = session
        return data

    def _fail(self, error: Error) -> NoReturn:
        raise ConnectionError(self._complaints.connection(error)) from error
