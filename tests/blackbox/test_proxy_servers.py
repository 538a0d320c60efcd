"""Real servers behind us: gunicorn and nginx. Nothing that a client sends is understood in two ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from blackbox import clients
from blackbox.backend import PROXY
from blackbox.behind import KINDS, Behind
from blackbox.server import Server
from blackbox.test_smuggling import HIDDEN, REFUSED
from blackbox.until import until


@pytest.fixture(scope="module")
def running(
    new_module_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Server, Behind]]]:
    """running("nginx"): the proxy, and what is behind it. Each is started once."""
    known: dict[str, tuple[Server, Behind]] = {}
    started: list[Behind] = []

    def get(kind: str) -> tuple[Server, Behind]:
        if kind not in known:
            folder = tmp_path_factory.mktemp(kind)
            folder.chmod(0o755)
            behind = Behind(kind, folder)
            started.append(behind)
            server = new_module_server(
                PROXY + "ProxyPass / http://127.0.0.1:@behind/\n", behind=behind
            ).start()
            known[kind] = server, behind
        return known[kind]

    yield get
    for behind in started:
        behind.end()


# What is a good request for us must be the same one for those behind us.
ACCEPTED = {
    "length": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(HIDDEN), HIDDEN),
        1,
    ),
    "chunks": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (len(HIDDEN), HIDDEN),
        1,
    ),
    "chunk extension": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x;a=b\r\n%b\r\n0\r\n\r\n"
        % (len(HIDDEN), HIDDEN),
        1,
    ),
    "length of a GET": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(HIDDEN), HIDDEN),
        1,
    ),
    "a chunked GET": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (len(HIDDEN), HIDDEN),
        1,
    ),
    "underscores": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent_Length: 0\r\nTransfer_Encoding: chunked\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(HIDDEN), HIDDEN),
        1,
    ),
    "named in Connection": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: Content-Length, Host\r\nContent-Length: %d\r\n\r\n%b"
        % (len(HIDDEN), HIDDEN),
        1,
    ),
    "a trailer": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\nX-A: b\r\n\r\n"
        % (len(HIDDEN), HIDDEN),
        1,
    ),
    "upgrade with a body": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(HIDDEN), HIDDEN),
        1,
    ),
    "upgrade without an answer": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n%b" % HIDDEN,
        2,
    ),
    "two requests": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n%b" % HIDDEN, 2),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_refuse_reaches_nobody(running, kind: str):
    server, behind = running(kind)
    before = behind.asked
    for name, request in REFUSED.items():
        data = clients.exchange(server.http, request.replace(b"%b", b"Host: localhost\r\n") + HIDDEN)
        # A server that is not interested in the body may have answered before that turned out to be broken.
        early = b"Transfer-Encoding: chunked\r\n\r\n" in request
        assert clients.parse(data).status >= (200 if early else 400), name
        assert data.count(b"\r\nDate: ") == 1, name
        assert b"HIDDEN CONTENT" not in data, name
    assert all("hidden" not in line for line in behind.asked[len(before) :])


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_accept_is_the_same_for_both(running, kind: str):
    server, behind = running(kind)
    for name, (request, count) in ACCEPTED.items():
        before = len(behind.asked)
        end = b"GET /end HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        data = clients.exchange(server.http, request + end)
        assert data.count(b"HTTP/1.1 200 ") == count + 1, (name, data)
        until(lambda before=before: behind.asked[-1].endswith("/end"), "the last request is logged")
        asked = behind.asked[before:]
        assert len(asked) == count + 1, (name, asked)
        assert ("GET /hidden.txt" in asked) == (count == 2), (name, asked)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_three_megabytes_there_and_back(running, framing: str):
    """gunicorn's application streams back what it reads while it reads."""
    server, _ = running("gunicorn")
    data = bytes(range(256)) * 12000
    lines = ["-H", "Transfer-Encoding: chunked"] if framing == "chunked" else []
    done = clients.curl(
        "-s",
        "-H",
        "Expect:",
        *lines,
        "--data-binary",
        "@-",
        f"http://127.0.0.1:{server.http}/echo",
        data=data,
    )
    assert done.stdout == data
