"""RewriteMap: what is found in files and functions, and that changes of files are seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from unit.modules.rewrite.sites import Site

from prefork_ssl.modules.rewrite.maps import MapTable


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.txt"
    path.write_text("# comment\n\nann /users/1 # first\nann /users/2\nbob\t/users/b?x=1\nü /ü\nempty\n")
    return path


def test_texts(tmp_path: Path, names: Path) -> None:
    site = Site(
        tmp_path,
        f"RewriteMap names txt:{names}\nRewriteMap plain {names}\nRewriteMap low int:tolower\nRewriteEngine on\n"
        "RewriteRule ^/u/(.*) ${names:$1|/none/$1}\n"
        "RewriteRule ^/l/(.*) ${plain:${low:$1}}\n"
        "RewriteRule ^/h ${low:%{HTTP:X}|${names:ann}}",
    )
    assert site.path("/u/ann") == "/users/1"
    assert site.path("/u/bob") == "/users/b?x=1"
    assert site.path("/u/bob?y") == "/users/b?x=1"
    assert site.path("/u/%C3%BC") == "/ü"
    assert site.path("/u/empty") == "/none/empty"
    assert site.get("/u/x%3Fy").told["query"] is None
    assert site.get("/l/x%3Fy").told["query"] is None
    assert site.get("/h", x="/a?b").told["filename"].endswith("/a?b")
    assert site.path("/l/ANN") == "/users/1"
    assert site.path("/h", x="/AB") == "/ab"


def test_one_of_several(tmp_path: Path) -> None:
    (tmp_path / "servers").write_text("static a|b|c\n")
    site = Site(
        tmp_path,
        f"RewriteMap servers rnd:{tmp_path}/servers\nRewriteEngine on\nRewriteRule ^/s /${{servers:static}}",
    )
    assert {site.path("/s") for _ in range(200)} == {"/a", "/b", "/c"}


@pytest.mark.parametrize(
    ("function", "target", "result"),
    [
        ("toupper", "/m/aB", "/AB"),
        ("tolower", "/m/aB", "/ab"),
        ("escape", "/m/a%20b%26", "/a%20b%26"),
        ("unescape", "/m/a%2520b%252f", "/a b%2f"),
    ],
)
def test_functions(tmp_path: Path, function: str, target: str, result: str) -> None:
    site = Site(tmp_path, f"RewriteMap m int:{function}\nRewriteEngine on\nRewriteRule ^/m/(.*) /${{m:$1}}")
    assert site.path(target) == result


def test_maps_of_the_main_server_are_known_in_virtual_hosts(tmp_path: Path, names: Path) -> None:
    site = Site(
        tmp_path,
        f"RewriteMap names txt:{names}\n"
        "<VirtualHost *>\nRewriteEngine on\nRewriteRule ^/(.*) ${names:$1}\n</VirtualHost>",
    )
    assert site.path("/ann") == "/users/1"


def test_a_file_that_changes_is_read_again(names: Path) -> None:
    table = MapTable(names)
    assert not table.renew()
    names.write_text("ann /other\n")
    os.utime(names, ns=(1, 1))
    assert table.renew()
    assert table.text("ann") == "/other"
    assert table.text("bob") is None


def test_a_file_that_is_gone_leaves_what_was_read(names: Path) -> None:
    table = MapTable(names)
    names.unlink()
    with pytest.raises(FileNotFoundError):
        table.renew()
    assert table.text("ann") == "/users/1"
