"""Requests put together from all that has ever confused two servers, sent through the proxy to nginx and to gunicorn.

Whatever it is, the server behind us understands as many requests as we have answered from what it said, and a second
one only if we have found it, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from blackbox import clients
from blackbox.backend import PROXY
from blackbox.behind import KINDS, Behind
from blackbox.server import Server
from blackbox.until import until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HIDDEN = b"GET /hidden.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"

CODINGS = [
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: Chunked",
    b"Transfer-encoding:chunked",
    b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked ;x",
    b'Transfer-Encoding: "chunked"',
    b"Transfer-Encoding: chunked\0",
    b"Transfer-Encoding: chunked\r",
    b"Transfer-Encoding:\r\n chunked",
    b"Transfer_Encoding: chunked",
    b"Transfer\xad-Encoding: chunked",
    b"X: y\r\n Transfer-Encoding: chunked",
    b"X: y\nTransfer-Encoding: chunked",
]
LENGTHS = [
    b"Content-Length: %d",
    b"Content-Length:%d",
    b"Content-Length: 0%d",
    b"Content-Length: +%d",
    b"Content-Length: %d\t",
    b"Content-Length: %d\x0b",
    b"Content-Length: %d;",
    b"Content-Length: %d, 0",
    b"Content-Length: %d\r\nContent-Length: 0",
    b"Content-Length : %d",
    b"Content_Length: %d",
]
OTHERS = [
    b"Connection: close, Transfer-Encoding",
    b"Connection: Content-Length, Host",
    b"Connection: upgrade\r\nUpgrade: h2c",
    b"Connection: upgrade\r\nUpgrade: websocket",
    b"Connection: TE\r\nTE: trailers",
    b"Trailer: Content-Length",
    b"X: a\r\rb",
    b"Host: other",
]
SIZES = [b"%x", b"%x", b"%X", b"0%x", b"%x;a=b", b'%x;a="\r\n"', b"%x;a\n", b"%x ", b"0x%x", b"%x\r", b"1%x"]
ENDS = [b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""]
LAST = [
    b"0\r\n\r\n",
    b"0\r\n\r\n",
    b"00\r\n\r\n",
    b"0\r\n",
    b"0\n\n",
    b"0\r\nX: y\r\n\r\n",
    b"0\r\nHost: x\r\n\r\n",
    b"0;\r\n\r\n",
]

chunk = st.tuples(
    st.sampled_from([b"x", HIDDEN, b"0\r\n\r\n", b"\r\n"]),
    st.sampled_from(SIZES),
    st.sampled_from(ENDS),
    st.sampled_from(ENDS),
).map(lambda parts: parts[1] % len(parts[0]) + parts[2] + parts[0] + parts[3])
chunks = st.tuples(st.lists(chunk, max_size=2), st.sampled_from(LAST)).map(
    lambda parts: b"".join(parts[0]) + parts[1]
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    method = draw(st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT"]))
    target = draw(st.sampled_from([b"/", b"/x?y", b"http://localhost/z", b"http://other/z", b"//x"]))
    version = draw(st.sampled_from([b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2"]))
    body = draw(st.one_of(st.sampled_from([b"", b"abc", HIDDEN]), chunks))
    lines = [b"Host: localhost", *draw(st.lists(st.sampled_from(OTHERS), max_size=2))]
    if draw(st.booleans()):
        lines.append(draw(st.sampled_from(LENGTHS)) % draw(st.sampled_from([len(body), 0, 3, len(body) + 5])))
    if draw(st.booleans()):
        lines.append(draw(st.sampled_from(CODINGS)))
    line_end = draw(st.sampled_from([b"\r\n"] * 9 + [b"\n"]))
    head = line_end.join([b"%b %b %b" % (method, target, version), *draw(st.permutations(lines)), b"", b""])
    return head + body


@dataclass
class Pair:
    """The proxy, and what is behind it."""

    server: Server
    behind: Behind
    tried: int = 0

    def understood(self, request: bytes) -> tuple[bytes, list[str]]:
        """The answer to the request and a hidden one, and what the server behind us was asked."""
        before = len(self.behind.asked)
        answer = clients.exchange(self.server.http, request + HIDDEN)
        self.tried += 1
        last = f"GET /last{self.tried}"
        assert clients.get(self.server.http, last[4:]).status == 200
        until(lambda: last in self.behind.asked, "the last request is logged", 20)
        return answer, [line for line in self.behind.asked[before:] if line != last]


@pytest.fixture(scope="module", params=KINDS)
def pair(
    new_module_server: Callable[..., Server],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp(request.param)
    folder.chmod(0o755)
    behind = Behind(request.param, folder)
    limits = "RequestReadTimeout header=2 body=2\n"
    server = new_module_server(PROXY + limits + "ProxyPass / http://127.0.0.1:@behind/\n", behind=behind)
    yield Pair(server.start(), behind)
    behind.end()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request_=requests())
def test_both_servers_understand_the_same(pair: Pair, request_: bytes) -> None:
    answer, asked = pair.understood(request_)
    statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)
    passed_on = answer.count(b"Server: nginx") + answer.count(b"Server: gunicorn")
    hidden = sum("hidden" in line for line in asked)
    assert hidden == answer.count(b"HIDDEN CONTENT")
    assert hidden < len(statuses)
    # A body that turns out to be none ends the request that the server behind us has begun with.
    broken_off = len(asked) - passed_on == 1 and statuses[-1] == b"400"
    assert len(asked) == passed_on or broken_off
