"""What ProxyPass lines are understood to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.modules.proxy.backends import Backend, parse_url
from prefork_ssl.modules.proxy.directives import PROXY_PASS, PROXY_PASS_MATCH
from prefork_ssl.modules.proxy.parameters import parse_parameters
from prefork_ssl.modules.proxy.routes import below

PLACE = Place(Origin("server.conf", 1), Path("/srv"))


@pytest.mark.parametrize(
    ("text", "backend", "path", "authority"),
    [
        ("http://app", Backend("http", "app", 80), "", "app"),
        ("http://App.Example:8000/x/", Backend("http", "app.example", 8000), "/x/", "app.example:8000"),
        ("https://app:443/", Backend("https", "app", 443), "/", "app"),
        ("ws://app/", Backend("http", "app", 80), "/", "app"),
        ("wss://app/", Backend("https", "app", 443), "/", "app"),
        ("http://[2001:db8::1]:81", Backend("http", "2001:db8::1", 81), "", "[2001:db8::1]:81"),
        ("unix:run/a.sock|http://app/b", Backend("http", "app", 80, "/srv/run/a.sock"), "/b", "app"),
    ],
)
def test_urls(text: str, backend: Backend, path: str, authority: str):
    assert parse_url(text, PLACE) == (backend, path)
    assert backend.authority == authority


@pytest.mark.parametrize(
    "text",
    [
        "app:8000",
        "//app/",
        "http://",
        "http://app:0/",
        "http://app:65536/",
        "http://user:secret@app/",
        "http://app/?query",
        "http://app/#part",
        "http://a b/",
        "http://app\r\nX: y/",
        "balancer://cluster/",
        "fcgi://app/",
        "unix:|http://app/",
        "unix:/run/a.sock",
        "http://[::1/",
    ],
)
def test_what_is_no_url_of_a_server(text: str):
    with pytest.raises(BadArgument):
        parse_url(text, PLACE)


@pytest.mark.parametrize(
    ("prefix", "base", "path", "there"),
    [
        ("/a", "/b", "/a/c", "/b/c"),
        ("/a", "/b", "/a", "/b"),
        ("/a", "/b", "/ac", None),
        ("/a", "", "/a", "/"),
        ("/a", "", "/a/c", "/c"),
        ("/a/", "/b", "/a/c", "/b/c"),
        ("/a", "/b/", "/a/c", "/b/c"),
        ("/a/", "", "/a/@evil.example", "/@evil.example"),
        ("/", "/", "/a b?c#d%", "/a%20b%3Fc%23d%25"),
        ("/", "/", "/\udcff\u00e9", "/%FF%C3%A9"),
        ("/", "/", "/a\r\nX: y", "/a%0D%0AX:%20y"),
    ],
)
def test_paths_below(prefix: str, base: str, path: str, there: str | None):
    assert below(prefix, base)(path) == there


def test_a_group_cannot_reach_the_server():
    (route,) = PROXY_PASS_MATCH.arguments.parse(("^/x(.*)$", "http://app:80$1"), PLACE)
    assert route.destination is not None
    assert str(route.destination.backend) == "http://app"
    assert route.path is not None
    assert route.path("/x81/y") == "/81/y"
    assert route.path("/x.evil.example/") == "/.evil.example/"
    for url in ("http://$1/", "$1://app/", "unix:/run/$1|http://app/"):
        with pytest.raises(BadArgument):
            PROXY_PASS_MATCH.arguments.parse(("^/(.*)$", url), PLACE)
    with pytest.raises(BadArgument):
        PROXY_PASS_MATCH.arguments.parse(("^/$", "http://app/$1"), PLACE)


def test_lines():
    (route,) = PROXY_PASS.arguments.parse(("http://app/x", "max=5"), PLACE)
    assert route.path is None
    placed = route.at("/here")
    assert placed.path is not None
    assert placed.path("/here/y") == "/x/y"
    assert PROXY_PASS.arguments.parse(("/static", "!"), PLACE)[0].destination is None
    for words in (("/app",), ("/app", "!", "max=1"), ("app", "http://app/")):
        with pytest.raises(BadArgument):
            PROXY_PASS.arguments.parse(words, PLACE)


def test_parameters():
    parameters = parse_parameters(
        ["max=5", "timeout=30", "TTL=2min", "retry=0", "acquire=500", "disablereuse=On", "upgrade=a,B"]
    )
    assert (parameters.max, parameters.timeout, parameters.ttl, parameters.retry) == (5, 30.0, 120.0, 0.0)
    assert (parameters.acquire, parameters.disablereuse, parameters.upgrade) == (0.5, True, ("a", "b"))
    assert parse_parameters(["upgrade=none"]).upgrade == ()
    assert parse_parameters(["enablereuse=off"]).disablereuse
    assert not parse_parameters(["enablereuse=On", "keepalive=Off"]).disablereuse
    assert parse_parameters(["keepalive=On"]).keepalive
    assert parse_parameters(["flushpackets=on", "smax=5", "max=7"]).max == 7
    for word, hint in {
        "nocanon": "paths are handed on in their normal form",
        "route=a": "one server",
    }.items():
        with pytest.raises(BadArgument) as caught:
            parse_parameters([word])
        assert hint in caught.value.hint
    for word in (
        "max",
        "max=x",
        "timeout=0",
        "ttl=-1",
        "colour=blue",
        "upgrade=h2c",
        "upgrade=ANY",
        "disablereuse=1",
    ):
        with pytest.raises(BadArgument):
            parse_parameters([word])
