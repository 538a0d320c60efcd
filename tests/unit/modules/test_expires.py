"""How long responses may be kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from unit.modules.asking import new_generation, new_request

from prefork_ssl.config.directives import Directive, Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.kernel.request import Response
from prefork_ssl.modules.expires.lifetimes import Lifetime, parse_lifetime
from prefork_ssl.modules.expires.module import module

DIRECTIVES = {directive.name: directive for directive in module.directives}
DAY = 86400
NOW = 1_000_000_000.5  # Sun, 09 Sep 2001 01:46:40 GMT
HTML = [("Content-Type", "text/html; charset=utf-8")]


@pytest.mark.parametrize(
    ("text", "seconds", "of_file"),
    [
        ("A3600", 3600, False),
        ("M604800", 604800, True),
        ("A0", 0, False),
        ("access plus 1 month", 30 * DAY, False),
        ("access plus 1 month 2 days", 32 * DAY, False),
        ("Now 1 Year", 365 * DAY, False),
        ("modification plus 5 hours 3 minutes", 5 * 3600 + 180, True),
        ("  access   plus 2 weeks 1 second ", 14 * DAY + 1, False),
        ("access plus 0 seconds", 0, False),
    ],
)
def test_times(text: str, seconds: int, of_file: bool):
    assert parse_lifetime(text) == Lifetime(seconds, of_file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no time"),
        ("3600", "'3600' is no time"),
        ("a3600", "'a3600' is no time"),
        ("A-1", "'A-1' is no time"),
        ("access plus", "'access plus' is no time"),
        ("access plus month", "is no time"),
        ("access plus 1", "is no time"),
        ("access plus -1 days", "is no time"),
        ("tomorrow plus 1 day", "is no time"),
        ("access plus 1 fortnight", "'fortnight' is no unit of time"),
        ("access plus ٣ days", "is no unit|is no time"),
        ("A" + "9" * 30, "has a number that is too large"),
        ("access plus " + "9" * 5000 + " days", "has a number that is too large"),
        ("access plus 1001 years", "is more than a thousand years"),
    ],
)
def test_bad_times(text: str, message: str):
    with pytest.raises(BadArgument, match=message) as caught:
        parse_lifetime(text)
    assert caught.value.hint


class Site:
    """A host with these lines, each as it is written."""

    def __init__(self, root: Path, *lines: str) -> None:
        values: dict[Directive[Any], Any] = {}
        for line in lines:
            name, _, text = line.partition(" ")
            directive = DIRECTIVES[name]
            place = Place(Origin("a.conf", 1), root)
            value = directive.arguments.parse(directive.arguments.split(text), place)
            values[directive] = directive.repeat(values[directive], value) if directive in values else value
        self.generation = new_generation(root, values, (module,))
        host = self.generation.configuration.server
        assert module.hooks.response
        self.phase = module.hooks.response(self.generation, host, host.settings)

    def fields(self, response: Response, filename: str | None = None) -> dict[str, str]:
        """What the response says of how long it may be kept."""
        request = new_request(self.generation, "/a")
        request.started, request.filename = NOW, filename
        assert self.phase
        self.phase(request, response)
        return {name: value for name, value in response.headers if name in ("Expires", "Cache-Control")}


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("ExpiresActive on",),
        ("ExpiresDefault A60",),
        ("ExpiresActive off", "ExpiresDefault A60", "ExpiresByType a/b A60"),
    ],
)
def test_nothing_to_do_is_no_phase(tmp_path: Path, lines: tuple[str, ...]):
    assert Site(tmp_path, *lines).phase is None


HOUR = {"Cache-Control": "max-age=3600", "Expires": "Sun, 09 Sep 2001 02:46:40 GMT"}
MINUTE = {"Cache-Control": "max-age=60", "Expires": "Sun, 09 Sep 2001 01:47:40 GMT"}
ON = ("ExpiresActive on", "ExpiresByType Text/HTML A3600", "ExpiresByType text/* A60", "ExpiresDefault A0")


@pytest.mark.parametrize(
    ("media_type", "age"),
    [
        ("text/html", 3600),
        ("TEXT/html;charset=x", 3600),
        ("text/plain", 60),
        ("image/png", 0),
        ("", 0),
    ],
)
def test_by_type(tmp_path: Path, media_type: str, age: int):
    fields = Site(tmp_path, *ON).fields(Response(200, [("content-type", media_type)]))
    assert fields["Cache-Control"] == f"max-age={age}"


def test_without_a_default(tmp_path: Path):
    site = Site(tmp_path, *ON[:2])
    assert site.fields(Response(200, HTML)) == HOUR
    assert site.fields(Response(200, [("Content-Type", "image/png")])) == {}


def test_the_later_line_holds(tmp_path: Path):
    site = Site(tmp_path, *ON, "ExpiresByType text/html A60")
    assert site.fields(Response(200, HTML)) == MINUTE


@pytest.mark.parametrize(
    ("status", "there"), [(200, True), (206, True), (304, True), (301, False), (404, False), (500, False)]
)
def test_statuses(tmp_path: Path, status: int, there: bool):
    assert bool(Site(tmp_path, *ON).fields(Response(status, HTML))) is there


def test_what_a_304_is_about(tmp_path: Path):
    response = Response(304, [("ETag", '"a"')])
    response.media_type = "text/plain"
    assert Site(tmp_path, *ON).fields(response) == MINUTE


@pytest.mark.parametrize("field", [("expires", "0"), ("Cache-Control", "private, Max-Age = 5")])
def test_what_a_response_says_itself_holds(tmp_path: Path, field: tuple[str, str]):
    response = Response(200, [*HTML, field])
    Site(tmp_path, *ON).fields(response)
    assert response.headers == [*HTML, field]


@pytest.mark.parametrize("held", ["private", "no-cache, s-maxage=5", "x-max-age=1"])
def test_cache_control_is_merged(tmp_path: Path, held: str):
    fields = Site(tmp_path, *ON).fields(Response(200, [("Cache-Control", held), *HTML]))
    assert fields == {**HOUR, "Cache-Control": f"{held}, max-age=3600"}


def test_modification(tmp_path: Path):
    site = Site(tmp_path, "ExpiresActive on", 'ExpiresDefault "modification plus 1 hour"')
    file = tmp_path / "file"
    file.write_bytes(b"")
    for changed, age in ((NOW, 3600), (NOW - 1800, 1800), (NOW - 9000, 0)):
        os.utime(file, (changed, changed))
        assert site.fields(Response(200, HTML), str(file))["Cache-Control"] == f"max-age={age}"
    for nothing in (None, str(tmp_path / "none"), "proxy:http://a/", "/a\0b", "/" + "a" * 5000, "/\ud800"):
        assert site.fields(Response(200, HTML), nothing) == {}


@pytest.mark.parametrize("words", [("html", "A1"), ("text/html; a=b", "A1"), ("*/*", "A1"), ("a/b/c", "A1")])
def test_bad_types(words: tuple[str, str]):
    with pytest.raises(BadArgument, match="is not a media type"):
        DIRECTIVES["ExpiresByType"].arguments.parse(words, Place(Origin("a.conf", 1), Path("/")))
