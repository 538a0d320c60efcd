"""Applications that raise, lie, or send what they must not, and clients that leave: the right status, one message in
the log, and a connection that is closed when nobody can tell any more where the response ends."""

from __future__ import annotations

import socket

import pytest
from blackbox import clients, processes
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, PLAIN, WAYS, messages, noted, notes
from blackbox.server import Server
from blackbox.until import until

HELLO = b"GET /plain/hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module", params=WAYS)
def server(new_module_server, request: pytest.FixtureRequest) -> Server:
    limit = "LimitRequestBody 100000\nTimeout 1\nRequestReadTimeout body=1\n"
    return new_module_server(
        PLAIN + WAYS[request.param] + limit + ONE_HOST, applications=APPLICATIONS
    ).start()


def sent(path: str, *lines: str, method: str = "GET") -> bytes:
    head = "\r\n".join([f"{method} /plain/{path} HTTP/1.1", "Host: localhost", *lines])
    return f"{head}\r\n\r\n".encode()


def answered(server: Server, path: str, status: int) -> clients.Reply:
    """Asks, and then asks for /hello on the same connection: both must be answered."""
    data = clients.exchange(server.http, sent(path) + HELLO)
    first, second = data.partition(b"HTTP/1.1 200 OK")[::2] if status != 200 else (data, b"hello")
    reply = clients.parse(first)
    assert reply.status == status
    assert second.endswith(b"hello"), "the connection can be used again"
    return reply


def cut_off(server: Server, path: str) -> bytes:
    """Asks, and then for /hello on the same connection: neither may look whole."""
    data = clients.exchange(server.http, sent(path) + HELLO)
    assert data.count(b"HTTP/1.1 200 OK") <= 1
    assert b"hello" not in data
    body = data.partition(b"\r\n\r\n")[2]
    assert not body.endswith(b"0\r\n\r\n")
    return body


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("raise/before", "RuntimeError: before start_response"),
        ("raise/after", "RuntimeError: after start_response"),
        ("raise/first", "RuntimeError: at the first piece"),
        ("raise/exit", "ApplicationExit: the application let SystemExit through"),
        ("raise/timeout", "ApplicationExit: the application let Timeout through"),
        ("twice", "RuntimeError: start_response was called again without exc_info"),
        ("silent", "RuntimeError: the application gave a part of the body before calling start_response"),
        ("text", "TypeError: the parts of the body must be bytes, not str"),
        ("nothing", "TypeError: the application returned a NoneType, which is not iterable"),
        (
            "header/cr",
            "ValueError: the field X-A has CR, LF, NUL or a character beyond latin-1: '1\\r\\nSet-Cookie: a=b'",
        ),
        ("header/lf", "ValueError: the field X-A has CR, LF, NUL or a character beyond latin-1: '1\\nb'"),
        ("header/nul", "ValueError: the field X-A has CR, LF, NUL or a character beyond latin-1: '1\\x00'"),
        ("header/wide", "ValueError: the field X-A has CR, LF, NUL or a character beyond latin-1: "),
        ("header/name", "ValueError: 'X A\\r\\nB' is no name of a header field"),
        ("header/bytes", "TypeError: "),
        ("header/number", "TypeError: "),
        (
            "header/connection",
            "ValueError: the field Connection is the server's business, not the application's",
        ),
        ("header/chunked", "ValueError: the field Transfer-Encoding is the server's business"),
        ("header/upgrade", "ValueError: the field Upgrade is the server's business"),
        ("header/length", "ValueError: Content-Length must be a number of bytes, not '+5'"),
        ("status?OK", "ValueError: the status must be like '200 OK', not 'OK'"),
        ("status?100+Continue", "ValueError: the status must be like '200 OK'"),
        ("status?200%20OK%0D%0AX:%20y", "ValueError: the status must be like '200 OK'"),
    ],
)
def test_mistakes_before_the_response_has_begun(server: Server, path: str, message: str) -> None:
    before = len(messages(server))
    reply = answered(server, path, 500)
    assert b"Internal Server Error" in reply.body
    assert not {"set-cookie", "x", "x-a"} & set(reply.headers)
    found = until(lambda: messages(server)[before:], "a message")
    assert len(found) == 1
    assert found[0].head.startswith(f"failed: GET /plain/{path} HTTP/1.1")
    assert message.encode("unicode_escape").decode() in found[0].traceback[-1]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("raise/middle", "RuntimeError: in the middle"),
        ("too_late", "ZeroDivisionError: division by zero"),
    ],
)
def test_mistakes_in_the_middle(server: Server, path: str, message: str) -> None:
    before = len(messages(server))
    assert cut_off(server, path) in (b"5\r\nbegun\r\n", b"")
    found = until(lambda: messages(server)[before:], "a message")
    assert len(found) == 1
    assert found[0].head == f"the body failed: GET /plain/{path} HTTP/1.1"
    assert any(line.startswith(message) for line in found[0].traceback)


