"""Ways around sections that let nobody in: none of them leads to what is there."""

import gzip
import re

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.server import Server

SECRET = b"not for anybody"

CONFIGURATION = (
    ONE_HOST.replace("SSLEngine on", "SSLEngine on\n    RewriteEngine on\n    RewriteOptions Inherit")
    + """\
LoadModule authz_module
LoadModule rewrite_module
LoadModule autoindex_module
LoadModule proxy_module
DocumentRoot logs/../htdocs
AliasMatch ^/pages(.*)$ @root/data/$1
AliasMatch ^/other(.*)$ @root/data$1
Alias /data/ @root/data
Alias /everything /
RewriteEngine on
RewriteRule ^/made(.*)$ @root/data/$1 [L]
RewriteRule ^/below(.*)$ %{DOCUMENT_ROOT}/list$1 [L]
RewriteRule ^/passed(.*)$ http://127.0.0.1:1/pages/$1 [P]
RewriteRule ^/port(.*)$ http://127.0.0.1:1$1 [P]
ProxyPassMatch ^/matched(.*)$ http://127.0.0.1:1/pages/$1
RewriteRule ^/sent(.*)$ /location/$1 [PT]
<Directory @root/data/secret>
    Require all denied
</Directory>
<Location /location>
    Require all denied
</Location>
<Location /list>
    Options Indexes
</Location>
<Location /list/all>
    IndexOptions ShowForbidden
</Location>
<LocationMatch ^/list/(all/)?private>
    Require all denied
</LocationMatch>
<FilesMatch \\.gz$>
    Require all denied
</FilesMatch>
"""
)


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(CONFIGURATION)
    for folder in ("../data", "../data/secret", "location"):
        server.write(f"{folder}/page.txt", SECRET if folder != "../data" else b"for all")
    server.write("file.txt", b"for all")
    for name in ("page.txt", "other.gz", "private/page.txt", "private.txt", "all/private.txt"):
        server.write(f"list/{name}", b"")
    server.write("file.txt.gz", gzip.compress(SECRET))
    return server.start()


@pytest.mark.parametrize(
    "target",
    [
        "/pages/secret/page.txt",
        "/pages./secret/page.txt",
        "/pages/secret",
        "/pages/secret/",
        "/other/secret/page.txt",
        "/data/secret/page.txt",
        "/data//secret/page.txt",
        "/data/./secret/page.txt",
        "/data/x/../secret/page.txt",
        "/data/%73ecret/page.txt",
        "/everything@root/data/secret/page.txt",
        "/everything/@root/data/secret/page.txt",
        "/made/secret/page.txt",
        "/made./secret/page.txt",
        "/sent/page.txt",
        "/sent./page.txt",
        "/location/page.txt",
        "//location/page.txt",
        "/./location/page.txt",
        "/%6cocation/page.txt",
        "http://localhost//location/page.txt",
        "http://other.test/location/page.txt",
        "/file.txt.gz",
    ],
)
def test_denied(server: Server, authority: Authority, target: str) -> None:
    target = target.replace("@root", str(server.root))
    assert clients.get(server.http, target).status == 403
    assert clients.tls_get(server.https, clients.tls_context(authority.cert), target).status == 403


@pytest.mark.parametrize("target", ["/pages../server.conf", "/pages../conf/server.conf", "/data../conf"])
def test_nobody_climbs_out_of_what_an_alias_leads_to(server: Server, target: str) -> None:
    assert clients.get(server.http, target).status == 404


@pytest.mark.parametrize("target", ["/made../conf/server.conf", "/passed../x", "/matched../x"])
def test_nor_out_of_what_a_rule_leads_to(server: Server, target: str) -> None:
    assert clients.get(server.http, target).status == 400


@pytest.mark.parametrize(
    "target", ["/port@other.test/x", "/port2/x", "/port.other.test/x", "/passed/x", "/matched/x"]
)
def test_rules_choose_the_server(server: Server, target: str) -> None:
    """Nobody listens there."""
    assert clients.get(server.http, target).status == 503
    assert "http://127.0.0.1:1 " in server.logged(f"GET {target} ")


def test_a_folder_may_have_a_roundabout_name(server: Server) -> None:
    assert clients.get(server.http, "/below/page.txt").status == 200


@pytest.mark.parametrize("target", ["/pages/page.txt", "/other/page.txt", "/data/page.txt", "/made/page.txt"])
def test_what_lies_beside_is_there(server: Server, target: str) -> None:
    assert clients.get(server.http, target).body == b"for all"


def test_a_compressed_copy_that_nobody_may_have(server: Server) -> None:
    """It does not come in place of the file either."""
    reply = clients.get(server.http, "/file.txt", "Accept-Encoding: gzip")
    assert (reply.status, reply.body) == (200, b"for all")
    assert "content-encoding" not in reply.headers


def test_a_listing_shows_what_may_be_asked_for(server: Server, authority: Authority) -> None:
    page = clients.get(server.http, "/list/").body
    assert shown(page) == ["all/", "page.txt"]
    assert b"1 folder, 1 file" in page
    assert clients.tls_get(server.https, clients.tls_context(authority.cert), "/list/").body == page
    assert clients.get(server.http, "/list/?C=S;O=D").status == 200
    assert shown(clients.get(server.http, "/list/?P=private*").body) == []


def test_or_everything(server: Server) -> None:
    assert shown(clients.get(server.http, "/list/all/").body) == ["private.txt"]


def shown(page: bytes) -> list[str]:
    """The names of the entries."""
    links = re.findall(rb'<a href="([^"?]+)">', page.partition(b"<table")[2])
    return [link.decode() for link in links if link != b"../"]
