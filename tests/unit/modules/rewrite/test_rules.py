"""Rules of a host: which apply, in which order, and what comes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.modules.rewrite.sites import HEAD, Site


@pytest.fixture
def site(tmp_path: Path):
    """site(lines): a server whose engine is on."""
    return lambda text: Site(tmp_path, f"RewriteEngine on\n{text}")


@pytest.mark.parametrize(
    ("rule", "target", "result"),
    [
        # --- substitutions ---
        ("^/a/(.*)$ /b/$1", "/a/x%20y", "/b/x y"),
        ("^/a/(.*)$ /b/$1", "/c", "/c"),
        ("^/a$ -", "/a", "/a"),
        ("^/(a)(b)?$ /$2$1$0", "/a", "/a/a"),
        (r"^/a$ /\$1\%{X}", "/a", "/$1%{X}"),
        ("!^/a /b", "/c", "/b"),
        ("!^/a /b", "/a", "/a"),
        ("^/A /b [NC]", "/a", "/b"),
        ("^/A /b", "/a", "/a"),
        ("b /c", "/abc", "/c"),
        ("^/a(.*) b$1", "/a/x", "/b/x"),
        ("^/(..)/(.*) /$2/$1", "/%C3%A9x/%ff", "/\udcff/éx"),
        # --- queries ---
        ("^/a$ /b", "/a?q=1", "/b?q=1"),
        ("^/a$ /b?r=2", "/a?q=1", "/b?r=2"),
        ("^/a$ /b?r=2 [QSA]", "/a?q=1", "/b?r=2&q=1"),
        ("^/a$ /b?r=2 [QSA]", "/a", "/b?r=2"),
        ("^/a$ /b? [QSA]", "/a?q=1", "/b?q=1"),
        ("^/a$ /b?", "/a?q=1", "/b"),
        ("^/a$ /b [QSD]", "/a?q=1", "/b"),
        ("^/a$ /b?r [QSD]", "/a?q=1", "/b?r"),
        ("^/a$ /b?c?d [QSL]", "/a", "/b?c?d"),
        ("^/(.*)$ /b?p=$1", "/x y%26z%23%0d%0a".replace(" ", "%20"), "/b?p=x%20y&z%23%0D%0A"),
        ("^/(.*)$ /b?p=$1 [B]", "/x%20y%26z/é?q".replace("é", "%C3%A9"), "/b?p=x+y%26z%2F%C3%A9"),
        ("^/(.*)$ /b?p=$1 [B,BNP]", "/x%20y", "/b?p=x%20y"),
        ("^/(.*)$ /b?p=$1 [B=&]", "/x/y%26z", "/b?p=x/y%26z"),
        ("^/(.*)$ /b?p=$1 [B,BNE=/]", "/x/y%26z", "/b?p=x/y%26z"),
        ("^/(.*)$ /b?p=$1 [BCTLS]", "/x%20y&z", "/b?p=x+y&z"),
        ("^/(.*)$ /b?p=$1&q=%{QUERY_STRING}", "/x%25y?%20", "/b?p=x%25y&q=%20"),
        # --- a question mark that the client has encoded begins no query ---
        ("^/a/(.*)$ /b/$1", "/a/x%3Fy=1", "/b/x?y=1"),
        ("^/a/(.*)$ /b/$1 [UnsafeAllow3F]", "/a/x%3Fy=1", "/b/x?y=1"),
        ("^/a/(.*)$ /b/$1?r [R]", "/a/x%3Fy=1", "302 /b/x%3Fy=1?r"),
        ("^/a/(.*)$ /b/$1 [R,UnsafeAllow3F]", "/a/x%3Fy=1", "302 /b/x?y=1"),
        # --- redirections and refusals ---
        ("^/a$ /b [R]", "/a?q=1", "302 /b?q=1"),
        ("^/a$ /b [R=301]", "/a", "301 /b"),
        ("^/a$ /b [R=permanent]", "/a", "301 /b"),
        ("^/a$ /b [R=seeother]", "/a", "303 /b"),
        ("^/a$ /b [redirect=308,last]", "/a", "308 /b"),
        ("^/a$ b [R]", "/a", "302 /b"),
        ("^/a$ https://e.test/%{REQUEST_URI} [R]", "/a", "302 https://e.test//a"),
        ("^/a$ https://e.test/b", "/a", "302 https://e.test/b"),
        ("^/a$ http://www.example.com:8080/b", "/a", "/b"),
        ("^/a$ http://www.example.com:8080/b [R]", "/a", "302 http://www.example.com:8080/b"),
        ("^/a$ http://www.example.com/b", "/a", "302 http://www.example.com/b"),
        ("^/a$ https://www.example.com:8080/b", "/a", "302 https://www.example.com:8080/b"),
        ("^/a$ mailto:a@b.test", "/a", "302 mailto:a@b.test"),
        ("^/a$ - [F]", "/a", "403"),
        ("^/a$ /b [F]", "/a", "403"),
        ("^/a$ - [forbidden]", "/a", "403"),
        ("^/a$ - [G]", "/a", "410"),
        ("^/a$ - [R=404]", "/a", "404"),
        ("^/a$ - [R=503]", "/a", "503"),
        # --- what a Location may have ---
        ("^/(.*)$ /b/$1 [R]", "/x%0d%0aSet-Cookie:%20a", "302 /b/x%0D%0ASet-Cookie:%20a"),
        ("^/(.*)$ /b/$1 [R,NE]", "/x%0d%0aSet-Cookie:%20a", "302 /b/x%0D%0ASet-Cookie:%20a"),
        ("^/(.*)$ https://e.test/$1 [R,NE]", "/x%0d%0a%ff", "302 https://e.test/x%0D%0A%FF"),
        ("^/a$ /b#c [R]", "/a", "302 /b%23c"),
        ("^/a$ /b#c [R,NE]", "/a", "302 /b#c"),
        ("^/a$ /b\\%20c [R]", "/a", "302 /b%2520c"),
        ("^/a$ /b\\%20c [R,NE]", "/a", "302 /b%20c"),
        ("^/a/(.*)$ /$1 [R]", "/a/%2e%2e/e.test", "/e.test"),
        ("^/a(.*)$ /$1 [R]", "/a/e.test", "302 /e.test"),
        ("^/a/(.*)$ /b?q=$1 [R]", "/a/x%0d%0ay", "302 /b?q=x%0D%0Ay"),
        ("^/a/(.*)$ https://$1/ [R]", "/a/x%0d%0ay", "302 https://x%0D%0Ay/"),
        # --- paths stay below the root ---
        ("^/a/(.*)$ /../$1", "/a/x", "400"),
        ("^/a(.*)$ /b/.$1", "/a./x", "400"),
        ("^/a(.*)$ /b/$1", "/a../x", "400"),
        ("^/a(.*)$ /b/$1", "/a..x/..y", "/b/..x/..y"),
        ("^/a(.*)$ /b/../c/$1", "/a/x", "/c/x"),
        ("^/a(.*)$ http://e.test:80$1 [R]", "/a/x", "302 http://e.test:80/x"),
        ("^/a(.*)$ http://e.test:80$1 [R]", "/a", "302 http://e.test:80"),
        ("^/a(.*)$ http://e.test:80$1 [R]", "/a80/x", "302 http://e.test:80/80/x"),
        ("^/a(.*)$ http://e.test$1 [R]", "/a@other.test/x", "302 http://e.test/@other.test/x"),
        ("^/a(.*)$ http://e.test$1 [R]", "/a.other.test/x", "302 http://e.test/.other.test/x"),
        ("^/(\\w+)$ http://e-$1 [R]", "/a", "302 http://e-a"),
        ("^/a(.*)$ /b/../.$1", "/a./x", "400"),
        ("^/a/(.*)$ /b//$1/./c", "/a/x", "/b/x/c"),
        ("^/a/(.*)$ /b/$1", "/a/..%252f..%252fetc", "/b/..%2f..%2fetc"),
    ],
)  # fmt: skip
def test_one_rule(site, rule: str, target: str, result: str) -> None:
    assert site(f"RewriteRule {rule}").path(target) == result


@pytest.mark.parametrize(
    ("rules", "target", "result"),
    [
        (["^/a /b", "^/b /c"], "/a", "/c"),
        (["^/a /b [L]", "^/b /c"], "/a", "/b"),
        (["^/a /b [END]", "^/b /c"], "/a", "/b"),
        (["^/a /b [S=1]", "^/b /c", "^/b /d"], "/a", "/d"),
        (["^/a /b [S=5]", "^/b /c"], "/a", "/b"),
        (["^/x - [S=1]", "^/a /c"], "/a", "/c"),
        (["^/a - [C]", "^/a /b [C]", "^/b /c", "^/c /d"], "/a", "/d"),
        (["^/x - [C]", "^/a /b [C]", "^/a /c", "^/a /d"], "/a", "/d"),
        (["^/a - [C]", "^/x /b [C]", "^/a /c", "^/a /d"], "/a", "/d"),
        (["^/x - [C]"], "/a", "/a"),
        (["^/(.*)_(.*)$ /$1-$2 [N]", "^/ - [L]"], "/a_b_c_d", "/a-b-c-d"),
        (["^/a - [F]", "^/ /b"], "/a", "403"),
        (["^/a /b [R]", "^/b /c"], "/a", "302 /b"),
        (["^/a /b [R]", "^http://www.example.com:8080/b /c"], "/a", "302 /c"),
        (["^/a /b [R]", "^/b /c", "b - [F]"], "/a", "403"),
        (["^/a http://e.test/b", "^http://e.test/(.*) /c/$1"], "/a", "/c/b"),
        (["^/a http://e.test/b", "^/b /c"], "/a", "302 http://e.test/b"),
        (["^/a /b?x", "^/b /c?y [QSA]"], "/a?z", "/c?y&x"),
        (["^/a - [E=V:1]", "^/a /%{ENV:V}"], "/a", "/1"),
        (["^/a - [E=V:1,E=!V]", "^/a /x%{ENV:V}"], "/a", "/x"),
        (["^/(a) - [E=V:$1-%{REQUEST_METHOD}]", "^/a /%{ENV:V}"], "/a", "/a-GET"),
        (["^/a /b", "^/b /x%{REQUEST_URI}%{REQUEST_FILENAME}"], "/a", "/x/a/b"),
    ],
)
def test_rules_in_their_order(site, rules: list[str], target: str, result: str) -> None:
    assert site("".join(f"RewriteRule {rule}\n" for rule in rules)).path(target) == result


def test_the_recipe_of_the_faq(site) -> None:
    rules = site(
        "RewriteRule ^/(.*):SSL$   https://%{SERVER_NAME}/$1 [R,L]\n"
        "RewriteRule ^/(.*):NOSSL$ http://%{SERVER_NAME}/$1 [R,L]\n"
    )
    assert rules.path("/a/b:SSL?q") == "302 https://www.example.com/a/b?q"
    assert rules.path("/a/b:NOSSL") == "302 http://www.example.com/a/b"
    assert rules.path("/a/b:ssl") == "/a/b:ssl"


def test_without_engine_there_are_no_rules(tmp_path: Path) -> None:
    assert Site(tmp_path, "RewriteRule ^ /b").path("/a") == "/a"


def test_rounds_end(site) -> None:
    rules = site("RewriteRule ^/a /a [N]\nRewriteRule ^/b(.*) /b$1x [N=10]\nRewriteRule ^/c(.*) /c$1$1x [N]")
    assert rules.path("/a") == "500"
    assert "server.conf:11 has begun 1000 rounds (flag N) (GET /a HTTP/1.1)" in rules.log()
    assert rules.path("/b") == "500"
    assert "begun 10 rounds" in rules.log()
    assert rules.path("/c") == "500"
    assert "a URL of more than 65536 characters" in rules.log()


def test_a_rule_that_does_nothing_leaves_the_request_alone(site) -> None:
    told = site("Alias /a /srv/a\nRewriteRule ^/a - [E=X:1]").get("/a/b?q").told
    assert (told["path"], told["filename"], told["query"]) == ("/a/b", "/srv/a/b", "q")
    assert told["env"]["X"] == "1"


def test_what_is_passed_through_goes_on_as_a_url(site) -> None:
    rules = site("Alias /new /srv/n\nRewriteRule ^/old/(.*) /new/$1 [PT]\nRewriteRule ^/older/(.*) /new/$1")
    assert rules.get("/old/x").told["filename"] == "/srv/n/x"
    assert rules.get("/old/x").told["path"] == "/new/x"
    assert rules.path("/older/x") == "/new/x"
    assert rules.get("/older/x").told["path"] == "/older/x"


def test_files_of_the_system_by_what_the_rule_says(site, tmp_path: Path) -> None:
    first = f"/{tmp_path.parts[1]}"
    rules = site(
        f"RewriteRule ^/a/(.*) {tmp_path}/$1 [L]\nRewriteRule ^/b(.*) $1 [L]\n"
        "RewriteRule ^/c(.*) $1 [UnsafePrefixStat]\n"
        f"RewriteRule ^/d/(.*) {first}$1 [L]\nRewriteRule ^/e/(.*) %{{DOCUMENT_ROOT}}/x/$1 [L]\n"
        "RewriteRule ^/f/(.*) %{CONTEXT_DOCUMENT_ROOT}/x/$1 [L]\nRewriteRule ^/g/(.*) %{HTTP:X}/$1 [L]"
    )
    assert rules.path("/e/y") == rules.path("/f/y") == "/x/y"
    assert rules.get("/g/y", x=str(tmp_path)).told["filename"] == f"{tmp_path}/htdocs{tmp_path}/y"
    assert rules.path("/a/x") == f"{tmp_path}/x"
    assert rules.path("/a/%2e%2e/%2e%2e/etc/passwd") == "400"
    assert rules.get("/b/etc/passwd").told["filename"] == f"{tmp_path}/htdocs/etc/passwd"
    assert rules.path("/c/etc/passwd") == "/etc/passwd"
    assert rules.get("/d//x").told["filename"] == f"{tmp_path}/htdocs{first}x"


def test_without_document_root_there_are_urls_only(tmp_path: Path) -> None:
    text = (
        "<VirtualHost *>\nRewriteEngine on\nAlias /new /srv/n\nRewriteRule ^/old/(.*) /new/$1\n</VirtualHost>"
    )
    site = Site(tmp_path, text, HEAD.replace("DocumentRoot htdocs\n", ""))
    assert site.get("/old/x").told["filename"] == "/srv/n/x"


def test_hand_on_to_another_server(site) -> None:
    rules = site(
        "RewriteRule ^/app/(.*)$ http://127.0.0.1:8000/x/$1 [P]\n"
        "RewriteRule ^/enc/(.*)$ http://[::1]/$1?z [P,NE,QSA]\n"
        "RewriteRule ^/sock/(.*)$ unix:/run/a.sock|http://name/$1 [P]\n"
        "RewriteRule ^/bare$ http://h.test [P]\n"
        "RewriteRule ^ /never"
    )
    told = rules.get("/app/a%20b?q=1").told
    assert (told["handler"], told["filename"]) == ("proxy-server", "proxy:http://127.0.0.1:8000/")
    assert (told["path_info"], told["query"]) == ("/x/a%20b", "q=1")
    told = rules.get("/enc/a%2520b%0a?q").told
    assert (told["filename"], told["path_info"], told["query"]) == ("proxy:http://[::1]/", "/a%20b%0A", "z&q")
    told = rules.get("/sock/x%3Fy").told
    assert (told["filename"], told["path_info"]) == ("proxy:unix:/run/a.sock|http://name/", "/x%3Fy")
    assert rules.get("/bare").told["path_info"] == "/"


def test_who_decides_first(site) -> None:
    """As in Apache: rules, ProxyPass, Redirect, Alias; what has been decided is not asked of the others."""
    told = site(
        "Redirect /a /redirected\nAlias /b /srv/b\nAlias /c /srv/c\n"
        "ProxyPass /a http://h.test/\nProxyPass /b http://h.test/\nProxyPass /d http://h.test/\n"
        "RewriteRule ^/d /file [L]\nRewriteRule ^/c - [H=some-handler]\n"
        "RewriteRule ^/e /c [PT]\nRewriteRule ^/f /a [PT]"
    )
    names = {path: told.get(path).told["filename"] for path in ("/a", "/b", "/c", "/d", "/e", "/f")}
    root = f"{told.folder}/htdocs"
    assert names == {
        "/a": "proxy:http://h.test/",
        "/b": "proxy:http://h.test/",
        "/c": "/srv/c",
        "/d": f"{root}/file",
        "/e": "/srv/c",
        "/f": "proxy:http://h.test/",
    }
    assert told.get("/c").told["handler"] == "some-handler"


def test_handler_type_and_cookies(site) -> None:
    rules = site(
        "RewriteRule ^/h - [H=Some-Handler]\n"
        "RewriteRule ^/(t) - [T=text/x-new]\n"
        "RewriteRule ^/c/(.*) - [CO=seen:$1:.example.com:60:/p:secure:httponly:Lax,CO=;b;x:y]\n"
        "RewriteRule ^/r /s [R,CO=r:1]\n"
        "RewriteRule ^/g - [G,CO=g:1:e.test:-1]"
    )
    assert rules.get("/h").told["handler"] == "some-handler"
    assert ("Content-Type", "text/x-new") in rules.get("/t").headers
    cookies = [
        value
        for name, value in rules.get("/c/a;b%0d%0aé".replace("é", "%C3%A9")).headers
        if name == "Set-Cookie"
    ]
    assert cookies[0].startswith("seen=a%3Bb%0D%0A%C3%A9; path=/p; domain=.example.com; expires=")
    assert cookies[0].endswith(" GMT; secure; HttpOnly; SameSite=Lax")
    assert cookies[1] == "b=x:y; path=/"
    assert ("Set-Cookie", "r=1; path=/") in rules.get("/r").headers
    expired = "g=1; path=/; domain=e.test; expires=Thu, 01 Jan 1970 00:00:00 GMT"
    assert ("Set-Cookie", expired) in rules.get("/g").headers


def test_what_the_log_tells(tmp_path: Path) -> None:
    text = "RewriteEngine on\nRewriteCond %{REQUEST_METHOD} GET\nRewriteRule ^/a /b [L]\n"
    quiet = Site(tmp_path, text)
    quiet.path("/a")
    assert "rewrite" not in quiet.log()
    loud = Site(tmp_path, f"LogLevel rewrite:trace8\n{text}")
    loud.path("/a%0ab")
    log = loud.log()
    assert r"[rewrite:trace3] " in log
    assert r"applying pattern '^/a' to '/a\nb'" in log
    assert "RewriteCond 'GET' GET" in log
    assert r"'/a\nb' becomes '/b'" in log
    assert "goes on with '/b'" in log


def test_no_expression_can_be_used_to_stall(site) -> None:
    rules = site("RewriteRule ^/(?=(a|aa)+$) /b\nRewriteCond %{HTTP:X} !^(?=(a|aa)+$)\nRewriteRule ^/c /d")
    assert rules.path("/" + "a" * 60 + "!") == "400"
    assert rules.path("/c", x="a" * 60 + "!") == "400"
    assert rules.path("/c", x="b") == "/d"
