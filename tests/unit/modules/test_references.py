"""$1 and its like, in each of the directives that have them: what they are filled in with, and what is no group."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.modules.rewrite.sites import Site, problems

MODULES = "LoadModule headers_module\nLoadModule setenvif_module\n"

# What is written, and what it becomes where ^/(a)(x)?(.*)$ has found "/ab%c".
TEXTS = [
    ("/x/$1", "/x/a"),
    ("/x/$0", "/x//ab%c"),
    ("/x/<$2>", "/x/<>"),
    ("/x/$3$1", "/x/b%ca"),
    ("/x/$", "/x/$"),
    ("/x/$$1", "/x/$a"),
    (r"/x/\$1", "/x/$1"),
    (r"/x/\\$1", "/x/\\a"),
    ("/x/$1&2", "/x/a&2"),
    (r"/x/$1\&2", "/x/a&2"),
]


def quoted(text: str) -> str:
    """As a word of a line, where a backslash before another one stands for itself."""
    return '"' + text.replace("\\", "\\\\") + '"'


@pytest.mark.parametrize(("text", "filled"), TEXTS)
def test_set_env_if(tmp_path: Path, text: str, filled: str):
    assignment = quoted(f"V={text}")
    site = Site(tmp_path, MODULES + f"SetEnvIf Request_URI ^/(a)(x)?(.*)$ {assignment}\n")
    assert site.get("/ab%25c").told["env"]["V"] == filled


@pytest.mark.parametrize(("text", "filled"), TEXTS)
def test_alias_match(tmp_path: Path, text: str, filled: str):
    site = Site(tmp_path, f"AliasMatch ^/(a)(x)?(.*)$ {quoted(text)}\n")
    assert site.get("/ab%25c").told["filename"] == filled.replace("//", "/")


@pytest.mark.parametrize(
    ("text", "filled"), [(text, filled) for text, filled in TEXTS if "$0" not in text and "<" not in text]
)
def test_proxy_pass_match_and_redirect_match(tmp_path: Path, text: str, filled: str):
    """What is found becomes a part of a URL; what is written is one already."""
    url = quoted(f"http://app{text}")
    lines = f"""
ProxyPassMatch ^/p/(a)(x)?(.*)$ {url}
RedirectMatch ^/r/(a)(x)?(.*)$ {quoted(text)}
"""
    site = Site(tmp_path, lines)
    encoded = filled.replace("%", "%25")
    told = site.get("/p/ab%25c").told
    assert (told["filename"], told["path_info"]) == ("proxy:http://app/", encoded)
    assert site.get("/r/ab%25c").location == encoded.replace("\\", "%5C")


def test_the_whole_match_behind_a_server(tmp_path: Path):
    """Whatever it is, it is no part of the server's name."""
    site = Site(tmp_path, "ProxyPassMatch [.]example[.]org http://app$0\n")
    told = site.get("/x/.example.org").told
    assert (told["filename"], told["path_info"]) == ("proxy:http://app/", "/.example.org")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("AliasMatch ^/(a) /x/$2", "$2 stands for no group of the regular expression '^/(a)'"),
        ("RedirectMatch ^/(a) /x/$9", "$9 stands for no group of the regular expression '^/(a)'"),
        ("ProxyPassMatch ^/(a) http://app/$2", "$2 stands for no group of the regular expression '^/(a)'"),
        ("SetEnvIf Host ^(a) V=$2", "$2 stands for no group of the regular expression '^(a)'"),
        ("Header edit X-A a $1", "$1 stands for no group of the regular expression 'a'"),
        ("RequestHeader edit* X-A (a) $2", "$2 stands for no group of the regular expression '(a)'"),
        ("RewriteRule ^/(a) /$2", "$2 stands for no group of ^/(a)"),
    ],
)
def test_what_is_no_group(tmp_path: Path, line: str, said: str):
    (problem,) = problems(tmp_path, MODULES + line + "\n")
    assert problem.startswith(f"server.conf:12: {line.split()[0]}: {said}")
    assert "put what is meant in parentheses" in problem
