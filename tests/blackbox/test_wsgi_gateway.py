"""PEP 3333 on a running server: what an application gives reaches the client, in greenlets as in threads."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from blackbox import clients, processes
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, PLAIN, WAYS, noted, notes
from blackbox.server import Server
from blackbox.until import until


@pytest.fixture(scope="module", params=WAYS)
def server(new_module_server, request: pytest.FixtureRequest) -> Server:
    return new_module_server(PLAIN + WAYS[request.param] + ONE_HOST, applications=APPLICATIONS).start()


def get(server: Server, path: str, *lines: str, method: str = "GET") -> clients.Reply:
    return clients.get(server.http, f"/plain/{path}", *lines, method=method)


def opened(server: Server, path: str, *lines: str, method: str = "GET") -> socket.socket:
    """A connection on which the request has been sent."""
    sock = clients.connect(server.http)
    head = "\r\n".join([f"{method} /plain/{path} HTTP/1.1", "Host: localhost", *lines])
    sock.sendall(f"{head}\r\n\r\n".encode())
    return sock


def received(sock: socket.socket, text: bytes) -> bytes:
    """What comes up to and with `text`."""
    data = b""
    while text not in data:
        more = sock.recv(65536)
        assert more, data
        data += more
    return data


# --- the response ---


def test_a_small_response_has_a_length_and_keeps_the_connection(server: Server) -> None:
    with opened(server, "hello") as sock:
        for _ in range(3):
            reply = clients.parse(received(sock, b"hello"))
            assert (reply.status, reply.headers["content-length"]) == (200, "5")
            sock.sendall(b"GET /plain/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")


def test_pieces_without_a_length_are_chunked(server: Server) -> None:
    with opened(server, "generator") as sock:
        data = received(sock, b"0\r\n\r\n")
    assert clients.parse(data).headers["transfer-encoding"] == "chunked"
    assert data.endswith(b"\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")


def test_in_http_1_0_their_end_is_that_of_the_connection(server: Server) -> None:
    data = clients.exchange(server.http, b"GET /plain/generator HTTP/1.0\r\n\r\n")
    assert data.endswith(b"\r\n\r\nab")
    assert b"chunked" not in data


@pytest.mark.parametrize("path", ["pieces", "write"])
def test_what_is_given_is_sent_at_once(server: Server, path: str) -> None:
    with opened(server, path, "Connection: close") as sock:
        first = received(sock, b"first")
        assert b"second" not in first
        assert get(server, "release").body == b"released"
        assert received(sock, b"0\r\n\r\n").endswith(b"7\r\nsecond \r\n5\r\nthird\r\n0\r\n\r\n")


@pytest.mark.parametrize("path", ["endless", "endless_write"])
def test_a_client_that_does_not_read_stops_the_application(server: Server, path: str) -> None:
    notes(server)
    with opened(server, path) as sock:
        received(sock, b"\r\n\r\n")
        taken = [0]

        def stands_still() -> bool:
            taken.append(taken[-1] + len(notes(server)))
            return taken[-1] == taken[-2] > 0

        until(stands_still, "no more pieces are made")
        assert taken[-1] * 65536 < 16 << 20
    noted(server, "closed" if path == "endless" else "Abandoned")


def test_the_end_of_the_body_is_told_however_it_ends(server: Server) -> None:
    notes(server)
    get(server, "endless?3")
    assert notes(server) == ["piece", "piece", "piece", "closed"]
    get(server, "endless?3", method="HEAD")
    assert notes(server)[-1] == "closed"
    get(server, "none")
    assert notes(server) == ["closed"]
    with opened(server, "endless") as sock:
        received(sock, b"\r\n\r\n")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    noted(server, "closed")


def test_statuses_without_a_body(server: Server) -> None:
    for path, status in (("none", 204), ("unchanged", 304)):
        data = clients.exchange(server.http, f"GET /plain/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        reply = clients.parse(data)
        assert (reply.status, reply.body) == (status, b"")
        assert not {"content-length", "transfer-encoding"} & set(reply.headers)


def test_an_empty_body(server: Server) -> None:
    reply = get(server, "empty")
    assert (reply.status, reply.headers["content-length"], reply.body) == (200, "0", b"")


@pytest.mark.parametrize("path", ["hello", "generator", "write", "empty", "head", "memory_file"])
def test_head_has_the_fields_and_no_body(server: Server, path: str) -> None:
    get(server, "release")
    reply = get(server, path, method="HEAD")
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, "text/plain", b"")
    if path in ("hello", "head"):
        assert reply.headers["content-length"] == {"hello": "5", "head": "1000"}[path]


def test_early_hints_come_before_the_response(server: Server) -> None:
    notes(server)
    data = clients.exchange(
        server.http, b"GET /plain/hints HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    first, second, rest = data.split(b"\r\n\r\n", 2)
    assert first == b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style"
    assert second == b"HTTP/1.1 103 Early Hints\r\nLink: </script.js>; rel=preload; as=script"
    assert clients.parse(rest).body == b"done"
    assert notes(server) == ["hint refused"]
    assert clients.exchange(server.http, b"GET /plain/hints HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_write_and_hints_after_the_end_reach_no_other_request(server: Server) -> None:
    with opened(server, "late_write") as sock:
        received(sock, b"done")
        sock.sendall(b"GET /plain/later_write HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        reply = clients.parse(clients.drain(sock))
    assert reply.status == 200
    assert reply.body.startswith(b"write() was called after the application's end")


# --- the request ---


def chunked(data: bytes, size: int) -> bytes:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.needs("curl")
@pytest.mark.parametrize("framing", ["by length", "chunked"])
def test_three_megabytes_there_and_back(
    server: Server, authority: Authority, framing: str, tmp_path: Path
) -> None:
    data = bytes(range(256)) * (3 << 12)
    file = tmp_path / "data"
    file.write_bytes(data)
    extra = ["--header", "Transfer-Encoding: chunked"] if framing == "chunked" else []
    url = f"https://localhost:{server.https}/plain/echo"
    done = clients.curl(
        "--cacert", authority.cert, *extra, "--header", "Expect:", "--data-binary", f"@{file}", url
    )
    assert done.stdout == data


def test_bodies_stream_both_ways(server: Server) -> None:
    with opened(server, "echo", "Transfer-Encoding: chunked", method="POST") as sock:
        for number in range(20):
            piece = b"piece %d." % number
            sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            received(sock, piece)
        sock.sendall(b"0\r\n\r\n")
        assert received(sock, b"0\r\n\r\n") == b"0\r\n\r\n"


def test_every_way_to_read(server: Server) -> None:
    body = b"a line\nabcdefone\ntwo\nthree\nrest"
    for fields, sent in (
        (f"Content-Length: {len(body)}", body),
        ("Transfer-Encoding: chunked", chunked(body, 5)),
    ):
        data = clients.exchange(
            server.http,
            f"POST /plain/lines HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n\r\n".encode()
            + sent,
        )
        told = repr([b"a line\n", b"abc", b"de", [b"fone\n"], [b"two\n", b"three\n", b"rest"], b""])
        assert clients.parse(data).body == told.encode()


def test_continue_is_said_when_the_application_reads(server: Server) -> None:
    with opened(server, "echo", "Expect: 100-continue", "Content-Length: 5", method="POST") as sock:
        assert received(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"hello")
        assert clients.parse(received(sock, b"0\r\n\r\n")).status == 200
    with opened(server, "ignore", "Expect: 100-continue", "Content-Length: 5", method="POST") as sock:
        reply = clients.parse(clients.drain(sock))
        assert (reply.status, reply.headers["connection"], reply.body) == (200, "close", b"not read")


def test_continue_is_not_said_within_a_response(server: Server) -> None:
    """The client has seen by the response that nobody waited for its body, and may send it or not."""
    with opened(server, "read_late", "Expect: 100-continue", "Content-Length: 5", method="POST") as sock:
        received(sock, b"7\r\nbegun, \r\n")
        sock.sendall(b"hello")
        assert clients.drain(sock) == b"5\r\nhello\r\n0\r\n\r\n"


def test_a_body_that_nobody_read_is_not_taken_for_a_request(server: Server) -> None:
    body = b"GET /plain/pid HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with opened(server, "ignore", f"Content-Length: {len(body)}", method="POST") as sock:
        sock.sendall(body + b"GET /plain/hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert clients.drain(sock).count(b"HTTP/1.1 200") == 2


def test_an_input_that_was_kept_does_not_read_the_next_request(server: Server) -> None:
    with opened(server, "keep_input", "Content-Length: 3", method="POST") as sock:
        sock.sendall(b"abc")
        assert received(sock, b"\r\n\r\na")
        sock.sendall(b"POST /plain/late_input HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nsecret")
        assert received(sock, b"late: bc").endswith(b"late: bc")  # what is left of its own


# --- files ---


@pytest.fixture(scope="module")
def file(server: Server) -> Path:
    return server.write("large.bin", bytes(range(256)) * 40000)


@pytest.mark.parametrize(
    ("offset", "length"), [(0, ""), (3, ""), (1000, 5), (10_239_990, 10), (10_240_000, "")]
)
def test_files(server: Server, authority: Authority, file: Path, offset: int, length: int | str) -> None:
    content = file.read_bytes()[offset:][: length or None]
    target = f"/plain/file?{file},{offset},{length}"
    for reply in (
        clients.get(server.http, target),
        clients.tls_get(server.https, clients.tls_context(authority.cert), target),
    ):
        assert (reply.status, reply.headers["content-length"]) == (200, str(len(content)))
        assert reply.body == content
    assert get(server, "files_closed").body == b"True"


def test_files_of_all_kinds(server: Server) -> None:
    for path, content in (
        ("memory_file", b"in memory" * 10000),
        ("temporary_file", b"temporary" * 999),
        ("gzip_file", b"unpacked" * 1000),
    ):
        with opened(server, path, "Connection: close") as sock:
            data = clients.drain(sock)
        head, _, body = data.partition(b"\r\n\r\n")
        if b"chunked" in head:
            body = unchunked(body)
        assert body == content


def unchunked(data: bytes) -> bytes:
    body = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        body += rest[: int(size, 16)]
        data = rest[int(size, 16) + 2 :]
    return body


def test_files_leave_no_descriptor_open(server: Server, file: Path) -> None:
    (worker,) = server.workers()
    get(server, f"file?{file},0,")
    before = processes.open_files(worker)
    for _ in range(20):
        get(server, f"file?{file},0,")
        get(server, f"file?{file},0,", method="HEAD")
    assert processes.open_files(worker) <= before + 1


# --- environ ---


def test_environ(server: Server, authority: Authority) -> None:
    with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
        local, peer = sock.getpeername(), sock.getsockname()
        sock.sendall(
            b"GET /plain/environ/gr%C3%BC%C3%9Fe/%FF//x?q=%20&r HTTP/1.1\r\nHost: localhost:99\r\nX-One: 1\r\n"
            b"X-Two: a\r\nX-Two: \xe4\r\nProxy: http://evil.test\r\nX_Three: 3\r\nContent-Type: a/b\r\n"
            b"Connection: close\r\n\r\n"
        )
        environ = json.loads(clients.parse(clients.drain(sock)).body)
    told = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/plain",
        "PATH_INFO": "/environ/gr\xc3\xbc\xc3\x9fe/\xff/x",
        "QUERY_STRING": "q=%20&r",
        "REQUEST_URI": "/plain/environ/gr%C3%BC%C3%9Fe/%FF//x?q=%20&r",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": str(local[1]),
        "SERVER_ADDR": local[0],
        "REMOTE_ADDR": peer[0],
        "REMOTE_PORT": str(peer[1]),
        "REQUEST_SCHEME": "https",
        "HTTPS": "on",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "CONTENT_TYPE": "a/b",
        "HTTP_HOST": "localhost:99",
        "HTTP_X_ONE": "1",
        "HTTP_X_TWO": "a, \xe4",
        "wsgi.version": "(1, 0)",
        "wsgi.url_scheme": "https",
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    assert {name: environ.get(name) for name in told} == told
    assert not {"HTTP_PROXY", "HTTP_X_THREE", "HTTP_CONTENT_TYPE", "REMOTE_USER", "AUTH_TYPE"} & set(environ)


def test_environ_without_tls_and_with_a_body(server: Server) -> None:
    sent = (
        b"POST /plain/environ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"
    )
    environ = json.loads(clients.parse(clients.exchange(server.http, sent)).body)
    assert (environ["wsgi.url_scheme"], environ["CONTENT_LENGTH"]) == ("http", "2")
    assert "HTTPS" not in environ


def test_errors_go_to_the_error_log(server: Server) -> None:
    assert get(server, "errors").body == b"hello"
    for line in ("said in parts", "one", "two", "half a line", r"line with \x1b[31m", "flushed"):
        assert server.logged(f"] {line}").endswith(f"] {line}")
        assert "[wsgi:error]" in server.logged(f"] {line}")
