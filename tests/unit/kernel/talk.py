"""A server of the kernel's own HTTP loop at the other end of a socket pair, and clients that send it bytes."""

from __future__ import annotations

import array
import fcntl
import socket
import tempfile
import termios
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
import httptools

from prefork_ssl.config.directives import Directive, Settings
from prefork_ssl.config.tree import Configuration, DirectorySection, Host
from prefork_ssl.kernel import directives as core
from prefork_ssl.kernel.dispatch.dispatch import Dispatcher
from prefork_ssl.kernel.generation import build
from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.http.http1 import serve
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.kernel.transport import Deadline, Transport, Wire

PEER, LOCAL = ("192.0.2.7", 40000), ("192.0.2.1", 80)

Handler = Callable[[Request], Response | None]


def echo(request: Request) -> Response:
    """Method, path, query and body as the server understood them."""
    body = b"".join(iter(lambda: request.body.read(4096), b""))
    said = f"{request.method} {request.path} {request.query} {body.decode('latin-1')}"
    return Response(200, [("Content-Type", "text/plain")], said.encode("utf-8", "surrogateescape"))


@dataclass
class Reply:
    """One response as a strict parser reads it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False


class _Replies:
    def __init__(self) -> None:
        self.replies: list[Reply] = []

    def on_message_begin(self) -> None:
        self.replies.append(Reply())

    def on_header(self, name: bytes, value: bytes) -> None:
        self.replies[-1].headers[name.decode().lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.replies[-1].status = self.parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        self.replies[-1].body += data

    def on_message_complete(self) -> None:
        self.replies[-1].complete = True


def parse_replies(data: bytes) -> list[Reply]:
    """The responses in `data`, which must be whole but for a body that the end of the connection ends.

    Raises HttpParserError for what is no HTTP, and for anything behind a response that closes the connection.
    """
    replies = _Replies()
    replies.parser = httptools.HttpResponseParser(replies)
    replies.parser.feed_data(data)
    return replies.replies


class Server:
    """Serves connections by a generation built from these settings, hooks and virtual hosts.

    `logged` are (request line, status, bytes sent) from the log phase, `begun` and `ended` count requests, `errors()`
    is the error log so far.
    """

    def __init__(
        self,
        handler: Handler | None = echo,
        settings: dict[Directive[Any], Any] | None = None,
        *,
        sections: tuple[DirectorySection, ...] = (),
        hosts: tuple[Host, ...] = (),
        **hooks: Any,
    ) -> None:
        self.draining = False
        self.begun = self.ended = 0
        self.logged: list[tuple[str, int, int]] = []
        self._directory = tempfile.TemporaryDirectory()
        root = Path(self._directory.name)
        given = {core.ERROR_LOG: "error_log", core.SERVER_NAME: "main.example", **(settings or {})}
        main = Host(Settings(given), sections)
        if handler is not None:
            hooks["handler"] = lambda _generation, _host, _settings: handler
        hooks["log"] = lambda _generation, _host: self._log
        module = Module(name="test_module", hooks=Hooks(**hooks))
        source = type("Source", (), {"module": staticmethod(lambda _name: module)})()
        generation = build(Configuration(main, hosts, root, ("test_module",)), source, 1)
        self.generation = generation
        self.dispatcher = Dispatcher(generation)

    def errors(self) -> str:
        self.generation.logs.flush()
        return Path(self._directory.name, "error_log").read_text()

    def connect(
        self, *, local: tuple[str, int] = LOCAL, transport: type[Transport] = Transport, tcp: bool = False
    ) -> Client:
        near, far = _tcp_pair() if tcp else socket.socketpair()
        near.setblocking(False)
        far.setblocking(False)
        wire = Wire(far, PEER, local)
        return Client(near, wire, gevent.spawn(self._converse, wire, transport))

    def replies(self, *pieces: bytes) -> list[Reply]:
        """Send the pieces one by one, end, and read to the end of the connection."""
        client = self.connect()
        for piece in pieces:
            client.send(piece)
        return parse_replies(client.read_to_end())

    def request_begins(self, _request: Request) -> None:
        self.begun += 1

    def request_ends(self, _request: Request, _response: Response) -> None:
        self.ended += 1

    def _log(self, request: Request, response: Response) -> None:
        self.logged.append((request.line, response.status, response.sent))

    def _converse(self, wire: Wire, transport: type[Transport]) -> None:
        try:
            serve(transport(wire), self.dispatcher, self)
        finally:
            wire.close()


class Client:
    """The other end of a connection. `wire` is the server's."""

    def __init__(self, sock: socket.socket, wire: Wire, server: gevent.Greenlet) -> None:
        self._own = Transport(Wire(sock, PEER, LOCAL))
        self.sock = sock
        self.wire = wire
        self.server = server

    def send(self, data: bytes) -> None:
        """Send, and wait until the server has taken it and waits, or has ended."""
        try:
            self._own.write(data)
        except (BrokenPipeError, ConnectionResetError):
            return
        self.settle()

    def settle(self) -> None:
        """Let the server work until it waits for us."""
        with gevent.Timeout(10):
            while not self.server.ready() and not self._waits():
                gevent.idle()

    def read_slowly(self, size: int, rate: int) -> bytes:
        """Read `size` bytes, about `rate` a second, while a worker looks after deadlines."""
        received = b""
        loop = gevent.get_hub().loop
        while len(received) < size and (data := self._own.read()):
            received += data
            gevent.sleep(len(data) / rate)
            if self.wire.deadline <= loop.now():
                loop.run_callback(self.wire.interrupt, Deadline())
        return received

    def wait_for_deadline(self) -> None:
        """Do what a worker does, until it has interrupted the connection once."""
        loop = gevent.get_hub().loop
        with gevent.Timeout(10):
            while self.wire.deadline > loop.now():
                gevent.sleep(0.002)
        loop.run_callback(self.wire.interrupt, Deadline())
        gevent.sleep(0)

    def read(self) -> bytes:
        """What the server has sent by now; b"" also at the end."""
        self.settle()
        return self.read_now()

    def talk(self, data: bytes) -> bytes:
        """Send, and return everything that comes until the server closes."""
        self.sock.sendall(data)
        return self.read_to_end()

    def read_now(self) -> bytes:
        """What has arrived; b"" also at the end."""
        try:
            return self.sock.recv(1 << 20)
        except BlockingIOError:
            return b""

    def read_to_end(self, *, end_first: bool = True) -> bytes:
        """Everything until the server closes. `end_first`: tell it that we send no more."""
        if end_first:
            self.sock.shutdown(socket.SHUT_WR)
        received = b""
        with gevent.Timeout(10):
            while data := self._own.read():
                received += data
            self.close()
            self.server.get()
        return received

    def close(self) -> None:
        self._own.wire.close()

    def _waits(self) -> bool:
        unread = array.array("i", [0])
        fcntl.ioctl(self.wire.sock, termios.FIONREAD, unread)
        waits = self.wire._waiting or self.wire._writing
        return waits is not None and not unread[0]


def _tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        return near, listener.accept()[0]


def splits(data: bytes, places: Iterable[int]) -> Iterator[bytes]:
    """`data` cut at these places."""
    start = 0
    for place in sorted({place for place in places if 0 < place < len(data)}):
        yield data[start:place]
        start = place
    yield data[start:]
