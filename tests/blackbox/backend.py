"""Servers for a proxy to stand before. They do what their test tells them, right or wrong.

A script is called with each connection; when it returns, the connection is closed.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# A server that proxies, on both of its ports; its rules follow.
PROXY = """\
LoadModule proxy_module
StartServers 1
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
</VirtualHost>
"""
# One that hands on everything.
ALL = PROXY + "ProxyPass / http://127.0.0.1:@backend/\n"

Script = Callable[["Visit"], None]


class Visit:
    """One connection as the script sees it."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self._data = b""

    def head(self) -> bytes:
        """The next request's head; b"" when there is none any more."""
        while b"\r\n\r\n" not in self._data:
            data = self.sock.recv(65536)
            if not data:
                return b""
            self._data += data
        head, end, self._data = self._data.partition(b"\r\n\r\n")
        return head + end

    def put_back(self, data: bytes) -> None:
        """Let it come once more."""
        self._data = data + self._data

    def body(self, size: int) -> bytes:
        """That many bytes of what follows the head, fewer if the connection ends."""
        while len(self._data) < size and (data := self.sock.recv(65536)):
            self._data += data
        body, self._data = self._data[:size], self._data[size:]
        return body

    def rest(self) -> bytes:
        """Everything that comes until the other side ends."""
        while data := self.sock.recv(65536):
            self._data += data
        return self._data

    def say(self, data: bytes) -> None:
        """Send."""
        self.sock.sendall(data)

    def wait_for_end(self) -> None:
        """Wait until the other side has ended."""
        while self.sock.recv(65536):
            continue


class Backend:
    """Listens on a port of its own, or on the socket at `path`. `requests` are the heads that came, `visits` counts
    connections, `problems` are exceptions of scripts."""

    def __init__(self, script: Script, path: Path | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self.requests: list[bytes] = []
        self.visits = 0
        self.problems: list[BaseException] = []
        if path is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port: int = self._listener.getsockname()[1]
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            path.chmod(0o777)
            self._listener.listen()
            self.port = 0
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __str__(self) -> str:
        return str(self.port)

    def close(self) -> None:
        """Listen no more, and end all connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            threading.Thread(target=self._attend, args=(sock, self.visits), daemon=True).start()

    def _attend(self, sock: socket.socket, number: int) -> None:
        sock.settimeout(20)
        self._open.add(sock)
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._script(Visit(sock, number))
        except (OSError, ValueError) as error:
            self.problems.append(error)
        finally:
            self._open.discard(sock)
            sock.close()


@contextmanager
def backend(script: Script, path: Path | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Backend]:
    """A backend until the end of the block."""
    server = Backend(script, path, tls)
    try:
        yield server
    finally:
        server.close()


def answer(*pieces: bytes, hold: bool = False) -> Script:
    """Read one head, and send the pieces whatever it was. `hold`: then wait for the other side to end."""

    def script(visit: Visit) -> None:
        visit.head()
        for piece in pieces:
            visit.say(piece)
        if hold:
            visit.wait_for_end()

    return script


def ok(body: bytes = b"ok", *lines: str) -> bytes:
    """A good answer."""
    fields = "".join(f"{line}\r\n" for line in lines).encode()
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (fields, len(body), body)


def serving(reply: Callable[[bytes], bytes], seen: list[bytes] | None = None) -> Script:
    """Answer requests without bodies, one after the other: `reply` makes an answer of a head."""

    def script(visit: Visit) -> None:
        while head := visit.head():
            if seen is not None:
                seen.append(head)
            visit.say(reply(head))

    return script
