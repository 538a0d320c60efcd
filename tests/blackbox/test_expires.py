"""ExpiresActive, ExpiresByType and ExpiresDefault, with files, backends and what Header makes of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
from blackbox import clients
from blackbox.backend import PROXY, Backend, backend, ok, serving
from blackbox.server import Server

CONFIGURATION = (
    PROXY
    + """\
LoadModule headers_module
LoadModule expires_module
ProxyPass /app http://127.0.0.1:@backend
ExpiresActive on
ExpiresByType text/html "access plus 1 month 2 days"
ExpiresByType image/* A3600
ExpiresDefault "modification plus 2 hours"
Redirect /old http://elsewhere.example/
<Directory @root/htdocs/still>
    ExpiresByType text/html "access plus 1 week"
    ExpiresDefault A60
</Directory>
<Location /never>
    ExpiresActive off
</Location>
<Location /ours>
    Header set Cache-Control no-store
    Header unset Expires
</Location>
"""
)
DAY = 86400
MONTH = 32 * DAY


def reply(head: bytes) -> bytes:
    own = {
        b"/own": ["Content-Type: text/html", "Expires: 0"],
        b"/age": ["Content-Type: text/html", "Cache-Control: private, max-age=5"],
        b"/private": ["Content-Type: text/html", "Cache-Control: private"],
    }
    return ok(b"ok", *own.get(head.split()[1], ["Content-Type: text/plain"]))


@pytest.fixture(scope="module")
def back() -> Iterator[Backend]:
    with backend(serving(reply)) as server:
        yield server


@pytest.fixture(scope="module")
def server(new_module_server, back: Backend) -> Server:
    server = new_module_server(CONFIGURATION, backend=back)
    for folder in (".", "still", "never", "ours"):
        server.write(f"{folder}/a.html", b"page")
        server.write(f"{folder}/a.png", b"picture")
        server.write(f"{folder}/a.txt", b"text")
    return server.start()


def age(reply: clients.Reply) -> int:
    """How long the response may be kept: what both fields say, and they must agree."""
    seconds = int(reply.headers["cache-control"].rpartition("max-age=")[2])
    moments = [parsedate_to_datetime(reply.headers[name]) for name in ("expires", "date")]
    assert abs((moments[0] - moments[1]).total_seconds() - seconds) <= 2
    return seconds


@pytest.mark.parametrize(
    ("target", "seconds"),
    [
        ("/a.html", MONTH),
        ("/a.png", 3600),
        ("/still/a.html", 7 * DAY),
        ("/still/a.png", 3600),
        ("/still/a.txt", 60),
    ],
)
@pytest.mark.parametrize(
    ("line", "status"),
    [("X: y", 200), ("If-None-Match: *", 304), ("Range: bytes=0-1", 206), ("Range: bytes=0-0,2-2", 206)],
)
def test_files(server: Server, target: str, seconds: int, line: str, status: int):
    answer = clients.get(server.http, target, line)
    assert answer.status == status
    assert age(answer) == seconds


def test_how_old_a_file_is(server: Server):
    """Files of tests look an hour old."""
    file = server.write("b.txt", b"text")
    answer = clients.get(server.http, "/b.txt")
    assert abs(age(answer) - 3600) <= 30
    os.utime(file, (time.time() - DAY,) * 2)
    assert age(clients.get(server.http, "/b.txt")) == 0


@pytest.mark.parametrize("target", ["/none", "/old/x", "/still", "/never/a.html", "/app/own", "/app/plain"])
def test_what_is_left_alone(server: Server, target: str):
    fields = clients.get(server.http, target).headers
    assert fields.get("expires", "0") == "0"
    assert "cache-control" not in fields


def test_backends(server: Server):
    assert clients.get(server.http, "/app/age").headers["cache-control"] == "private, max-age=5"
    answer = clients.get(server.http, "/app/private")
    assert answer.headers["cache-control"] == f"private, max-age={MONTH}"
    assert age(answer) == MONTH


def test_header_has_the_last_word(server: Server):
    fields = clients.get(server.http, "/ours/a.html").headers
    assert fields["cache-control"] == "no-store"
    assert "expires" not in fields


@pytest.mark.needs("curl")
def test_curl(server: Server):
    done = clients.curl("--head", f"http://127.0.0.1:{server.http}/a.png")
    assert b"\r\nCache-Control: max-age=3600\r\n" in done.stdout
    assert b"\r\nExpires: " in done.stdout
