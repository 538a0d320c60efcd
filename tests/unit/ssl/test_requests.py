"""Requests over a connection that was made for something else: 421, and 400 for plain HTTP on a TLS port."""

from __future__ import annotations

import http.client
import socket
from types import SimpleNamespace

import pytest
from unit.ssl.serving import logged, prepare, serving
from unit.ssl.tls_clients import PATIENCE, connect, host, site, trusting

from prefork_ssl.kernel.dispatch.dispatch import Dispatcher
from prefork_ssl.kernel.http.http1 import serve

WORKER = SimpleNamespace(
    draining=False, request_begins=lambda request: None, request_ends=lambda request, response: None
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("requests")


@pytest.fixture(scope="module")
def port(folder):
    shared, other = site(folder, "shared.test").lines, site(folder, "other.test").lines
    text = (
        "SSLLog ssl_log\nLogLevel ssl:info\n"
        + host("a.test", shared)
        + host("b.test", shared)
        + host("certificate.test", other)
        + host("stricter.test", shared, "SSLProtocol TLSv1.3")
    )
    ready = prepare(folder, text)
    dispatcher = Dispatcher(ready)
    with serving(ready, lambda transport: serve(transport, dispatcher, WORKER)) as served:
        yield served.port


@pytest.fixture(scope="module")
def redirecting_port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redirecting")
    ready = prepare(folder, host("a.test", site(folder, "a.test").lines, "SSLRedirectPlainHTTP on"))
    dispatcher = Dispatcher(ready)
    with serving(ready, lambda transport: serve(transport, dispatcher, WORKER)) as served:
        yield served.port


def status(port: int, server_name: str | None, name: str) -> int:
    """The status of a request for `name` over a connection made to `server_name`."""
    with connect(port, server_name, trusting()) as sock:
        sock.sendall(f"GET /none HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        response = http.client.HTTPResponse(sock)
        response.begin()
        response.read()
        return response.status


@pytest.mark.parametrize(
    ("server_name", "name", "expected"),
    [
        ("a.test", "a.test", 404),
        ("a.test", "A.TEST:443", 404),
        ("a.test", "b.test", 404),  # the same settings under another name
        ("a.test", "unknown.test", 404),  # that is a.test, the first of all
        ("b.test", "unknown.test", 404),
        ("a.test", "certificate.test", 421),
        ("certificate.test", "a.test", 421),
        ("a.test", "stricter.test", 421),
        ("stricter.test", "a.test", 421),
        (None, "a.test", 404),
        (None, "certificate.test", 404),  # who names no host takes any certificate
        (None, "stricter.test", 421),
    ],
)
def test_which_host_may_answer(port, server_name, name, expected):
    assert status(port, server_name, name) == expected


def test_a_refusal_is_logged(port, folder):
    status(port, "a.test", "stricter.test")
    line = logged(folder / "ssl_log", "request for another host than that of the handshake refused (421)")
    assert ", asked for a.test in its handshake, requests stricter.test) [Hint: " in line


def in_plain_http(port: int, target: str, host: str | None) -> tuple[http.client.HTTPResponse, str]:
    """The answer to a request that a client sends without TLS to the TLS port, and its page."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        field = f"Host: {host}\r\n" if host else ""
        version = "HTTP/1.1" if host else "HTTP/1.0"
        sock.sendall(f"OPTIONS {target} {version}\r\n{field}\r\n".encode("latin-1"))
        response = http.client.HTTPResponse(sock)
        response.begin()
        page = response.read().decode()
    assert response.headers["Connection"] == "close"
    return response, page


@pytest.mark.parametrize(
    ("target", "host", "link"),
    [
        ("/page?x=1", "a.test", "https://a.test:PORT/page?x=1"),
        ("/page", "a.test:8443", "https://a.test:8443/page"),  # behind address translation
        ("/page", "a.test:443", "https://a.test/page"),
        ("/page", "[::1]:1234", "https://[::1]:1234/page"),
        ("/page", None, "https://a.test:PORT/page"),
        ("*", "a.test", "https://a.test:PORT/"),
        ("http://elsewhere.test/x?y=%C3%A4", "a.test:1", "https://elsewhere.test:PORT/x?y=%C3%A4"),
        ("http://elsewhere.test:77/", "a.test:1", "https://elsewhere.test:77/"),
        ("//elsewhere.test/", "a.test", "https://a.test:PORT//elsewhere.test/"),
        ('/"><script>', "a.test", "https://a.test:PORT/%22%3E%3Cscript%3E"),
        ("/?a='b'&c", "a.test", "https://a.test:PORT/?a=&#x27;b&#x27;&amp;c"),
    ],
)
def test_plain_http_is_told_where_to_go(port, target, host, link):
    response, page = in_plain_http(port, target, host)
    link = link.replace("PORT", str(port))
    assert response.status == 400
    assert f'<a href="{link}">{link}</a>' in page


NO_REQUESTS = {
    "an unknown method": (b"FOO /x?y=1 HTTP/1.1\r\nHost: a.test:443\r\n\r\n", "https://a.test/x?y=1"),
    "another one": (b"get /x HTTP/1.1\r\nHost: b.test:8443\r\n\r\n", "https://b.test:8443/x"),
    "a method with a hyphen": (b"X-Y /x HTTP/1.1\r\nHost: a.test\r\n\r\n", "https://a.test:PORT/x"),
    "TRACE": (b"TRACE /x HTTP/1.1\r\nHost: a.test\r\n\r\n", "https://a.test:PORT/x"),
    "CONNECT": (b"CONNECT b.test:443 HTTP/1.1\r\nHost: b.test\r\n\r\n", "https://a.test:PORT/"),
    "an encoded slash": (b"GET /a%2Fb HTTP/1.1\r\nHost: a.test\r\n\r\n", "https://a.test:PORT/"),
    "another version": (b"GET /x HTTP/2.0\r\nHost: a.test\r\n\r\n", "https://a.test:PORT/x"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), "https://a.test:PORT/"),
    "no host": (b"GET /x HTTP/1.1\r\n\r\n", "https://a.test:PORT/x"),
    "a host that is none": (b'GET /x HTTP/1.1\r\nHost: "><b\r\n\r\n', "https://a.test:PORT/"),
    "a broken header": (b"GET /x HTTP/1.1\r\nHost: a.test\r\nX y\r\n\r\n", "https://a.test:PORT/x"),
    "a long target": (b"GET /%s HTTP/1.1\r\nHost: a.test\r\n\r\n" % (b"x" * 9000), "https://a.test:PORT/xxx"),
}


@pytest.mark.parametrize(("sent", "link"), NO_REQUESTS.values(), ids=NO_REQUESTS)
def test_whatever_else_is_wrong_it_came_to_the_wrong_port(port, redirecting_port, sent, link):
    answer = exchange(port, sent)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert f'<a href="{link.replace("PORT", str(port))}'.encode() in answer
    answer = exchange(redirecting_port, sent)
    assert answer.startswith(b"HTTP/1.1 308 ")
    assert f"\r\nLocation: {link.replace('PORT', str(redirecting_port))}".encode() in answer


def exchange(port: int, data: bytes) -> bytes:
    """All that comes back."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.sendall(data)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def test_or_is_sent_there(redirecting_port):
    response, _ = in_plain_http(redirecting_port, "/page?x=1", "a.test")
    assert response.status == 308
    assert response.headers["Location"] == f"https://a.test:{redirecting_port}/page?x=1"
