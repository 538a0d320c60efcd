"""What is wrong with lines, said where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.modules.rewrite.sites import HEAD, problems

LINE = HEAD.count("\n") + 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("RewriteRule ^/a", "takes pattern substitution|- [flags]"),
        ("RewriteRule ^/a( /b", "is not a regular expression: missing )"),
        ("RewriteRule ^/a /b R", "flags must stand in brackets, unlike 'R'"),
        ("RewriteRule ^/a /b [X]", "flag X: there is no such flag"),
        ("RewriteRule ^/a /b [QSAA]", "flag QSAA: there is no such flag: did you mean QSA?"),
        ("RewriteRule ^/a /b [redirekt=301]", "did you mean redirect?"),
        ("RewriteRule ^/a /b [R=200]", "flag R: must be a status from 300 to 599 and not 304, but is 200"),
        ("RewriteRule ^/a /b [R=moved]", "flag R: needs a number, not 'moved'"),
        ("RewriteRule ^/a /b [L=1]", "flag L: takes no value, and was given '1'"),
        ("RewriteRule ^/a /b [S=x]", "flag S: needs a number"),
        ("RewriteRule ^/a /b [E]", "flag E: needs the name of a variable"),
        ("RewriteRule ^/a /b [E=%{X}:1]", "must be the same for all requests"),
        ("RewriteRule ^/a /b [CO=x]", "flag CO: needs a name and a value"),
        ("RewriteRule ^/a /b [T=text]", "flag T: 'text' is not a media type (write one such as text/html"),
        ("RewriteRule ^/(a) /$2", "$2 stands for no group of ^/(a)"),
        ("RewriteRule !^/(a) /$1", "$1 stands for no group of !^/(a) (a pattern with ! in front has none"),
        ("RewriteRule ^/a /%{NO_SUCH}", "RewriteRule: there is no variable NO_SUCH"),
        ("RewriteRule ^/a /%{REQEST_URI}", "did you mean REQUEST_URI?"),
        ("RewriteRule ^/a /%{HTTPS", "no '}' closes '%{HTTPS'"),
        ("RewriteRule ^/a /${m:x}", "RewriteRule: there is no RewriteMap m (RewriteMap makes one)"),
        ("RewriteRule ^/a /${m:x", "no '}' closes '${m:x'"),
        ("RewriteRule ^/a / [E=V:%{X}]", "there is no variable X"),
        ("RewriteRule ^/a /b [P]", "flag P needs the URL of a server, which does not begin with '/b'"),
        ("RewriteCond %{X} y\nRewriteRule ^ /b", "RewriteCond: there is no variable X"),
        ("RewriteCond %{HTTPS} -q\nRewriteRule ^ /b", "there is no test -q (tests are"),
        ("RewriteCond %{HTTPS} -eqx\nRewriteRule ^ /b", None),
        ("RewriteCond %{HTTPS} on [OR]\nRewriteRule ^ /b", "RewriteCond: flag OR, but no other condition follows"),
        ("RewriteCond %{HTTPS} on [L]\nRewriteRule ^ /b", "flag L: there is no such flag"),
        ("RewriteCond %{HTTPS} on", "RewriteCond: no RewriteRule follows in this scope"),
        ("RewriteCond expr \"%{X} ==\"\nRewriteRule ^ /b", "a value such as"),
        ("RewriteCond expr \"%{X} == 'a'\"\nRewriteRule ^ /b", "there is no variable X"),
        ("RewriteEngine yes", "must be on|off, not 'yes'"),
        ("RewriteBase /a", "cannot stand outside sections"),
        ("<Location /a>\nRewriteBase b\n</Location>", "must be a URL path that begins with '/', unlike 'b'"),
        ("RewriteOptions Inherits", "does not know 'Inherits' (known are Inherit, InheritBefore"),
        ("RewriteOptions AllowAnyURI", "AllowAnyURI is not needed: request targets"),
        ("RewriteLog logs/rewrite", "is gone since Apache 2.4"),
        ("RewriteLogLevel 3", "LogLevel rewrite:trace3"),
        ("RewriteMap m prg:/bin/cat", "prg: is not offered"),
        ("RewriteMap m dbm:/x", "dbm: is not offered, since tables are text files here"),
        ("RewriteMap m int:lower", "there is no int:lower (did you mean tolower?"),
        ("RewriteMap m txt:/no/such", "file /no/such does not exist"),
        ("RewriteMap m xml:/x", "does not know xml: (known are txt:, rnd: and int:"),
        ("<LocationMatch ^/a>\nRewriteRule ^ /b\n</LocationMatch>", "nothing that paths could be relative to"),
        ("<Files a>\nRewriteRule ^ /b\n</Files>", "nothing that paths could be relative to"),
    ],
)  # fmt: skip
def test_problems(tmp_path: Path, line: str, message: str | None) -> None:
    found = problems(tmp_path, line)
    if message is None:
        assert found == []
    else:
        assert message in found[0]
        number = LINE + (line.startswith("<"))
        assert found[0].startswith(f"server.conf:{number}: ")
        assert len([each for each in found if each.startswith("server.conf")]) == 1


def test_proxying_needs_the_proxy(tmp_path: Path) -> None:
    head = HEAD.replace("LoadModule proxy_module\n", "")
    assert problems(tmp_path, "RewriteRule ^/a http://h.test/ [P]", head) == [
        f"server.conf:{LINE - 1}: RewriteRule: flag P needs proxy_module, which is not loaded "
        "(add the line: LoadModule proxy_module)"
    ]


def test_every_problem_is_told_once(tmp_path: Path) -> None:
    text = "RewriteRule ^/a /%{X}\nRewriteCond %{Y} z\nRewriteRule ^/a /%{X}\n<VirtualHost *>\n</VirtualHost>"
    assert [line.split(": ")[0] for line in problems(tmp_path, text)] == [
        f"server.conf:{LINE}",
        f"server.conf:{LINE + 1}",
    ]
