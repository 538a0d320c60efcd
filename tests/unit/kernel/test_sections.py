"""Sections that hold for a request, and the order in which they merge (Apache's manual, sections.html)."""

from __future__ import annotations

import re

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Origin
from prefork_ssl.config.patterns import directory_pattern, file_pattern, location_pattern
from prefork_ssl.config.tree import DirectorySection, Host, SectionKind
from prefork_ssl.kernel.directives import SERVER_ADMIN
from prefork_ssl.kernel.dispatch.phases import DirectoryPhases
from prefork_ssl.kernel.dispatch.sections import SectionTable, matching

D, M, F, L = SectionKind.DIRECTORY, SectionKind.DIRECTORY_MATCH, SectionKind.FILES, SectionKind.LOCATION

_PATTERNS = {D: directory_pattern, M: re.compile, F: file_pattern, L: location_pattern}


def section(kind: SectionKind, name: str, *files: DirectorySection) -> DirectorySection:
    settings = Settings({SERVER_ADMIN: name})
    return DirectorySection(kind, name, _PATTERNS[kind](name), settings, files, Origin("test", 1))


SECTIONS = (
    section(L, "/images"),
    section(D, "/"),
    section(D, "/srv/www/", section(F, "inner.html")),
    section(D, "/srv/www/images/"),
    section(F, "*.html"),
    section(M, "/srv/[a-z]+/im"),
    section(L, "/images/big"),
)


@pytest.mark.parametrize(
    ("path", "directory", "name", "expected"),
    [
        ("/x", "/srv/www/", "x", ["/", "/srv/www/"]),
        ("/x.html", "/srv/www/", "x.html", ["/", "/srv/www/", "*.html"]),
        ("/inner.html", "/srv/www/", "inner.html", ["/", "/srv/www/", "*.html", "inner.html"]),
        ("/inner.html", "/srv/other/", "inner.html", ["/", "*.html"]),
        (
            "/images/big/a",
            "/srv/www/images/big/",
            "a",
            ["/", "/srv/www/", "/srv/www/images/", "/srv/[a-z]+/im", "/images", "/images/big"],
        ),
        ("/imagesx", "/srv/wwwx/", "imagesx", ["/"]),
        ("/images", "", "", ["/images"]),
    ],
)
def test_which_sections_hold_and_in_which_order(path, directory, name, expected):
    assert [each.name for each in matching(SECTIONS, path, directory, name)] == expected


class Table:
    """A table over sections, that counts how often settings are compiled."""

    def __init__(self, *sections: DirectorySection) -> None:
        self.compiled = 0
        self._table = SectionTable(Host(Settings({SERVER_ADMIN: "host"}), sections), self._compile)

    def admin(self, path: str, filename: str | None = None) -> str:
        return self._table.find(path, filename).settings[SERVER_ADMIN]

    def _compile(self, settings: Settings) -> DirectoryPhases:
        self.compiled += 1
        return DirectoryPhases(settings, None, 0, (), (), ())


def test_the_later_section_wins():
    table = Table(*SECTIONS)
    assert table.admin("/images/big/x.html", "/srv/www/images/big/x.html") == "/images/big"
    assert table.admin("/x.html", "/srv/www/x.html") == "*.html"
    assert table.admin("/x", "/srv/www/x") == "/srv/www/"
    assert table.admin("/x") == "host"


def test_settings_are_compiled_once_for_each_set_of_sections():
    table = Table(*SECTIONS)
    for number in range(6000):
        assert table.admin(f"/{number}", f"/srv/www/{number}") == "/srv/www/"
    assert table.compiled == 2  # the host's own, and those of / with /srv/www/
    assert len(table._table._answers) <= 4096


def test_a_name_without_slash_is_asked_for_where_it_matters(tmp_path):
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "file.html").write_bytes(b"")
    table = Table(section(D, f"{tmp_path}/folder.html/"), section(F, "*.html"))
    assert table.admin("/a", f"{tmp_path}/folder.html") == f"{tmp_path}/folder.html/"
    assert table.admin("/b", f"{tmp_path}/folder.html/") == f"{tmp_path}/folder.html/"
    assert table.admin("/c", f"{tmp_path}/file.html") == "*.html"
    (tmp_path / "file.html").unlink()
    (tmp_path / "file.html").mkdir()
    assert table.admin("/c", f"{tmp_path}/file.html") == "host"
    assert table.admin("/d", "/\udcff/absent.html") == "*.html"
    assert table.admin("/e", f"/{'a' * 5000}.html") == "*.html"


def test_long_paths_are_answered_but_not_remembered():
    table = Table(*SECTIONS)
    assert table.admin("/" + "a" * 8000, "/srv/www/x.html") == "*.html"
    assert not table._table._answers
