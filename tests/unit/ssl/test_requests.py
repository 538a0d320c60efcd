"""Requests over a connection that was made for something else: 421, and 400 for plain HTTP on a TLS port."""

from __future__ import annotations

import http.client
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
    line = logged(folder / "ssl_log", "request for stricter.test refused")
    assert "in its handshake the client asked for a.test (client 127.0.0.1" in line


@pytest.mark.parametrize("target", ["/page?x=<b>", "*", "http://elsewhere.test/"])
def test_plain_http_is_told_where_to_go(port, target):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.putrequest("OPTIONS", target, skip_host=True)
    connection.putheader("Host", "a.test")
    connection.endheaders()
    response = connection.getresponse()
    page = response.read().decode()
    assert response.status == 400
    assert response.headers["Connection"] == "close"
    name = "elsewhere.test" if target.startswith("http") else "a.test"
    path = "/page?x=&lt;b&gt;" if target.startswith("/") else "/"
    assert f"https://{name}:{port}{path} instead" in page
