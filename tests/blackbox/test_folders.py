"""DirectorySlash, DirectoryIndexRedirect and FallbackResource; files whose names tell their coding and charset."""

import gzip
import json

import pytest
from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.mounting import ROOT
from blackbox.server import Server

CONFIGURATION = f"""\
{ROOT}LoadModule wsgi_module
StartServers 1
WSGIScriptAlias /app @root/app.wsgi
AddEncoding x-gzip .gz
AddCharset utf-8 .utf8
AddLanguage de .de
<Location /slashless>
    DirectorySlash off
</Location>
<Location /unknown>
    DirectorySlash NotFound
</Location>
<Location /seeother>
    DirectoryIndexRedirect seeother
</Location>
<Location /site>
    FallbackResource /app/front
</Location>
<Location /site/static>
    FallbackResource disabled
</Location>
<Location /circle>
    FallbackResource /circle/missing
</Location>
<Location /chain>
    FallbackResource /circle/also
</Location>
<Location /forced>
    ForceType application/octet-stream
</Location>
<Location /plain>
    RemoveEncoding .gz
    AddDefaultCharset utf-8
</Location>
{ONE_HOST}"""
PAGE = b"<p>page</p>\n" * 100
APP = b"""\
import json
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    body = environ["wsgi.input"].read().decode()
    kept = {k: environ[k] for k in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "REQUEST_URI")}
    return [json.dumps({**kept, "body": body}).encode()]
"""


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(CONFIGURATION)
    (server.root / "app.wsgi").write_bytes(APP)
    for folder in ("slashless", "unknown", "seeother", "site/static", "circle", "chain", "site/folder"):
        server.write(f"{folder}/index.html", PAGE)
    (server.root / "htdocs/site/bare").mkdir()
    server.write("site/file.txt", b"file\n")
    for folder in ("", "forced/", "plain/"):
        server.write(f"{folder}packed.html.gz", gzip.compress(PAGE))
        server.write(f"{folder}a.html", PAGE)
        server.write(f"{folder}a.html.de.utf8", PAGE)
    server.write("both.html", PAGE)
    server.write("both.html.gz", gzip.compress(PAGE))
    return server.start()


def test_folders_without_a_slash(server: Server) -> None:
    assert clients.get(server.http, "/site/folder?q").headers["location"] == "/site/folder/?q"
    assert clients.get(server.http, "/slashless").status == 403
    assert clients.get(server.http, "/unknown").status == 404
    for folder in ("/slashless/", "/unknown/"):
        assert clients.get(server.http, folder).body == PAGE


def test_index_files_by_redirection(server: Server) -> None:
    reply = clients.get(server.http, "/seeother/?q")
    assert (reply.status, reply.headers["location"]) == (303, "/seeother/index.html?q")


@pytest.mark.parametrize("target", ["/site/missing?a=b", "/site/deep/er/missing?a=b", "/site/missing/?a=b"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_does_not_exist_falls_back(server: Server, target: str, method: str) -> None:
    lines = ("Content-Length: 0",) if method == "POST" else ()
    told = json.loads(clients.get(server.http, target, *lines, method=method).body)
    expected = {"REQUEST_METHOD": method, "PATH_INFO": "/front", "QUERY_STRING": "a=b", "REQUEST_URI": target}
    assert told == {**expected, "body": ""}


@pytest.mark.needs("curl")
def test_a_body_reaches_the_fallback(server: Server) -> None:
    done = clients.curl("--data", "x=1", f"http://localhost:{server.http}/site/form")
    assert json.loads(done.stdout)["body"] == "x=1"


def test_what_exists_does_not_fall_back(server: Server) -> None:
    assert clients.get(server.http, "/site/file.txt").body == b"file\n"
    assert clients.get(server.http, "/site/file.txt", method="DELETE").status == 405
    assert clients.get(server.http, "/site/file.txt/more").status == 404
    assert clients.get(server.http, "/site/folder/").body == PAGE
    assert clients.get(server.http, "/site/bare/").status == 403


def test_where_the_fallback_is_disabled_or_missing_itself(server: Server) -> None:
    assert clients.get(server.http, "/site/static/missing").status == 404
    assert clients.get(server.http, "/circle/anything").status == 404
    assert clients.get(server.http, "/circle/missing").status == 404
    assert clients.get(server.http, "/chain/missing").status == 404


def test_a_file_in_a_coding_of_its_own(server: Server) -> None:
    reply = clients.get(server.http, "/packed.html.gz")
    assert reply.headers["content-type"] == "text/html"
    assert reply.headers["content-encoding"] == "x-gzip"
    assert "vary" not in reply.headers
    assert gzip.decompress(reply.body) == PAGE
    assert "content-encoding" not in clients.get(server.http, "/plain/packed.html.gz").headers


@pytest.mark.needs("curl")
def test_curl_decodes_both_kinds_of_compressed_files(server: Server) -> None:
    for name in ("packed.html.gz", "both.html"):
        done = clients.curl("--compressed", f"http://localhost:{server.http}/{name}")
        assert done.stdout == PAGE


def test_a_copy_beside_the_file_is_negotiated_as_before(server: Server) -> None:
    packed = clients.get(server.http, "/both.html", "Accept-Encoding: gzip")
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert packed.headers["content-type"] == "text/html"
    assert clients.get(server.http, "/both.html").body == PAGE


def test_charset_language_and_forced_types(server: Server) -> None:
    reply = clients.get(server.http, "/a.html.de.utf8")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-language"] == "de"
    assert clients.get(server.http, "/plain/a.html").headers["content-type"] == "text/html; charset=utf-8"
    assert clients.get(server.http, "/a.html").headers["content-type"] == "text/html"
    assert clients.get(server.http, "/forced/a.html").headers["content-type"] == "application/octet-stream"


def test_what_is_gone_names_its_successor(new_server) -> None:
    server = new_server("DefaultType text/plain\nOptions MultiViews\n")
    checked = server.run("-t")
    assert checked.returncode == 1
    assert f"{server.place('DefaultType')}: DefaultType" in checked.stderr
    assert "ForceType" in checked.stderr
    assert f"{server.place('MultiViews')}: Options" in checked.stderr
