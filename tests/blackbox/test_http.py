"""HTTP/1.1 on one connection: order, length, end; and the limits that a request must keep."""

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.server import Server

LIMITS = """\
KeepAliveTimeout 5
MaxKeepAliveRequests 5
LimitRequestLine 1000
LimitRequestFields 20
LimitRequestFieldSize 1000
LimitRequestBody 10000
"""


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(LIMITS + ONE_HOST)
    server.write("a.txt", b"first")
    server.write("b.txt", b"second!")
    return server.start()


def request(target: str, *lines: str, method: str = "GET") -> bytes:
    head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", *lines])
    return f"{head}\r\n\r\n".encode()


def replies(data: bytes) -> list[clients.Reply]:
    """The responses in `data`, each with its Content-Length."""
    found = []
    while data:
        reply = clients.parse(data)
        length = int(reply.headers.get("content-length", 0))
        found.append(clients.Reply(reply.status, reply.headers, reply.body[:length]))
        data = reply.body[length:]
    return found


def test_requests_sent_at_once_are_answered_in_order(server: Server, authority: Authority) -> None:
    sent = request("/a.txt") + request("/b.txt") + request("/none") + request("/a.txt", "Connection: close")
    with clients.tls(server.https, clients.tls_context(authority.cert)) as secure:
        secure.sendall(sent)
        over_tls = clients.drain(secure)
    for answer in (over_tls, clients.exchange(server.http, sent)):
        got = replies(answer)
        assert [reply.status for reply in got] == [200, 200, 404, 200]
        assert [got[0].body, got[1].body, got[3].body] == [b"first", b"second!", b"first"]
        assert got[3].headers["connection"] == "close"


def test_a_request_in_single_bytes(server: Server) -> None:
    with clients.connect(server.http) as sock:
        for byte in request("/a.txt", "Connection: close"):
            sock.sendall(bytes([byte]))
        assert clients.parse(clients.drain(sock)).body == b"first"


def test_the_last_request_of_a_connection_is_told_so(server: Server) -> None:
    got = replies(clients.exchange(server.http, request("/a.txt") * 7))
    assert len(got) == 5
    assert got[4].headers["connection"] == "close"
    assert all(reply.headers.get("connection", "keep-alive") != "close" for reply in got[:4])


def test_http_1_0_ends_the_connection_unless_it_asks_to_keep_it(server: Server) -> None:
    with clients.connect(server.http) as sock:
        sock.sendall(b"GET /a.txt HTTP/1.0\r\n\r\n")
        assert clients.parse(clients.drain(sock)).body == b"first"
    kept = b"GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    got = replies(clients.exchange(server.http, kept + b"GET /b.txt HTTP/1.0\r\n\r\n"))
    assert [reply.body for reply in got] == [b"first", b"second!"]
    assert got[0].headers["connection"].lower() == "keep-alive"


def test_head_and_not_modified_leave_the_connection_in_order(server: Server) -> None:
    etag = clients.get(server.http, "/a.txt").headers["etag"]
    sent = request("/a.txt", method="HEAD") + request("/a.txt", f"If-None-Match: {etag}") + request("/b.txt")
    answer = clients.exchange(server.http, sent)
    heads = answer.count(b"HTTP/1.1 ")
    assert heads == 3
    assert b"first" not in answer
    assert answer.endswith(b"second!")


@pytest.mark.parametrize("body", [b"", b"x" * 10000], ids=["empty", "whole limit"])
def test_a_body_that_nobody_reads_does_not_become_a_request(server: Server, body: bytes) -> None:
    length = request("/a.txt", f"Content-Length: {len(body)}", method="POST") + body
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]) if part)
    chunked = request("/a.txt", "Transfer-Encoding: chunked", method="POST") + chunks + b"0\r\n\r\n"
    for sent in (length, chunked):
        got = replies(clients.exchange(server.http, sent + request("/b.txt")))
        assert got[0].status == 405
        if got[0].headers.get("connection") == "close":
            assert len(got) == 1
        else:
            assert [reply.body for reply in got[1:]] == [b"second!"]


def test_a_refused_body_is_never_waited_for(server: Server) -> None:
    with clients.connect(server.http) as sock:
        sock.sendall(request("/a.txt", "Content-Length: 9000", "Expect: 100-continue", method="POST"))
        reply = clients.parse(sock.recv(10000))
        assert reply.status in (405, 417)


def test_an_expectation_that_nobody_knows(server: Server) -> None:
    assert clients.get(server.http, "/a.txt", "Expect: the-impossible").status == 417


def test_options_of_the_whole_server(server: Server) -> None:
    reply = clients.get(server.http, "*", method="OPTIONS")
    assert reply.status in (200, 204)


def test_trace_and_connect_are_not_for_this_server(server: Server) -> None:
    assert clients.get(server.http, "/a.txt", method="TRACE").status in (405, 501)
    assert clients.get(server.http, "localhost:443", method="CONNECT").status in (400, 405, 501)


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (request("/" + "a" * 2000), {414}),
        (request("/a.txt", "X-Long: " + "a" * 2000), {431, 400}),
        (request("/a.txt", *(f"X-{n}: {n}" for n in range(30))), {431, 400}),
        (request("/a.txt", "Content-Length: 10001", method="POST"), {413}),
        (request("/a.txt", "Content-Length: 99999999999999999999", method="POST"), {413, 400}),
        (
            request("/a.txt", "Transfer-Encoding: chunked", method="POST") + b"2711\r\n" + b"x" * 10001,
            {413, 405},
        ),
    ],
    ids=["line", "field size", "fields", "length", "huge length", "chunks"],
)
def test_limits(server: Server, sent: bytes, statuses: set[int]) -> None:
    got = replies(clients.exchange(server.http, sent + request("/b.txt")))
    assert got[0].status in statuses
    assert len(got) == 1
    # 405 is sent before anybody looks at the body.
    assert got[0].status == 405 or got[0].headers["connection"] == "close"


@pytest.mark.needs("curl")
def test_curl_reuses_its_connection(server: Server, authority: Authority) -> None:
    url = f"https://localhost:{server.https}"
    done = clients.curl(
        *("--cacert", authority.cert, "--write-out", "%{num_connects}\n"),
        *(f"{url}/a.txt", f"{url}/b.txt", f"{url}/a.txt"),
    )
    assert done.stdout == b"first1\nsecond!0\nfirst0\n"


def test_the_server_names_itself(server: Server) -> None:
    field = clients.get(server.http, "/a.txt").headers["server"]
    assert field.startswith("prefork_ssl/")
    assert "pyOpenSSL/" in field
    assert " OpenSSL/" in field
