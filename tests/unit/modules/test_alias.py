"""Aliases and redirects, from the words of their lines to what a request gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.modules.asking import new_request

from prefork_ssl.config.directives import Directive, Place, Settings
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.dispatch.hosts import HostTable
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.log.logs import Logs
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.alias.module import module

DIRECTIVES = {directive.name: directive for directive in module.directives}

Line = tuple[str, ...]


def scope(root: Path, *lines: Line) -> Settings:
    """The settings of lines, each (directive, argument, ...), combined as the reader of configurations does."""
    values: dict[Directive[Any], Any] = {}
    place = Place(Origin("a.conf", 1), root)
    for name, *words in lines:
        directive = DIRECTIVES[name]
        value = directive.arguments.parse(tuple(words), place)
        values[directive] = directive.repeat(values[directive], value) if directive in values else value
    return Settings(values)


class Site:
    """A main server and a virtual host inside it."""

    def __init__(self, root: Path, server: list[Line], host: list[Line], section: list[Line]) -> None:
        (root / "logs").mkdir()
        outer = scope(root, *server)
        self.host = Host(scope(root, *host).inside(outer), ())
        self.section = scope(root, *section).inside(self.host.settings)
        configuration = Configuration(Host(outer, ()), (self.host,), root)
        self.generation = Generation(
            1, configuration, (module,), Logs(configuration), HostTable(configuration)
        )

    def ask(self, target: str, path: str | None = None) -> tuple[Request, Response | None]:
        request = new_request(self.generation, target, path=path)
        assert module.hooks.translate
        assert module.hooks.fixup
        for phase in (
            module.hooks.translate(self.generation, self.host),
            module.hooks.fixup(self.generation, self.host, self.section),
        ):
            response = phase(request) if phase else None
            if response is not None:
                break
        return request, response


@pytest.fixture
def ask(tmp_path: Path):
    """ask(lines, target) -> (file name, trusted folder), or (status, Location) of a response."""

    def asked(
        lines: list[Line],
        target: str,
        path: str | None = None,
        *,
        outside: list[Line] | None = None,
        section: list[Line] | None = None,
    ) -> tuple[Any, Any]:
        request, response = Site(tmp_path, outside or [], lines, section or []).ask(target, path)
        if response is None:
            return request.filename, request.env.get("CONTEXT_DOCUMENT_ROOT")
        return response.status, dict(response.headers).get("Location")

    return asked


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        ("/icons", "/icons", "/x/pics"),
        ("/icons", "/icons/", "/x/pics/"),
        ("/icons", "/icons/a/b.png", "/x/pics/a/b.png"),
        ("/icons/", "/icons/a.png", "/x/pics/a.png"),
        ("/icons/", "/icons", None),
        ("/icons", "/iconsfoo", None),
        ("/icons", "/icons../secret", None),
        ("/", "/a/b", "/x/pics/a/b"),
        ("/icons", "/ICONS/a", None),
        ("/icons", "*", None),
    ],
)
@pytest.mark.parametrize("folder", ["/x/pics", "/x/pics/"])
def test_alias(ask, prefix: str, path: str, expected: str | None, folder: str) -> None:
    trusted = None if expected is None else "/x/pics"
    assert ask([("Alias", prefix, folder)], path) == (expected, trusted)


def test_alias_of_the_whole_file_system(ask) -> None:
    assert ask([("Alias", "/all", "/")], "/all/etc/passwd") == ("/etc/passwd", "/")


def test_alias_is_relative_to_server_root(ask, tmp_path: Path) -> None:
    assert ask([("Alias", "/a", "pics")], "/a/b") == (f"{tmp_path}/pics/b", f"{tmp_path}/pics")


@pytest.mark.parametrize(
    ("expression", "file", "path", "expected"),
    [
        (r"^/icons/(.*)\.gif$", "/x/$1.png", "/icons/a.gif", ("/x/a.png", "/x")),
        (r"^/icons/(.*)\.gif$", "/x/$1.png", "/icons/a.gif\n", (None, None)),
        (r"^/~([^/]+)(/.*)?$", "/home/$1/public_html$2", "/~ann", ("/home/ann/public_html", "/home")),
        ("icons", "/x/y", "/some/icons/there", ("/x/y", "/x")),
        ("^/(.*)", "/x/\\$1/$1", "/a", ("/x/$1/a", "/x/$1")),
        ("^(.*)", "$1", "/etc/passwd", ("@root/etc/passwd", "@root")),
        ("^/files(.*)$", "/x/$1", "/files/secret/a", ("/x/secret/a", "/x")),
        ("^/files(.*)$", "/x/$1", "/files./secret/", ("/x/secret/", "/x")),
        ("^/files(.*)$", "/x/$1", "/files../y", ("/x/../y", "/x")),
    ],
)
def test_alias_match(
    ask, tmp_path: Path, expression: str, file: str, path: str, expected: tuple[Any, Any]
) -> None:
    wanted = tuple(text and text.replace("@root", str(tmp_path)) for text in expected)
    assert ask([("AliasMatch", expression, file)], path) == wanted


@pytest.mark.parametrize(
    ("line", "target", "expected"),
    [
        (("/one", "https://e.test/two"), "/one/a?q=1", (302, "https://e.test/two/a?q=1")),
        (("/one", "https://e.test/two?x"), "/one?q=1", (302, "https://e.test/two?x")),
        (("permanent", "/", "https://e.test/"), "/a/b", (301, "https://e.test/a/b")),
        (("permanent", "/", "https://e.test"), "/.evil.test", (301, "https://e.test/.evil.test")),
        (("seeother", "/one", "/two"), "/one/a", (303, "/two/a")),
        (("308", "/one", "/two"), "/one", (308, "/two")),
        (("/one", "/"), "/one/evil.test", (302, "/evil.test")),
        (("gone", "/one"), "/one/a", (410, None)),
        (("404", "/one"), "/one", (404, None)),
        (("/one", "https://e.test/"), "/onetwo", (None, None)),
        (("temp", "https://e.test/new"), "/anything", (302, "https://e.test/new")),
    ],
)
def test_redirect(ask, line: Line, target: str, expected: tuple[Any, Any]) -> None:
    assert ask([("Redirect", *line)], target) == expected


def test_redirect_encodes_what_was_decoded(ask) -> None:
    status, location = ask([("Redirect", "/a", "https://e.test/b")], "/a/x", "/a/\r\nX: y\udcff ü?#%")
    assert status == 302
    assert location == "https://e.test/b/%0D%0AX:%20y%FF%20%C3%BC%3F%23%25"


@pytest.mark.parametrize(
    ("line", "path", "expected"),
    [
        ((r"(.*)\.gif$", "https://e.test$1.jpg"), "/a/b.gif", (302, "https://e.test/a/b.jpg")),
        (("301", "^/(?!new/)(.*)", "/new/$1"), "/a b", (301, "/new/a%20b")),
        (("^/go(.*)$", "/$1"), "/go/evil.test/", (302, "/evil.test/")),
        (("404", r"/\.(?!well-known/)"), "/a/.git/config", (404, None)),
        (("404", r"/\.(?!well-known/)"), "/.well-known/acme-challenge/x", (None, None)),
    ],
)
def test_redirect_match(ask, line: Line, path: str, expected: tuple[Any, Any]) -> None:
    assert ask([("RedirectMatch", *line)], path) == expected


class TestOrder:
    def test_of_the_text_whatever_the_directive(self, ask) -> None:
        lines = [
            ("Redirect", "/a/special", "/first"),
            ("RedirectMatch", "^/a/more", "/second"),
            ("RedirectPermanent", "/a", "/third"),
            ("RedirectMatch", "^/a", "/never"),
            ("RedirectTemp", "/a/more", "/never"),
        ]
        assert ask(lines, "/a/special") == (302, "/first")

    def test_a_match_before_a_prefix(self, ask) -> None:
        lines = [("RedirectMatch", "^/a/more", "/second"), ("Redirect", "/a", "/third")]
        assert ask(lines, "/a/more") == (302, "/second")

    def test_the_virtual_host_comes_before_the_main_server(self, ask) -> None:
        outside = [("Redirect", "/a", "/outer")]
        assert ask([("RedirectMatch", "^/a", "/inner")], "/a", outside=outside) == (302, "/inner")

    def test_what_the_virtual_host_does_not_say(self, ask) -> None:
        outside = [("Alias", "/a", "/x/a")]
        assert ask([("Alias", "/b", "/x/b")], "/a/1", outside=outside) == ("/x/a/1", "/x/a")

    def test_redirects_come_before_aliases(self, ask) -> None:
        assert ask([("Alias", "/a", "/x/a"), ("Redirect", "/a", "/b")], "/a") == (302, "/b")

    def test_a_section_comes_last(self, ask) -> None:
        section = [("Redirect", "permanent", "https://e.test/")]
        assert ask([], "/a", section=section) == (301, "https://e.test/")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("Alias", "icons", "/x"), "URL path must begin with '/'"),
        (("AliasMatch", "^/(.*", "/x"), "not a regular expression"),
        (("AliasMatch", "^/(.*)", "/x/$2"), "no group"),
        (("Redirect", "/a"), "needs a URL after the path"),
        (("Redirect", "/a", "b"), "needs a URL"),
        (("Redirect", "/a", "//b"), "needs a URL"),
        (("Redirect", "304", "/a", "/b"), "status must be"),
        (("Redirect", "200", "/a"), "status must be"),
        (("Redirect", "gone", "/a", "https://e.test/"), "takes no URL"),
        (("Redirect", "/a", "/b", "/c"), "what '/b' is for"),
        (("RedirectMatch", "permanent", "/b"), "one regular expression"),
        (("RedirectPermanent", "a", "/b"), "URL path must begin with '/'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, line: Line, message: str) -> None:
    with pytest.raises(BadArgument, match=message):
        scope(tmp_path, line)
