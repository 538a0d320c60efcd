"""The core's variables, by the names that mod_ssl gave them."""

from __future__ import annotations

import time

import pytest
from unit.kernel.talk import Server

from prefork_ssl.kernel import directives as core
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.kernel.variables import resolve

REQUEST = (
    b"GET /a%20b?c=d HTTP/1.1\r\nHost: Named.example:80\r\nUser-Agent: ua\r\nReferer: r\r\nCookie: c=1\r\n"
    b"Forwarded: f\r\nProxy-Connection: p\r\nAccept: */*\r\nX-Own: one\r\nX-Own: two\r\n"
    b"X-Bytes: \xc3\xbc\xfc\r\n\r\n"
)


@pytest.fixture(scope="module")
def request_(tmp_path_factory) -> Request:
    seen = []

    def handler(request):
        request.filename, request.path_info, request.user, request.auth_type = (
            "/srv/f",
            "/info",
            "me",
            "Basic",
        )
        request.env["NOTE"] = "n"
        seen.append(request)
        return Response(200, body=b"")

    root = tmp_path_factory.mktemp("root")
    Server(handler, {core.DOCUMENT_ROOT: root, core.SERVER_ADMIN: "me@main.example"}).replies(REQUEST)
    seen[0].started = time.mktime((2026, 2, 3, 4, 5, 6, 0, 0, -1))  # a Tuesday, local time
    return seen[0]


@pytest.mark.parametrize(
    ("name", "value"),
    {
        "API_VERSION": "1",
        "AUTH_TYPE": "Basic",
        "HTTP_ACCEPT": "*/*",
        "HTTP_COOKIE": "c=1",
        "HTTP_FORWARDED": "f",
        "HTTP_HOST": "Named.example:80",
        "HTTP_PROXY_CONNECTION": "p",
        "HTTP_REFERER": "r",
        "HTTP_USER_AGENT": "ua",
        "HTTPS": "off",
        "IS_SUBREQ": "false",
        "PATH_INFO": "/info",
        "QUERY_STRING": "c=d",
        "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_HOST": "192.0.2.7",
        "REMOTE_IDENT": "",
        "REMOTE_USER": "me",
        "REQUEST_FILENAME": "/srv/f",
        "REQUEST_METHOD": "GET",
        "REQUEST_SCHEME": "http",
        "REQUEST_URI": "/a b",
        "SCRIPT_FILENAME": "/srv/f",
        "SERVER_ADMIN": "me@main.example",
        "SERVER_NAME": "named.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "THE_REQUEST": "GET /a%20b?c=d HTTP/1.1",
        "TIME": "20260203040506",
        "TIME_DAY": "03",
        "TIME_HOUR": "04",
        "TIME_MIN": "05",
        "TIME_MON": "02",
        "TIME_SEC": "06",
        "TIME_WDAY": "2",
        "TIME_YEAR": "2026",
        "time_year": "2026",
        "HTTP:X-Own": "one, two",
        "http:x-absent": "",
        "HTTP:X-Bytes": "ü\udcfc",  # UTF-8, and a byte that is not
        "ENV:NOTE": "n",
        "ENV:PREFORK_SSL_TEST": "from outside",
        "ENV:PREFORK_SSL_ABSENT": "",
    }.items(),
)
def test_core_variables(request_, name, value, monkeypatch):
    monkeypatch.setenv("PREFORK_SSL_TEST", "from outside")
    assert resolve(name, ())(request_) == value


def test_document_root_and_software(request_):
    module = Module(name="m", tokens=("OpenSSL/4",))
    assert resolve("DOCUMENT_ROOT", ())(request_) == str(request_.host.settings[core.DOCUMENT_ROOT])
    assert resolve("SERVER_SOFTWARE", [module])(request_).endswith(" OpenSSL/4")


def test_families_of_modules(request_):
    asked = []

    def family(name):
        asked.append(name)
        return (lambda _request: name) if name != "SSL_NONE" else None

    modules = [
        Module(name="other", variables={"X_": lambda _name: None}),
        Module(name="m", variables={"SSL_": family}),
    ]
    assert resolve("ssl_client_s_dn_emailAddress", modules)(request_) == "SSL_CLIENT_S_DN_emailAddress"
    assert resolve("SSL:SSL_Protocol", modules)(request_) == "SSL_PROTOCOL"
    assert resolve("SSL_NONE", modules) is None
    assert asked == ["SSL_CLIENT_S_DN_emailAddress", "SSL_PROTOCOL", "SSL_NONE"]


@pytest.mark.parametrize(
    "name", ["", "NO_SUCH", "HTTP_X_OWN", "HTTP:", "ENV:", "SSL:", "SSL:HTTP:x", "OTHER:x", "SSL_X"]
)
def test_unknown_names(name):
    assert resolve(name, ()) is None
