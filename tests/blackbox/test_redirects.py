"""Redirect and its family before files, applications and backends."""

from collections.abc import Iterator

import pytest
from blackbox import clients
from blackbox.backend import PROXY, backend, ok, serving
from blackbox.server import Server

CONFIGURATION = """\
Redirect /default /new
Redirect permanent /permanent https://elsewhere.example/p
Redirect temp /temp /t
Redirect seeother /seeother /s
Redirect gone /gone
Redirect 308 /kept /k
Redirect 451 /forbidden-by-law
RedirectPermanent /p /pp
RedirectTemp /t2 /tt
RedirectMatch 301 ^/img/(.*)\\.gif$ /img/$1.png
RedirectMatch gone \\.bak$
Alias /default @root/htdocs
<Location /section>
    Redirect 307 https://elsewhere.example/s
</Location>
ProxyPass /kept-here !
ProxyPass /proxied http://127.0.0.1:@backend/
ProxyPass /inside http://127.0.0.1:@backend/
Redirect /proxied /never
Redirect /kept-here /there
<Location /inside/section>
    Redirect permanent https://elsewhere.example/out
</Location>
"""


@pytest.fixture(scope="module")
def server(new_module_server) -> Iterator[Server]:
    with backend(serving(lambda _head: ok(), [])) as back:
        yield new_module_server(PROXY + CONFIGURATION, backend=back).start()


@pytest.mark.parametrize(
    ("target", "status", "location"),
    [
        ("/default/a%20b?q", 302, "/new/a%20b?q"),
        ("/permanent/x", 301, "https://elsewhere.example/p/x"),
        ("/temp", 302, "/t"),
        ("/seeother", 303, "/s"),
        ("/gone/x", 410, None),
        ("/kept", 308, "/k"),
        ("/forbidden-by-law", 451, None),
        ("/p", 301, "/pp"),
        ("/t2", 302, "/tt"),
        ("/img/a/b.gif", 301, "/img/a/b.png"),
        ("/x.bak", 410, None),
        ("/section", 307, "https://elsewhere.example/s"),
    ],
)
def test_words_and_statuses(server: Server, target: str, status: int, location: str | None) -> None:
    reply = clients.get(server.http, target)
    assert (reply.status, reply.headers.get("location")) == (status, location)


def test_a_proxied_path_is_the_backends_whatever_redirect_says(server: Server) -> None:
    """As in Apache, where mod_proxy translates before mod_alias."""
    assert clients.get(server.http, "/proxied/x").status == 200


def test_a_path_kept_from_the_proxy_is_redirected(server: Server) -> None:
    assert clients.get(server.http, "/kept-here/x").headers["location"] == "/there/x"


def test_a_section_redirects_what_would_go_to_the_backend(server: Server) -> None:
    assert clients.get(server.http, "/inside/x").status == 200
    reply = clients.get(server.http, "/inside/section/x")
    assert (reply.status, reply.headers["location"]) == (301, "https://elsewhere.example/out")
