"""Request targets and Host fields."""

from __future__ import annotations

import os
import posixpath
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefork_ssl.kernel.http.targets import Target, host_name, normalise, parse_target
from prefork_ssl.kernel.request import RequestError


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/", Target(None, "/", None)),
        ("*", Target(None, "*", None)),
        ("/a%20b?c=%20", Target(None, "/a b", "c=%20")),
        ("/a?b?c", Target(None, "/a", "b?c")),
        ("/?", Target(None, "/", "")),
        ("/a;b=c", Target(None, "/a;b=c", None)),
        ("/http://x/", Target(None, "/http:/x/", None)),
        ("http://A.example:80/b", Target("A.example:80", "/b", None)),
        ("HTTPS://[::1]", Target("[::1]", "/", None)),
        ("http://a?b", Target("a", "/", "b")),
        ("//a/b", Target(None, "/a/b", None)),
        ("/.", Target(None, "/", None)),
        ("/a/.", Target(None, "/a/", None)),
        ("/a/..", Target(None, "/", None)),
        ("/a/b/..", Target(None, "/a/", None)),
        ("/a/b/../", Target(None, "/a/", None)),
        ("/.a/..b/c..", Target(None, "/.a/..b/c..", None)),
        ("/%2e/%2E%2e.", Target(None, "/...", None)),
    ],
)
def test_targets(target, expected):
    assert parse_target(target) == expected


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/%00", 400),
        ("/%2f", 404),
        ("/a%2Fb", 404),
        ("/%", 400),
        ("/%4", 400),
        ("/%g0", 400),
        ("/..", 400),
        ("/a/../..", 400),
        ("/a/../../a", 400),
        ("//..", 400),
        ("/%2e%2e/", 400),
        ("/#", 400),
        ("", 400),
        ("a", 400),
        ("?a", 400),
        ("http:/a", 400),
        ("http://", 400),
        ("http:///a", 400),
        ("ftp://a/", 400),
        ("a:80", 400),
    ],
)
def test_refused(target, status):
    with pytest.raises(RequestError) as caught:
        parse_target(target)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("", ""),
        (":80", ""),
        ("A.Example", "a.example"),
        ("a.example.", "a.example"),
        ("a.example:8443", "a.example"),
        ("a.example:", "a.example"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("[2001:DB8::1]:80", "2001:db8::1"),
        ("under_score", "under_score"),
    ],
)
def test_host_names(field, name):
    assert host_name(field) == name


@pytest.mark.parametrize(
    "field",
    [
        "a b",
        "a,b",
        "a/b",
        "a@b",
        "a:b",
        "a:80:80",
        "::1",
        "[::1",
        "[::1]x",
        "[a]",
        "a\xe9",
        "a" * 300,
        "a:999999",
    ],
)
def test_what_is_no_host(field):
    with pytest.raises(RequestError):
        host_name(field)


segments = st.lists(
    st.sampled_from(
        [
            "",
            ".",
            "..",
            "...",
            "a",
            "%2e",
            "%2E.",
            ".%2e",
            "%2e%2e",
            "%5c..",
            "..%5c",
            "\\",
            "b%20c",
            "%25",
            "%ff",
        ]
    )
)


def normalised(path: str) -> str:
    """The path, or "" if it is refused as it should be."""
    try:
        return normalise(path) if path else ""
    except RequestError as error:
        if error.status not in (400, 404):
            raise
        return ""


@given(segments)
def test_no_path_leaves_the_root(parts):
    path = normalised("/" + "/".join(parts))
    if not path:
        return
    assert path.startswith("/")
    assert not {".", "..", ""} & set(path.strip("/").split("/")[:-1])
    assert posixpath.normpath("/srv/www" + path).startswith("/srv/www")


@given(
    st.text(st.characters(codec="latin-1", exclude_characters="\0"), max_size=40)
)  # the parser lets no NUL pass
def test_any_path_is_normalised_or_refused_and_then_stable(text):
    path = normalised("/" + text)
    assert normalised(quote_from_bytes(os.fsencode(path))) == path


@given(st.binary(min_size=1, max_size=20).filter(lambda data: not {0, 0x2F} & set(data) and data.strip(b".")))
def test_every_file_name_can_be_reached(name):
    assert os.fsencode(normalise("/" + quote_from_bytes(name, safe=""))) == b"/" + name
