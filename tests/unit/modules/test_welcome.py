"""The page of the shipped configuration says what is true of this connection."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from unit.modules.asking import body_of, new_generation, new_request

from prefork_ssl.config.errors import Origin
from prefork_ssl.kernel.directives import LISTEN, ListenAddress
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.kernel.transport import Transport
from prefork_ssl.modules.welcome.module import module


class Secure(Transport):
    """Stands for a TLS connection."""

    secure = True


def ssl_module(**variables: str) -> Module:
    return Module(
        name="ssl", variables={"SSL_": {f"SSL_{n}": lambda _r, v=v: v for n, v in variables.items()}.get}
    )


def listen(port: int, protocol: str) -> ListenAddress:
    return ListenAddress("", port, protocol, Origin("a.conf", 1))


def ask(
    root: Path, *listens: ListenAddress, secure: bool = False, host: str = "www.example.com", **variables: str
) -> tuple[Request, Response | None]:
    site = new_generation(root, {LISTEN: listens}, (ssl_module(**variables), module))
    assert module.hooks.handler
    handle = module.hooks.handler(site, site.configuration.server, site.configuration.server.settings)
    request = new_request(site, "/")
    request.handler = "welcome"
    request.host_name = host
    if secure:
        request.transport = Secure(request.transport.wire)
    assert handle
    return request, handle(request)


def page(*args: object, **details: object) -> str:
    response = ask(*args, **details)[1]  # type: ignore[arg-type]
    assert response
    assert response.status == 200
    return body_of(response).decode()


TLS = {"PROTOCOL": "TLSv1.3", "CIPHER": "TLS_AES_256_GCM_SHA384"}


@pytest.mark.parametrize(
    ("state", "says"),
    [("Initial", "made a full handshake"), ("Resumed", "resumed from an earlier connection")],
)
def test_over_tls(tmp_path: Path, state: str, says: str) -> None:
    text = page(tmp_path, listen(8443, "https"), secure=True, SESSION_RESUMED=state, **TLS)
    assert "TLSv1.3" in text
    assert "TLS_AES_256_GCM_SHA384" in text
    assert says in text
    assert "not encrypted" not in text


def test_what_is_not_known_is_not_claimed(tmp_path: Path) -> None:
    text = page(tmp_path, secure=True, PROTOCOL="TLSv1.2", CIPHER="")
    assert "TLSv1.2" in text
    assert "Cipher" not in text
    assert "Session" not in text


@pytest.mark.parametrize(
    ("port", "host", "url"),
    [
        (8443, "www.example.com", "https://www.example.com:8443/"),
        (443, "www.example.com", "https://www.example.com/"),
        (443, "::1", "https://[::1]/"),
        (443, "", "https://192.0.2.1/"),
    ],
)
def test_plain_http_leads_to_https(tmp_path: Path, port: int, host: str, url: str) -> None:
    text = page(tmp_path, listen(8080, "http"), listen(port, "https"), host=host, **TLS)
    assert "not encrypted" in text
    assert re.findall('href="(https:[^"]*)"', text) == [url]
    assert "TLSv1.3" not in text


def test_without_https_there_is_no_link(tmp_path: Path) -> None:
    assert "https:" not in page(tmp_path, listen(8080, "http"))


def test_values_are_escaped(tmp_path: Path) -> None:
    assert "<script>" not in page(tmp_path, listen(443, "https"), host="<script>")
    assert "<script>" not in page(tmp_path, secure=True, PROTOCOL="<script>")


class _Loaded(HTMLParser):
    """The URLs that a browser loads for a page without being asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link"):
            self.open.append(tag)
        self.urls += [
            value or "" for name, value in attrs if name == "src" or (name == "href" and tag == "link")
        ]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("secure", [True, False])
def test_it_is_small_and_loads_nothing(tmp_path: Path, secure: bool) -> None:
    text = page(tmp_path, listen(443, "https"), secure=secure, **TLS)
    parser = _Loaded()
    parser.feed(text)
    assert parser.urls == ["data:,"]
    assert parser.open == []
    assert "url(" not in text
    assert len(text) < 4096


def test_other_methods_and_handlers(tmp_path: Path) -> None:
    request, _ = ask(tmp_path)
    site = new_generation(tmp_path, {}, (module,))
    assert module.hooks.handler
    handle = module.hooks.handler(site, site.configuration.server, site.configuration.server.settings)
    assert handle
    statuses = []
    for method in ("HEAD", "OPTIONS", "POST"):
        request.method = method
        response = handle(request)
        assert response
        statuses.append(response.status)
    assert statuses == [200, 200, 405]
    request.handler = None
    assert handle(request) is None
