"""What a backend gets of a request, and what the client gets of its answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from blackbox import clients
from blackbox.backend import ALL, PROXY, Visit, answer, backend, ok, serving
from blackbox.server import Server


def fields_of(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:-2]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def line_of(head: bytes) -> str:
    return head.partition(b"\r\n")[0].decode("latin-1")


@pytest.fixture
def seen() -> list[bytes]:
    return []


@pytest.fixture
def passed(new_server: Callable[..., Server], seen: list[bytes]):
    """passed(lines): a server with these lines, @backend being one that answers everything with ok."""
    with backend(serving(lambda _head: ok(), seen)) as back:

        def start(lines: str) -> Server:
            return new_server(PROXY + lines, backend=back).start()

        yield start


def test_paths(passed, seen: list[bytes]):
    server = passed(
        "ProxyPass /app http://127.0.0.1:@backend/base\n"
        "ProxyPass /slash/ http://127.0.0.1:@backend/base/\n"
        "ProxyPass /bare http://127.0.0.1:@backend\n"
        "ProxyPass /uneven/ http://127.0.0.1:@backend\n"
        "<Location /section>\nProxyPass http://127.0.0.1:@backend/in\n</Location>\n"
        "ProxyPassMatch ^/img/(.*)\\.gif$ http://127.0.0.1:@backend/i/$1.png\n"
        "ProxyPassMatch ^(/match/.*)$ http://127.0.0.1:@backend$1\n"
        "ProxyPass /all/ http://127.0.0.1:@backend/\n"
    )
    for asked, got in {
        "/app/x/y?q=1&r": "/base/x/y?q=1&r",
        "/app": "/base",
        "/app?": "/base?",
        "/slash/x": "/base/x",
        "/bare": "/",
        "/uneven/x": "/x",
        "/section/x": "/in/x",
        "/img/a%20b.gif": "/i/a%20b.png",
        "/match/y": "/match/y",
        "/all/a%20b/%C3%A9%3F%23;p=1": "/a%20b/%C3%A9%3F%23;p=1",
        "/all/a/../b//c": "/b/c",
    }.items():
        seen.clear()
        assert clients.get(server.http, asked).body == b"ok"
        assert line_of(seen[0]) == f"GET {got} HTTP/1.1"
    assert clients.get(server.http, "/apple").status == 404


def test_what_is_kept_here(passed, seen: list[bytes]):
    server = passed(
        "ProxyPass /app/static !\nProxyPass /app http://127.0.0.1:@backend/\n"
        "ProxyPassMatch \\.txt$ !\nProxyPass / http://127.0.0.1:@backend/\n"
    )
    server.write("app/static/a.css", b"here")
    server.write("b.txt", b"here too")
    assert clients.get(server.http, "/app/static/a.css").body == b"here"
    assert clients.get(server.http, "/b.txt").body == b"here too"
    assert not seen
    assert clients.get(server.http, "/application").body == b"ok"
    assert line_of(seen[0]) == "GET /application HTTP/1.1"


def test_no_host_can_be_chosen_by_who_asks(passed, seen: list[bytes]):
    server = passed("ProxyPassMatch ^/x(.*)$ http://127.0.0.1:@backend$1\n")
    assert clients.get(server.http, "/x@evil.example/").body == b"ok"
    assert line_of(seen[0]) == "GET /@evil.example/ HTTP/1.1"


def test_the_clients_connection_is_its_own(passed, seen: list[bytes]):
    server = passed("ProxyPass / http://127.0.0.1:@backend/\n")
    clients.get(
        server.http,
        "/",
        "Connection: X-Secret, keep-alive",
        "X-Secret: s",
        "Keep-Alive: 5",
        "TE: trailers",
        "Proxy-Authorization: Basic eDp5",
        "Upgrade: h2c",
        "X-Kept: 1",
    )
    fields = fields_of(seen[0])
    assert fields["x-kept"] == "1"
    assert not {"x-secret", "keep-alive", "te", "proxy-authorization", "upgrade", "connection"} & set(fields)


def test_forwarded_fields(passed, seen: list[bytes]):
    server = passed("ProxyPass / http://127.0.0.1:@backend/\n")
    clients.get(
        server.http, "/", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "Forwarded: for=6.6.6.6"
    )
    fields = fields_of(seen[0])
    assert fields["x-forwarded-for"] == "127.0.0.1"
    assert fields["x-forwarded-host"] == "localhost"
    assert fields["x-forwarded-server"] == "localhost"
    assert fields["x-forwarded-proto"] == "http"
    assert fields["host"].startswith("127.0.0.1:")
    assert "forwarded" not in fields


def test_forwarded_fields_of_those_we_trust(passed, seen: list[bytes]):
    server = passed("ProxyPass / http://127.0.0.1:@backend/\nProxyTrustForwarded 127.0.0.0/8\n")
    clients.get(server.http, "/", "X-Forwarded-For: 192.0.2.9", "X-Forwarded-Proto: https")
    fields = fields_of(seen[0])
    assert fields["x-forwarded-for"] == "192.0.2.9, 127.0.0.1"
    assert fields["x-forwarded-proto"] == "https"


def test_host_preserved_and_nothing_added(passed, seen: list[bytes]):
    server = passed("ProxyPass / http://127.0.0.1:@backend/\nProxyPreserveHost on\nProxyAddHeaders off\n")
    clients.get(server.http, "/", host="www.example.org:81")
    fields = fields_of(seen[0])
    assert fields["host"] == "www.example.org:81"
    assert not [name for name in fields if name.startswith("x-forwarded")]


def test_https_is_told_to_the_backend(passed, seen: list[bytes], authority):
    server = passed("ProxyPass / http://127.0.0.1:@backend/\n")
    assert clients.tls_get(server.https, clients.tls_context(authority.cert)).body == b"ok"
    assert fields_of(seen[0])["x-forwarded-proto"] == "https"


def test_connections_are_kept(new_server: Callable[..., Server], seen: list[bytes]):
    with backend(serving(lambda _head: ok(), seen)) as back:
        server = new_server(ALL, backend=back).start()
        for _ in range(5):
            assert clients.get(server.http, "/").body == b"ok"
        assert back.visits == 1
        assert len(seen) == 5


def test_reverse(new_server: Callable[..., Server]):
    def reply(_head: bytes) -> bytes:
        return ok(
            b"",
            f"Location: http://127.0.0.1:{back}/in/x?y",
            f"Content-Location: http://127.0.0.1:{back}0/in/x",
            "Set-Cookie: a=b; Domain=inner.example; Path=/in/x; HttpOnly",
            "Connection: X-Hop",
            "X-Hop: 1",
            "Keep-Alive: timeout=5",
            "Server: inner",
        )

    with backend(serving(reply)) as back:
        server = new_server(
            PROXY
            + "ProxyPass /out http://127.0.0.1:@backend/in\nProxyPassReverse /out http://127.0.0.1:@backend/in\n"
            "ProxyPassReverseCookieDomain inner.example outer.example\nProxyPassReverseCookiePath /in /out\n",
            backend=back,
        ).start()
        headers = clients.get(server.http, "/out/").headers
        assert headers["location"] == "http://localhost/out/x?y"
        assert headers["content-location"] == f"http://127.0.0.1:{back}0/in/x"
        assert headers["set-cookie"] == "a=b; Domain=outer.example; Path=/out/x; HttpOnly"
        assert headers["server"] == "inner"
        assert "x-hop" not in headers
        assert "keep-alive" not in headers


def test_errors_with_pages_of_our_own(new_server: Callable[..., Server]):
    def reply(head: bytes) -> bytes:
        status = head.split()[1].strip(b"/")
        return (
            b"HTTP/1.1 " + status + b" Told\r\nContent-Length: 5\r\nX-Inner: 1\r\n"
            b"WWW-Authenticate: Basic realm=inner\r\n\r\ninner"
        )

    with backend(serving(reply)) as back:
        server = new_server(
            PROXY + "ErrorDocument 404 /ours\nAlias /ours @root/htdocs/ours.html\n"
            "ProxyPass /ours !\nProxyPass / http://127.0.0.1:@backend/\n"
            "ProxyErrorOverride on\n<Location /503>\nProxyErrorOverride on 500 502\n</Location>\n",
            backend=back,
        )
        server.write("ours.html", b"ours")
        server.start()
        missing = clients.get(server.http, "/404")
        assert (missing.status, missing.body) == (404, b"ours")
        assert "x-inner" not in missing.headers
        locked = clients.get(server.http, "/401")
        assert (locked.status, locked.headers["www-authenticate"]) == (401, "Basic realm=inner")
        assert b"inner" not in locked.body
        assert clients.get(server.http, "/503").body == b"inner"
        assert clients.get(server.http, "/200").body == b"inner"


def test_unix_socket(new_server: Callable[..., Server], seen: list[bytes]):
    server = new_server(PROXY + "ProxyPass /app unix:@root/app.sock|http://inner.example/base\n")
    with backend(serving(lambda _head: ok(), seen), server.root / "app.sock"):
        server.start()
        assert clients.get(server.http, "/app/x").body == b"ok"
        assert line_of(seen[0]) == "GET /base/x HTTP/1.1"
        assert fields_of(seen[0])["host"] == "inner.example"


@pytest.mark.parametrize(
    ("method", "head", "status", "body"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 5\r\n\r\n", 304, b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("GET", b"HTTP/1.1 404 Nope\r\nContent-Length: 4\r\n\r\nours", 404, b"ours"),
        ("GET", b"HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n", 500, b""),
        ("GET", b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
    ],
)
def test_answers(new_server: Callable[..., Server], method: str, head: bytes, status: int, body: bytes):
    with backend(serving(lambda _head: head)) as back:
        server = new_server(ALL, backend=back).start()
        for _ in range(2):
            reply = clients.get(server.http, "/", method=method)
            assert (reply.status, reply.body) == (status, body)
        assert back.visits == 1


@pytest.mark.parametrize(
    ("answered", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
            b"abcde",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nabcde", b"abcde"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabcde", b"abcde"),
    ],
)
def test_framings(new_server: Callable[..., Server], answered: bytes, body: bytes):
    cuts = [len(answered), 10, 60, len(answered) - 3]

    def script(visit: Visit) -> None:
        cut = cuts[visit.number - 1]
        answer(answered[:cut], answered[cut:])(visit)

    with backend(script) as back:
        server = new_server(ALL, backend=back).start()
        for _ in cuts:
            reply = clients.curl("-si", f"http://127.0.0.1:{server.http}/").stdout
            assert reply.endswith(b"\r\n\r\n" + body)


def echo(visit: Visit) -> None:
    """Answer with the length of the body and the framing it had."""
    while head := visit.head():
        length = fields_of(head).get("content-length")
        data = visit.body(int(length)) if length is not None else chunks(visit)
        visit.say(ok(b"%d %b" % (len(data), b"chunked" if length is None else b"sized")))


def chunks(visit: Visit) -> bytes:
    data = b""
    while True:
        line = b""
        while not line.endswith(b"\r\n"):
            line += visit.body(1)
        size = int(line, 16)
        data += visit.body(size)
        visit.body(2)
        if not size:
            return data


@pytest.mark.parametrize("size", [0, 5, 70_000, 3_000_000])
def test_bodies(new_server: Callable[..., Server], size: int):
    with backend(echo) as back:
        server = new_server(ALL, backend=back).start()
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        sized = head + b"Content-Length: %d\r\n\r\n" % size + b"x" * size
        assert clients.parse(clients.exchange(server.http, sized)).body == b"%d sized" % size
        pieces = b"%x\r\n%b\r\n" % (size, b"x" * size) if size else b""
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"
        assert clients.parse(clients.exchange(server.http, chunked)).body == b"%d chunked" % size


def test_lines_without_a_path(new_server: Callable[..., Server]):
    server = new_server(
        PROXY + "ProxyPass http://app/\n<LocationMatch ^/x>\nProxyPass http://app/\n</LocationMatch>\n"
        "<Directory /srv>\nProxyPassReverse http://app/\n</Directory>\n"
    )
    done = server.run("-t")
    assert done.returncode == 1
    for line in ("ProxyPass http", "ProxyPassReverse http"):
        assert server.place(line) in done.stderr
    assert 'write it in <Location "/path">' in done.stderr


def test_a_forward_proxy_is_not_to_be_had(passed, seen: list[bytes]):
    """The line with which configurations of Apache begin, and what it is about."""
    server = passed("ProxyRequests Off\nProxyPass / http://127.0.0.1:@backend/ keepalive=On retry=0\n")
    assert clients.get(server.http, "http://elsewhere.example/x").body == b"ok"
    assert line_of(seen[0]) == "GET /x HTTP/1.1"
    assert fields_of(seen[0])["x-forwarded-host"] == "elsewhere.example"
    server.configure(PROXY + "ProxyRequests On\n")
    done = server.run("-t")
    assert f"{server.place('ProxyRequests')}: ProxyRequests: can only be Off" in done.stderr
    assert done.returncode == 1
