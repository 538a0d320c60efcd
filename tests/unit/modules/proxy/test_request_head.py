"""The head of a request as a backend gets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.modules.asking import PEER, new_generation, new_request

from prefork_ssl.kernel.networks import parse_network
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.proxy.request_head import RequestHeads, cleaning, forwarded_fields, wanted_upgrade


@pytest.fixture
def asked(tmp_path: Path):
    generation = new_generation(tmp_path, {})
    return lambda **fields: new_request(generation, "/x?y", host="front", **fields)


def heads(**options: object) -> RequestHeads:
    return RequestHeads("app:80", preserve=False, added=forwarded_fields("front"), keep=True, **options)  # type: ignore[arg-type]


def cleaned(request: Request, *trusted: str) -> Request:
    assert cleaning(tuple(map(parse_network, trusted)))(request) is None
    return request


def test_a_field_that_is_added_later_stays(asked):
    """The client names a field in Connection that only a phase behind us adds: it must not make it disappear."""
    request = cleaned(asked(connection="X-User, X-Forwarded-For", x_user="forged"))
    assert "x-user" not in request.fields
    request.headers = [*request.headers, ("x-user", "alice"), ("x-forwarded-proto", "https")]
    head = heads().head(request, "/x", "")
    assert b"x-user: alice\r\n" in head
    assert b"x-forwarded-proto: https\r\n" in head
    assert b"X-Forwarded-Proto" not in head
    assert b"X-Forwarded-For: 192.0.2.7\r\n" in head


def test_who_is_trusted(asked):
    fields = {"x_forwarded_for": "198.51.100.9", "forwarded": "for=198.51.100.9"}
    assert not {"x-forwarded-for", "forwarded"} & set(cleaned(asked(**fields), "203.0.113.0/24").fields)
    request = cleaned(asked(**fields), PEER[0])
    assert b"X-Forwarded-For: 198.51.100.9, 192.0.2.7\r\n" in heads().head(request, "/x", "")


def test_request_line(asked):
    head = heads().head(asked(), "/a%20b", "Content-Length: 0\r\n")
    assert head.startswith(b"GET /a%20b?y HTTP/1.1\r\nHost: app:80\r\n")
    assert head.endswith(b"Content-Length: 0\r\n\r\n")
    assert head.lower().count(b"\r\nhost:") == 1


@pytest.mark.parametrize(
    ("connection", "upgrade", "wanted"),
    [
        ("Upgrade", "WebSocket", "WebSocket"),
        ("keep-alive, upgrade", "websocket", "websocket"),
        ("keep-alive", "websocket", ""),
        ("upgrade", "h2c", ""),
        ("upgrade", "websocket, h2c", ""),
    ],
)
def test_upgrades(asked, connection: str, upgrade: str, wanted: str):
    assert wanted_upgrade(asked(connection=connection, upgrade=upgrade), ("websocket",)) == wanted