@pytest.mark.parametrize("how", ["list", "pieces", "nothing"])
def test_less_than_declared(server: Server, how: str) -> None:
    before = len(messages(server))
    if how == "nothing":
        answered(server, "lie/nothing?6", 500)
    else:
        assert cut_off(server, f"lie/{how}?6") in (b"12345", b"")
    found = until(lambda: messages(server)[before:], "a message")
    given = 0 if how == "nothing" else 5
    assert [message.head for message in found] == [
        f"the application gave {given} bytes of the 6 that it declared: GET /plain/lie/{how}?6 HTTP/1.1"
    ]
    assert not found[0].traceback


def test_more_than_declared(server: Server) -> None:
    before = len(messages(server))
    answered(server, "lie/list?4", 500)
    assert cut_off(server, "lie/pieces?4") in (b"12", b"")
    found = until(lambda: len(messages(server)) == before + 2 and messages(server)[before:], "two messages")
    assert all(
        "the application gave more than the 4 bytes that it declared" in message.head for message in found
    )


def test_start_response_may_be_replaced_by_an_error(server: Server) -> None:
    reply = answered(server, "replace", 503)
    assert (reply.headers["retry-after"], reply.body) == ("7", b"instead")
    assert "x-first" not in reply.headers


def test_a_mistake_in_close_spoils_nothing(server: Server) -> None:
    before = len(messages(server))
    assert answered(server, "raise/close", 200).body.count(b"all of it") == 1
    found = until(lambda: messages(server)[before:], "a message")
    assert [message.head for message in found] == ["close() of what the application returned failed"]
    assert found[0].traceback[-1] == "ZeroDivisionError: division by zero"


def test_the_worker_outlives_all_of_it(server: Server) -> None:
    (worker,) = server.workers()
    for path in ("raise/exit", "raise/timeout", "raise/middle", "too_late"):
        clients.exchange(server.http, sent(path))
    assert int(clients.get(server.http, "/plain/pid").body) == worker


# --- bodies of requests that are not what they should be ---


@pytest.mark.parametrize(
    ("fields", "body", "status"),
    [
        ("Transfer-Encoding: chunked", b"20000\r\n" + bytes(0x20000) + b"\r\n0\r\n\r\n", 413),
        ("Content-Length: 100001", b"", 413),
        ("Transfer-Encoding: chunked", b"5\r\nhello\r\nxyz\r\n", 400),
        ("Content-Length: 100000", b"hello", 400),
    ],
)
def test_what_is_wrong_with_the_body_decides(server: Server, fields: str, body: bytes, status: int) -> None:
    """Whatever the application makes of it."""
    notes(server)
    data = clients.exchange(server.http, sent("read_all", fields, method="POST") + body + HELLO)
    reply = clients.parse(data)
    assert (reply.status, reply.headers["connection"]) == (status, "close")
    assert data.count(b"HTTP/1.1 ") == 1
    if not fields.endswith("100001"):  # that one is known before the application is called
        noted(server, "InputLost")


def test_a_body_that_does_not_come(server: Server) -> None:
    with clients.connect(server.http) as sock:
        sock.sendall(sent("read_all", "Content-Length: 10", method="POST"))
        assert clients.parse(clients.drain(sock)).status == 408


# --- clients that leave ---


@pytest.mark.parametrize("path", ["endless", "endless_write", "pieces"])
def test_clients_that_vanish(server: Server, path: str) -> None:
    (worker,) = server.workers()
    for _ in range(3):
        clients.get(server.http, "/plain/release")
        with clients.connect(server.http) as sock:
            sock.sendall(sent(path))
            sock.recv(100)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        clients.get(server.http, "/plain/release")
        noted(server, "Abandoned" if path == "endless_write" else "closed")
    memory = processes.resident(worker)
    for _ in range(10):
        with clients.connect(server.http) as sock:
            sock.sendall(sent(path))
            sock.recv(100)
        clients.get(server.http, "/plain/release")
    until(lambda: processes.resident(worker) < memory + (8 << 20), "the memory is free again")


def test_clients_that_stop_reading_are_let_go(server: Server) -> None:
    """After Timeout: 1 s here."""
    notes(server)
    with clients.connect(server.http) as sock:
        sock.sendall(sent("endless"))
        noted(server, "closed")
