"""What conditions can ask, and how they go together."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.modules.rewrite.sites import Site


@pytest.fixture
def holds(tmp_path: Path):
    """holds(condition, ..., header=...): whether a rule behind these conditions applies."""

    def check(*conditions: str, target: str = "/a?q=5", **headers: str) -> bool:
        lines = "".join(f"RewriteCond {condition}\n" for condition in conditions)
        site = Site(tmp_path, f"RewriteEngine on\n{lines}RewriteRule ^/(a.*) /yes")
        return site.get(target, **headers).told["filename"] == f"{tmp_path}/htdocs/yes"

    return check


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("%{REQUEST_URI} ^/a$", True),
        ("%{REQUEST_URI} !^/a$", False),
        ("%{QUERY_STRING} q=(5)", True),
        ("$1 ^a$", True),
        ("%{HTTPS} off", True),
        ("%{HTTPS} =on", False),
        ("%{HTTPS} !=on", True),
        ("%{REQUEST_SCHEME}://%{HTTP_HOST} ^http://www\\.example\\.com$", True),
        ("%{HTTP_HOST} WWW", False),
        ("%{HTTP_HOST} WWW [NC]", True),
        ("%{HTTP_HOST} =WWW.example.com [nocase]", True),
        ("%{HTTP_HOST} =WWW.example.com", False),
        ("%{HTTP_REFERER} =\"\"", True),
        ("%{HTTP_REFERER} !^$", False),
        ("%{HTTP:X-Nothing} ^$ [NV]", True),
        ("%{ENV:NOTHING_OF_THE_KIND} ^$", True),
        ("%{SSL:HTTPS} off", True),
        ("%{THE_REQUEST} \"^GET /a\\?q=5 HTTP/1\\.1$\"", True),
        ("%{REMOTE_ADDR} ^192\\.0\\.2\\.7$", True),
        ("%{IPV6} off", True),
        ("%{TIME_YEAR} >2000", True),
        ("%{TIME_YEAR} <2000", False),
        ("ab <abc", True),
        ("b <ab", True),
        ("b >a", True),
        ("b >=b", True),
        ("b <=a", False),
        ("10 -gt9", True),
        ("10 -lt9", False),
        ("10x -eq10", True),
        ("x -eq0", True),
        ("5 -ne5", False),
        ("5 -ge5", True),
        ("5 -le4", False),
        ("-5 \"-lt -4\"", True),
        ("5 !-le4", True),
        ("%{DOCUMENT_ROOT}/file -f", True),
        ("%{DOCUMENT_ROOT}/file -d", False),
        ("%{DOCUMENT_ROOT}/dir -d", True),
        ("%{DOCUMENT_ROOT}/none !-f", True),
        ("%{DOCUMENT_ROOT}/none !-d", True),
        ("%{DOCUMENT_ROOT}/file -s", True),
        ("%{DOCUMENT_ROOT}/empty -s", False),
        ("%{DOCUMENT_ROOT}/link -l", True),
        ("%{DOCUMENT_ROOT}/link -L", True),
        ("%{DOCUMENT_ROOT}/link -h", True),
        ("%{DOCUMENT_ROOT}/file -h", False),
        ("%{DOCUMENT_ROOT}/program -x", True),
        ("%{DOCUMENT_ROOT}/file -x", False),
        ("%{DOCUMENT_ROOT}/file -F", True),
        ("%{DOCUMENT_ROOT}/denied/file -F", False),
        ("/file -U", True),
        ("/denied/file -U", False),
        ("expr \"%{REQUEST_METHOD} == 'GET' && %{HTTP_HOST} =~ /example/\"", True),
        ("expr \"%{REQUEST_METHOD} == 'POST'\"", False),
        ("%{LA-U:REQUEST_FILENAME} /htdocs/a$", True),
    ],
)  # fmt: skip
def test_one_condition(holds, tmp_path: Path, condition: str, expected: bool) -> None:
    root = tmp_path / "htdocs"
    (root / "dir").mkdir(parents=True)
    (root / "denied").mkdir()
    for name, text in {"file": "x", "empty": "", "program": "x", "denied/file": "x"}.items():
        (root / name).write_text(text)
    (root / "program").chmod(0o755)
    (root / "link").symlink_to("file")
    denied = f"<Directory {root}/denied>\nRequire all denied\n</Directory>\n"
    site = Site(tmp_path, f"{denied}RewriteEngine on\nRewriteCond {condition}\nRewriteRule ^/(a.*) /yes")
    assert (site.path("/a?q=5") == "/yes?q=5") is expected


T, F = "x x", "x y"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([T, T], True),
        ([T, F], False),
        ([F, T], False),
        ([f"{F} [OR]", T], True),
        ([f"{T} [OR]", F], True),
        ([f"{F} [OR]", F], False),
        ([f"{F} [OR]", f"{F} [ornext]", T], True),
        ([f"{T} [OR]", F, F], False),
        ([f"{T} [OR]", F, T], True),
        ([F, f"{T} [OR]", T], False),
        ([T, f"{F} [OR]", f"{F} [OR]", T, T], True),
    ],
)
def test_and_and_or(holds, conditions: list[str], expected: bool) -> None:
    assert holds(*conditions) is expected


def test_groups_of_the_last_condition_that_found_something(tmp_path: Path) -> None:
    site = Site(
        tmp_path,
        "RewriteEngine on\n"
        "RewriteCond %{HTTP_HOST} ^(\\w+)\\.(\\w+)\n"
        "RewriteCond %{HTTP_HOST} !^(x)\n"
        "RewriteCond %1 =www\n"
        "RewriteRule ^/(a)/(.*) /%2/$2/%0%9\n"
        "RewriteRule ^/b /%1x",
    )
    assert site.path("/a/z") == "/example/z/www.example"
    assert site.path("/b") == "/x"


def test_conditions_are_about_one_rule(tmp_path: Path) -> None:
    site = Site(tmp_path, "RewriteEngine on\nRewriteCond a b\nRewriteRule ^/a /no\nRewriteRule ^/a /yes")
    assert site.path("/a") == "/yes"


def test_an_expression_without_an_answer_refuses(tmp_path: Path) -> None:
    site = Site(
        tmp_path, "RewriteEngine on\nRewriteCond expr \"file('/nowhere/x') == ''\"\nRewriteRule ^/a /no"
    )
    assert site.path("/a") == "403"
    assert site.path("/b") == "/b"
