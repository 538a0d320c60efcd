"""Backends that a kept connection, or HTTP/1.1, is too much for: the recipes of Apache's manual for them."""

from __future__ import annotations

import pytest
from blackbox import clients
from blackbox.backend import PROXY, Visit, backend, ok
from blackbox.server import Server

RULES = (
    "LoadModule env_module\nLoadModule setenvif_module\n"
    + PROXY
    + """\
ProxyPass / http://127.0.0.1:@backend/
<Location /once>
    SetEnv proxy-nokeepalive 1
</Location>
<Location /old>
    SetEnv force-proxy-request-1.0 1
    SetEnv proxy-nokeepalive 1
</Location>
SetEnvIf Request_URI ^/careful proxy-initial-not-pooled
"""
)


@pytest.fixture
def seen() -> list[bytes]:
    return []


@pytest.fixture
def behind(seen: list[bytes]):
    """A backend that keeps its connections whatever it is told, and reads bodies of five bytes."""

    def script(visit: Visit) -> None:
        while head := visit.head():
            seen.append(head)
            if b"content-length: 5\r\n" in head.lower():
                visit.body(5)
            visit.say(ok())

    with backend(script) as back:
        yield back


@pytest.fixture
def server(new_server, behind) -> Server:
    return new_server(RULES, backend=behind).start()


def test_a_connection_is_used_once(server: Server, behind, seen: list[bytes]) -> None:
    for target in ("/once", "/once"):
        assert clients.get(server.http, target).body == b"ok"
    assert behind.visits == 2
    assert all(b"\r\nConnection: close\r\n" in head for head in seen)
    for target in ("/kept", "/kept"):
        assert clients.get(server.http, target).body == b"ok"
    assert behind.visits == 3
    assert b"Connection: close" not in seen[-1]


def test_requests_in_http_1_0(server: Server, behind, seen: list[bytes]) -> None:
    assert clients.get(server.http, "/old/page").body == b"ok"
    assert seen[0].startswith(b"GET /old/page HTTP/1.0\r\n")
    assert b"\r\nConnection: close\r\n" in seen[0]
    posted = (
        b"POST /old/form HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n"
        b"Content-Length: 5\r\n\r\nhello"
    )
    answer = clients.exchange(server.http, posted)
    assert answer.endswith(b"\r\n\r\nok"), answer
    assert b"expect" not in seen[1].lower()
    chunked = posted.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")
    chunked = chunked.replace(b"Expect: 100-continue\r\n", b"").replace(b"hello", b"5\r\nhello\r\n0\r\n\r\n")
    assert clients.parse(clients.exchange(server.http, chunked)).status == 411
    assert len(seen) == 2


def test_the_first_request_of_a_connection_gets_a_new_one(server: Server, behind) -> None:
    head = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert clients.get(server.http, "/kept").body == b"ok"
    with clients.connect(server.http, 20) as sock:
        for _ in range(2):
            sock.sendall(head.format("/careful").encode())
            data = b""
            while not data.endswith(b"ok"):
                data += sock.recv(4096)
    assert behind.visits == 2
