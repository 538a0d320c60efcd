"""Options Indexes on a real server: pages by curl, over TLS, for a browser, and of a folder that is huge."""

import os
import threading
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.server import Server
from unit.modules.autoindex.pages import Page

CONFIGURATION = (
    "LoadModule autoindex_module\nLoadModule authz_module\nStartServers 1\nMaxKeepAliveRequests 0\n"
    + ONE_HOST
    + """\
DirectoryIndex index.html
Options Indexes
AliasMatch ^/many/?$ @root/many/
Alias /elsewhere @root/many
<Directory @root/htdocs/closed>
    Options -Indexes
</Directory>
<Directory @root/htdocs/denied>
    Require all denied
</Directory>
<Files secret.txt>
    Require all denied
</Files>
<Location /told>
    HeaderName HEADER.html
    ReadmeName /readme.txt
    IndexIgnore HEADER.*
</Location>
<Location /told/secrets>
    HeaderName secret.txt
    ReadmeName no-such-file
</Location>
"""
)


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(CONFIGURATION)
    for name in (
        "index/index.html",
        "index/other",
        "list/a b&c.txt",
        "list/secret.txt",
        "list/sub/x",
        "closed/x",
    ):
        server.write(name, b"content\n")
    server.write("denied/x", b"")
    server.write("told/HEADER.html", b"<p id=above>Above</p>")
    server.write("told/secrets/secret.txt", b"not for everybody")
    server.write("readme.txt", b"Below <b>")
    for name in (
        b"<script>document.title='taken'</script>".replace(b"/", b"\\"),
        b"\xff.txt",
        b'"x',
        b"javascript:x",
    ):
        path = os.path.join(os.fsencode(server.root / "htdocs/hostile"), name)  # noqa: PTH118
        (server.root / "htdocs/hostile").mkdir(exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    (server.root / "many").mkdir()
    for number in range(20_000):
        (server.root / "many" / f"{number:05}").touch()
    return server.start()


def page(server: Server, target: str) -> Page:
    reply = clients.get(server.http, target)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return Page(reply.body)


def test_an_index_file_comes_first(server: Server) -> None:
    assert clients.get(server.http, "/index/").body == b"content\n"


def test_the_listing_leads_to_its_files(server: Server) -> None:
    listed = page(server, "/list/?C=N;O=A")
    assert [link for link, _name, _cells in listed.rows] == ["../", "sub/", "a%20b%26c.txt"]
    assert clients.get(server.http, f"/list/{listed.rows[2][0]}").body == b"content\n"
    assert page(server, "/list/sub/").names == ["x"]
    assert clients.get(server.http, "/list").headers["location"] == "/list/"


def test_top_has_no_parent(server: Server) -> None:
    assert "../" not in [link for link, _name, _cells in page(server, "/").rows]


def test_what_is_denied_is_not_shown(server: Server) -> None:
    assert "secret.txt" not in page(server, "/list/").names
    assert clients.get(server.http, "/list/secret.txt").status == 403
    assert clients.get(server.http, "/denied/").status == 403


def test_without_the_option_the_folder_is_forbidden(server: Server) -> None:
    assert clients.get(server.http, "/closed/").status == 403
    server.logged("no index file (index.html)")


def test_without_the_module_too(new_server) -> None:
    server = new_server("Options Indexes\n" + ONE_HOST)
    server.write("list/a", b"")
    assert clients.get(server.start().http, "/list/").status == 403


def test_files_above_and_below(server: Server) -> None:
    body = clients.get(server.http, "/told/").body.decode()
    assert "<header>\n<p id=above>Above</p>\n</header>" in body
    assert "<footer>\n<pre>Below &lt;b&gt;</pre>\n</footer>" in body
    assert "HEADER" not in body


def test_files_that_the_client_may_not_see_are_not_put_in(server: Server) -> None:
    reply = clients.get(server.http, "/told/secrets/")
    assert reply.status == 200
    assert b"not for everybody" not in reply.body
    assert b"<header>" not in reply.body
    assert b"<footer>" not in reply.body


@pytest.mark.needs("curl")
def test_curl_over_tls_and_again_by_its_etag(server: Server, authority, tmp_path: Path) -> None:
    url = f"https://localhost:{server.https}/list/"
    etags, out = tmp_path / "etags", tmp_path / "out"
    common = ("--cacert", authority.cert, "--write-out", "%{http_code}", "--output", out)
    first = clients.curl(*common, "--etag-save", etags, url)
    assert first.stdout == b"200"
    assert Page(out.read_bytes()).names == ["sub/", "a b&c.txt"]
    assert clients.curl(*common, "--etag-compare", etags, url).stdout == b"304"
    since = clients.curl(*common, "--time-cond", "Thu, 01 Jan 2037 00:00:00 GMT", url)
    assert since.stdout == b"304"


@pytest.mark.needs("chromium")
def test_a_browser_shows_hostile_names_as_text(server: Server, rsa_pair, ecdsa_pair, tmp_path: Path) -> None:
    browser = clients.Chromium(tmp_path, rsa_pair, ecdsa_pair)
    dom = browser.dom(f"https://localhost:{server.https}/hostile/")
    assert "<title>Index of /hostile/</title>" in dom
    assert "&lt;script&gt;" in dom
    assert "<script" not in dom


def test_a_huge_folder_holds_nobody_up(server: Server) -> None:
    """Small requests on another connection are answered many times while one worker reads 20,000 entries."""
    done = threading.Event()
    answered = 0

    def watch() -> None:
        nonlocal answered
        with clients.connect(server.http) as sock:
            while not done.is_set():
                sock.sendall(b"GET /list/sub/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
                data = b""
                while not data.endswith(b"content\n"):
                    more = sock.recv(4096)
                    if not more:
                        return
                    data += more
                answered += 1

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        listed = page(server, "/elsewhere/?C=S;O=D;page=20")
    finally:
        done.set()
        watcher.join(20)
    assert listed.names[0] == "00999"
    assert len(listed.names) == 1000
    assert answered > 10
