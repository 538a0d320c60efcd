"""IndexOptions lines together, and lines that make no sense."""

from __future__ import annotations

import pytest
from unit.modules.autoindex.listing import values

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.autoindex.directives import INDEX_OPTIONS
from prefork_ssl.modules.autoindex.index_options import IndexOptions


def options(*scopes: str) -> IndexOptions:
    """What holds in the innermost of these scopes; lines are separated by |."""
    settings = Settings({})
    for scope in scopes:
        lines = [f"IndexOptions {line}" for line in scope.split("|")]
        settings = Settings(values(*lines)).inside(settings)
    return settings[INDEX_OPTIONS]


@pytest.mark.parametrize(
    ("scopes", "on"),
    [
        ([""], {"FoldersFirst"}),
        (["FancyIndexing"], {"FoldersFirst"}),
        (["IgnoreCase|VersionSort"], {"FoldersFirst", "IgnoreCase", "VersionSort"}),
        (["-FoldersFirst"], set()),
        (["IgnoreCase", "+VersionSort"], {"FoldersFirst", "IgnoreCase", "VersionSort"}),
        (["IgnoreCase -FoldersFirst", "VersionSort"], {"FoldersFirst", "VersionSort"}),
        (["IgnoreCase VersionSort", "-versionsort"], {"FoldersFirst", "IgnoreCase"}),
        (["+IgnoreCase -FoldersFirst FancyIndexing +VersionSort"], {"FoldersFirst", "VersionSort"}),
        (["IgnoreCase", "+FancyIndexing", "+VersionSort"], {"FoldersFirst", "IgnoreCase", "VersionSort"}),
    ],
)
def test_signs_and_scopes(scopes: list[str], on: set[str]) -> None:
    held = options(*[scope or "+FancyIndexing" for scope in scopes])
    assert {name for name in ("FoldersFirst", "IgnoreCase", "VersionSort") if held.has(name)} == on


def test_what_only_old_listings_had_is_accepted() -> None:
    line = "Charset=UTF-8 Type=text/html NameWidth=* DescriptionWidth=40 IconHeight=20 XHTML HTMLTable ScanHTMLTitles"
    assert options(f"FancyIndexing {line}").has("FoldersFirst")
    values("AddIcon (IMG,/icons/i.gif) .gif", "DefaultIcon /icons/x.gif", 'AddAltByType "text" text/*')


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("IndexOptions FolderFirst", "FoldersFirst"),
        ("IndexOrderDefault name ascending", "ascending or descending"),
        ("IndexOrderDefault ascending owner", "description"),
        ("HeaderName https://x.example/y", "file in the folder"),
        ("ReadmeName ..", "file in the folder"),
        ("ReadmeName /folder/", "file in the folder"),
        ("IndexStyleSheet site.css", "begins with one '/'"),
        ("IndexStyleSheet //host/site.css", "begins with one '/'"),
        ("IndexStyleSheet '/a; script-src *'", "begins with one '/'"),
        ("IndexIgnoreReset maybe", "on or off"),
    ],
)
def test_what_makes_no_sense_is_refused(line: str, hint: str) -> None:
    with pytest.raises(BadArgument) as refused:
        values(line)
    assert hint in f"{refused.value} {refused.value.hint}"
