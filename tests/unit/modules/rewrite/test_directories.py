"""Rules of <Directory> and <Location>, and which rules of outer scopes hold in inner ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.modules.rewrite.sites import Site


@pytest.fixture
def site(tmp_path: Path):
    """site(rules): a server with these lines for DocumentRoot/d, which has some files."""
    folder = tmp_path / "htdocs/d"
    (folder / "sub").mkdir(parents=True)
    for name in ("real", "index.py", "sub/real"):
        (folder / name).write_text(name)

    def make(text: str, more: str = "") -> Site:
        return Site(tmp_path, f"<Directory {folder}>\nRewriteEngine on\n{text}\n</Directory>\n{more}")

    return make


FRONT = "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteCond %{REQUEST_FILENAME} !-d\n"


@pytest.mark.parametrize(
    ("rules", "target", "result"),
    [
        ("RewriteRule ^a$ b", "/d/a", "/d/b"),
        ("RewriteRule ^/a$ b", "/d/a", "/d/a"),
        ("RewriteRule ^a$ b", "/a", "/a"),
        ("RewriteRule ^a$ /e", "/d/a", "/e"),
        ("RewriteRule ^(.*)$ real", "/d/x", "/d/real"),
        ("RewriteRule ^ real", "/d/sub/x", "/d/real"),
        ("RewriteRule ^$ real", "/d/", "/d/real"),
        ("RewriteRule ^a$ /d/b [R]", "/d/a", "302 /d/b"),
        ("RewriteRule ^a$ b [R=301]", "/d/a?q", "301 /d/b?q"),
        ("RewriteRule ^a$ http://e.test/b", "/d/a", "302 http://e.test/b"),
        ("RewriteRule ^a$ - [F]", "/d/a", "403"),
        ("RewriteRule ^a$ ../real", "/d/a", "/real"),
        ("RewriteRule ^a$ ../../real", "/d/a", "400"),
        ("RewriteRule ^a$ %{DOCUMENT_ROOT}/e", "/d/a", "/e"),
        (f"{FRONT}RewriteRule ^(.*)$ index.py?u=$1 [QSA,L]", "/d/x/y?z", "/d/index.py?u=x/y&z"),
        (f"{FRONT}RewriteRule ^(.*)$ index.py?u=$1 [QSA,L]", "/d/real?z", "/d/real?z"),
        (f"{FRONT}RewriteRule ^(.*)$ index.py?u=$1 [QSA,L]", "/d/sub/", "/d/sub/"),
        ("RewriteBase /e\nRewriteRule ^a$ b", "/d/a", "/e/b"),
        ("RewriteBase /e/\nRewriteRule ^a$ b [R]", "/d/a", "302 /e/b"),
        ("RewriteRule ^a$ b [L]\nRewriteRule ^b$ c", "/d/a", "/d/c"),
        ("RewriteRule ^a$ b [END]\nRewriteRule ^b$ c", "/d/a", "/d/b"),
        ("RewriteRule ^a$ a?x=1", "/d/a", "/d/a?x=1"),
        ("RewriteRule ^$ real", "/d", "/d"),
        ("RewriteOptions AllowNoSlash\nRewriteRule ^$ real", "/d", "/d/real"),
    ],
)
def test_one_directory(site, rules: str, target: str, result: str) -> None:
    assert site(rules).path(target) == result


def test_rounds_without_end_are_ended(site) -> None:
    rules = site("RewriteRule ^a(.*)$ ab$1")
    assert rules.path("/d/a") == "500"
    assert (
        "more than 10 internal redirects, the last one to /d/abbbbbbbbbbb (GET /d/a HTTP/1.1)" in rules.log()
    )
    assert "Traceback" not in rules.log()


def test_the_url_of_an_alias(site, tmp_path: Path) -> None:
    rules = site("RewriteRule ^a$ b", f"Alias /other {tmp_path}/htdocs/d")
    assert rules.get("/other/a").told["path"] == "/other/b"
    assert rules.path("/other/a") == "/d/b"


def test_where_no_url_leads_to_the_directory(site, tmp_path: Path) -> None:
    rules = site("RewriteRule ^index b", f"AliasMatch ^/any/ {tmp_path}/htdocs/d/index.py")
    assert rules.path("/any/thing") == "500"
    assert f"no URL is known that leads to {tmp_path}/htdocs/d/: RewriteBase must name it" in rules.log()


def test_server_rules_hold_for_what_directories_make(site) -> None:
    rules = site("RewriteRule ^a$ /e", "RewriteEngine on\nRewriteRule ^/e$ /f [L]")
    assert rules.path("/d/a") == "/f"


def test_end_ends_the_rules_of_directories_too(site) -> None:
    rules = site("RewriteRule ^b$ c", "RewriteEngine on\nRewriteRule ^/d/a$ /d/b [END]")
    assert rules.path("/d/a") == "/d/b"


def test_rules_see_that_they_have_had_a_request_before(site) -> None:
    """Recipes end loops by REDIRECT_STATUS, and find what E has set by either name."""
    rules = site(
        "RewriteCond %{ENV:REDIRECT_STATUS} 200\nRewriteRule ^ - [L]\n"
        "RewriteRule ^a(.*)$ ab$1 [E=BASE:x]\nRewriteRule ^c$ /b%{ENV:BASE}"
    )
    told = rules.get("/d/a").told
    assert told["path"] == "/d/ab"
    wanted = {"BASE": "x", "REDIRECT_BASE": "x", "REDIRECT_STATUS": "200", "REDIRECT_URL": "/d/a"}
    assert told["env"] == wanted


def test_a_framework_with_its_own_recipe(site) -> None:
    """The one that many frameworks ship: where the application is, is found out by what has been stripped."""
    rules = site(
        r"""
        RewriteCond %{REQUEST_URI}::$0 ^(/.+)/(.*)::\2$
        RewriteRule .* - [E=BASE:%1]
        RewriteCond %{HTTP:Authorization} .+
        RewriteRule ^ - [E=HTTP_AUTHORIZATION:%0]
        RewriteCond %{ENV:REDIRECT_STATUS} =""
        RewriteRule ^index\.py(?:/(.*)|$) %{ENV:BASE}/$1 [R=301,L]
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^ %{ENV:BASE}/index.py [L]
        """.replace("\\\\", "\\")
    )
    assert rules.path("/d/x/y?q") == "/d/index.py?q"
    assert rules.path("/d/index.py/x") == "301 /d/x"
    assert rules.path("/d/real") == "/d/real"
    assert rules.get("/d/x", authorization="Basic x").told["env"]["HTTP_AUTHORIZATION"] == "Basic x"


def test_hand_on_to_another_server(site) -> None:
    told = site("RewriteRule ^a/(.*)$ http://127.0.0.1:8000/$1 [P]").get("/d/a/x?q").told
    assert (told["handler"], told["filename"], told["path_info"]) == (
        "proxy-server",
        "proxy:http://127.0.0.1:8000/",
        "/x",
    )


def test_locations(tmp_path: Path) -> None:
    site = Site(
        tmp_path,
        "<Location /app>\nRewriteEngine on\nRewriteRule ^a$ b\nRewriteRule ^c$ /d\nRewriteRule ^e$ f [R]\n</Location>\n"
        "<Location />\nRewriteEngine on\nRewriteRule ^top$ /bottom\n</Location>",
    )
    assert site.path("/top") == "/bottom"
    assert site.path("/app/a") == "/app/a"  # the last <Location> has the word
    site = Site(
        tmp_path,
        "<Location /app>\nRewriteEngine on\nRewriteRule ^a$ b\nRewriteRule ^c$ /d\nRewriteRule ^e$ f [R]\n</Location>",
    )
    assert [site.path(f"/app/{name}") for name in "ace"] == ["/app/b", "/d", "302 /app/f"]
    assert site.path("/a") == "/a"


OWN = "RewriteRule ^/a$ /own [L]\nRewriteRule ^/x$ /own"
MAIN = "RewriteEngine on\nRewriteRule ^/a$ /main [L]\nRewriteRule ^/b$ /main"


@pytest.mark.parametrize(
    ("main", "own", "results"),
    [
        ("", "", {"/a": "/a", "/b": "/b", "/x": "/x"}),
        ("", f"RewriteEngine on\n{OWN}", {"/a": "/own", "/b": "/b"}),
        ("", OWN, {"/a": "/own"}),
        ("", f"RewriteEngine off\n{OWN}", {"/a": "/a"}),
        ("", f"RewriteOptions Inherit\n{OWN}", {"/a": "/own", "/b": "/main", "/x": "/own"}),
        ("", f"RewriteOptions InheritBefore\n{OWN}", {"/a": "/main", "/b": "/main", "/x": "/own"}),
        ("", "RewriteOptions Inherit", {"/a": "/main"}),
        ("RewriteOptions InheritDown", OWN, {"/a": "/own", "/b": "/main"}),
        ("RewriteOptions InheritDown", "", {"/a": "/main"}),
        ("RewriteOptions InheritDownBefore", OWN, {"/a": "/main", "/x": "/own"}),
        ("RewriteOptions InheritDown", f"RewriteOptions IgnoreInherit\n{OWN}", {"/a": "/own", "/b": "/b"}),
    ],
)
def test_rules_of_virtual_hosts(tmp_path: Path, main: str, own: str, results: dict[str, str]) -> None:
    site = Site(tmp_path, f"{MAIN}\n{main}\n<VirtualHost *>\n{own}\n</VirtualHost>")
    assert {target: site.path(target) for target in results} == results


@pytest.mark.parametrize(
    ("inner", "results"),
    [
        ("", {"/d/sub/a": "/d/outer", "/d/sub/b": "/d/sub/b"}),
        ("RewriteEngine on", {"/d/sub/a": "/d/sub/a"}),
        ("RewriteEngine on\nRewriteRule ^b$ inner", {"/d/sub/a": "/d/sub/a", "/d/sub/b": "/d/sub/inner"}),
        (
            "RewriteEngine on\nRewriteOptions Inherit\nRewriteRule ^b$ inner",
            {"/d/sub/a": "/d/sub/a", "/d/sub/c": "/d/sub/outer", "/d/sub/b": "/d/sub/inner"},
        ),
        ("RewriteEngine off", {"/d/sub/a": "/d/sub/a"}),
    ],
)
def test_rules_of_directories_within(site, tmp_path: Path, inner: str, results: dict[str, str]) -> None:
    inside = f"<Directory {tmp_path}/htdocs/d/sub>\n{inner}\n</Directory>"
    rules = site("RewriteRule ^sub/a$ outer\nRewriteRule ^c$ outer", inside)
    assert {target: rules.path(target) for target in results} == results


def test_the_base_of_an_outer_directory(site, tmp_path: Path) -> None:
    inside = f"<Directory {tmp_path}/htdocs/d/sub>\n%s\nRewriteRule ^a$ b\n</Directory>"
    assert site("RewriteBase /e", inside % "").path("/d/sub/a") == "/d/sub/b"
    assert site("RewriteBase /e", inside % "RewriteOptions MergeBase").path("/d/sub/a") == "/e/b"
