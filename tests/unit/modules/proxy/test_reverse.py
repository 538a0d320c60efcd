"""URLs and cookies of backends as clients can use them."""

from __future__ import annotations

import pytest

from prefork_ssl.modules.proxy.reverse import CookieMapping, Mapping


@pytest.mark.parametrize(
    ("path", "url", "said", "here"),
    [
        ("/out", "http://app:8000/in", "http://app:8000/in/x?y#z", "/out/x?y#z"),
        ("/out", "http://app:8000/in", "HTTP://APP:8000/in", "/out"),
        ("/out", "http://app:8000/in", "http://app:8000/inner", None),
        ("/out/", "http://app/", "http://app/x", "/out/x"),
        ("/out", "http://app/", "http://app/x", "/out/x"),
        ("/", "http://app/", "http://app/x", "/x"),
        ("/", "http://app", "http://app.evil.example/x", None),
        ("/", "http://app", "http://app:81/x", None),
        ("/", "http://app", "http://app?x", "/?x"),
        ("/out", "/in", "/in/x", "/out/x"),
        ("/out", "http://app/", "https://app/x", None),
    ],
)
def test_urls(path: str, url: str, said: str, here: str | None):
    assert Mapping(path, url).mapped(said) == here


@pytest.mark.parametrize(
    ("mapping", "cookie", "here"),
    [
        (
            CookieMapping("domain", "in.example", "out.example"),
            "a=b; Domain=.IN.example",
            "a=b; Domain=out.example",
        ),
        (CookieMapping("domain", "in.example", "out.example"), "a=b; domain=other.in.example; path=/", None),
        (CookieMapping("domain", "in.example", "out.example"), "a=domain=in.example", None),
        (CookieMapping("path", "/in", "/out"), "a=b; path=/in/x; Secure", "a=b; path=/out/x; Secure"),
        (CookieMapping("path", "/in", "/out"), "a=b; Path=/else", None),
        (CookieMapping("path", "/", "/app/"), "a=b;Path=/", "a=b;Path=/app/"),
    ],
)
def test_cookies(mapping: CookieMapping, cookie: str, here: str | None):
    assert mapping.applied(cookie) == here
