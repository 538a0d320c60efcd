"""What the name of a file tells: AddType, AddEncoding, AddCharset, AddLanguage, their Remove..., ForceType."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefork_ssl.config.directives import Directive, Place, Settings
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.modules.files import directives as d
from prefork_ssl.modules.files.naming import Content, Naming

PLACE = Place(Origin("test.conf", 1), Path("/"))
COMMON = {
    "html": "text/html",
    "txt": "text/plain",
    "gz": "application/gzip",
    "png": "image/png",
    "tar": "application/x-tar",
}


def settings(*lines: str) -> Settings:
    """The values of one scope, whose lines are given."""
    values: dict[Directive[Any], Any] = {}
    for line in lines:
        name, *words = line.split()
        directive = next(directive for directive in d.DIRECTIVES if directive.name == name)
        value = directive.arguments.parse(tuple(words), PLACE)
        key = directive.part_of or directive
        values[key] = key.repeat(values[key], value) if key in values else value
    return Settings(values)


def content(name: str, *lines: str) -> Content:
    """What a name tells where these lines and COMMON hold."""
    return Naming(settings(*lines).inside(Settings({d.TYPES_CONFIG: COMMON}))).content(name)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("/srv/page.html", "text/html"),
        ("/srv/PAGE.HTML", "text/html"),
        ("/srv/v1.2/page", None),
        ("page.html.png", "image/png"),
        ("page.html.unknown", None),
        ("page.unknown.html", "text/html"),
        ("page..html", "text/html"),
        (".png", None),
        ("html", None),
        ("page.html.gz", "application/gzip"),
    ],
)
def test_the_type_is_that_of_the_last_extension(name: str, media_type: str | None) -> None:
    assert content(name) == Content(media_type)


def test_a_coding_leaves_the_type_to_the_extension_before() -> None:
    assert content("page.html.gz", "AddEncoding x-gzip .gz") == Content("text/html", "x-gzip")
    assert content("all.tar.gz", "AddEncoding gzip gz") == Content("application/x-tar", "gzip")
    assert content("notes.gz", "AddEncoding gzip gz") == Content(None, "gzip")
    both = ("AddEncoding gzip gz", "AddType application/gzip gz")
    assert content("page.html.gz", *both) == Content("application/gzip", "gzip")
    assert content("page.html.br.gz", "AddEncoding gzip gz", "AddEncoding br br").encoding == "br, gzip"


def test_charset_and_language_stand_in_any_order() -> None:
    lines = ("AddCharset utf-8 .utf8", "AddLanguage de .de")
    expected = Content("text/html; charset=utf-8", "", "de")
    assert content("page.html.de.utf8", *lines) == content("page.utf8.de.html", *lines) == expected
    assert content("page.utf8", *lines) == Content()
    assert content("page.html.de.old", *lines) == Content()


def test_default_charset_is_for_text_and_html_without_one() -> None:
    assert content("a.txt", "AddDefaultCharset utf-8").content_type == "text/plain; charset=utf-8"
    assert content("a.html", "AddDefaultCharset On").content_type == "text/html; charset=iso-8859-1"
    assert content("a.png", "AddDefaultCharset utf-8").content_type == "image/png"
    lines = ("AddDefaultCharset utf-8", "AddCharset koi8-r .koi")
    assert content("a.koi.txt", *lines).content_type == "text/plain; charset=koi8-r"
    assert content("a.txt", "AddDefaultCharset utf-8", "AddDefaultCharset off").content_type == "text/plain"


def test_forced_types_hold_whatever_the_name_and_are_undone_inside() -> None:
    outer = settings("ForceType image/gif", "AddCharset utf-8 .txt")
    assert Naming(outer).content("page.txt") == Content("image/gif")
    inner = settings("ForceType None").inside(outer).inside(Settings({d.TYPES_CONFIG: COMMON}))
    assert Naming(inner).content("page.txt").content_type == "text/plain; charset=utf-8"


def test_what_is_removed_means_nothing_any_more() -> None:
    outer = settings(
        "AddType text/x-cool .cool", "AddEncoding gzip .gz", "AddCharset utf-8 .u", "AddLanguage en .en"
    )
    outer = outer.inside(Settings({d.TYPES_CONFIG: COMMON}))
    inner = settings("RemoveType cool", "RemoveEncoding .GZ", "RemoveCharset u", "RemoveLanguage en").inside(
        outer
    )
    for name in ("a.cool", "a.html.u", "a.html.en"):
        assert Naming(outer).content(name) != Content()
        assert Naming(inner).content(name) == Content()
    assert Naming(outer).content("a.html.gz") == Content("text/html", "gzip")
    assert Naming(inner).content("a.html.gz") == Content("application/gzip")


def test_what_is_removed_of_mime_types_stays() -> None:
    """As in Apache: RemoveType undoes AddType."""
    assert content("a.txt", "AddType text/markdown txt", "RemoveType txt").content_type == "text/plain"


def test_many_names_do_not_pile_up() -> None:
    naming = Naming(Settings({d.TYPES_CONFIG: COMMON}))
    for number in range(5000):
        assert naming.content(f"{number}.txt").content_type == "text/plain"
    assert len(naming._known) <= 1024


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("DefaultType text/plain", "ForceType"),
        ("ForceType text", "text/html"),
        ("AddCharset utf;8 txt", "charset"),
        ("AddEncoding g,z gz", "content coding"),
        ("AddDefaultCharset a;b", "charset"),
        ("FallbackResource index.php", "begins with '/'"),
        ("FallbackResource //host/", "begins with '/'"),
        ("FallbackResource /app?q", "'?'"),
        ("DirectoryIndexRedirect 404", "300 to 399"),
        ("DirectoryIndexRedirect 304", "300 to 399"),
        ("DirectorySlash maybe", "on|off|notfound"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_remedy(line: str, hint: str) -> None:
    with pytest.raises(BadArgument) as refused:
        settings(line)
    assert hint in f"{refused.value} {refused.value.hint}"


def test_default_type_none_is_what_holds_anyway() -> None:
    assert content("a", "DefaultType None") == Content()
