"""Files as HTTP: what a request may ask of them, and what it must not reach."""

import gzip
import os
import re
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import quote

import pytest
from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.server import Server

BODY = bytes(range(256)) * 40
STYLE = b"p { color: black }\n" * 50
SECRET = b"outside of DocumentRoot"

CONFIGURATION = (
    ONE_HOST
    + """\
DirectoryIndex index.html
<Directory @root/htdocs/links>
    Options FollowSymLinks
</Directory>
"""
)


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(CONFIGURATION)
    server.write("file.bin", BODY)
    server.write("a b/ü%.txt", b"a name with everything\n")
    server.write("site.css", STYLE)
    server.write("site.css.gz", gzip.compress(STYLE))
    server.write("folder/index.html", b"<p>index\n")
    server.write("bare/nothing.txt", b"no index here\n")
    server.write("links/real.txt", b"real\n")
    (server.root / "secret.txt").write_bytes(SECRET)
    for folder in ("links", "bare"):
        (server.root / "htdocs" / folder / "link.txt").symlink_to(server.root / "secret.txt")
    (server.root / "htdocs/private.txt").write_bytes(b"mode 000")
    (server.root / "htdocs/private.txt").chmod(0)
    os.mkfifo(server.root / "htdocs/pipe")
    return server.start()


# --- what it is ---


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("file.bin", "application/octet-stream"), ("site.css", "text/css"), ("folder/", "text/html")],
)
def test_type_length_and_validators(server: Server, name: str, content_type: str) -> None:
    reply = clients.get(server.http, f"/{name}")
    assert reply.status == 200
    assert reply.headers["content-type"].partition(";")[0] == content_type
    assert reply.headers["content-length"] == str(len(reply.body))
    assert re.fullmatch(r'(W/)?"[^"]+"', reply.headers["etag"])
    assert parsedate_to_datetime(reply.headers["last-modified"])
    assert parsedate_to_datetime(reply.headers["date"])


def test_head_is_get_without_the_body(server: Server) -> None:
    head, get = (clients.get(server.http, "/file.bin", method=method) for method in ("HEAD", "GET"))
    assert head.status == 200
    assert head.body == b""
    assert get.body == BODY
    ignored = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in get.headers.items() if k not in ignored
    }


def test_a_name_with_spaces_percent_and_letters_of_any_script(server: Server) -> None:
    assert clients.get(server.http, "/" + quote("a b/ü%.txt")).body == b"a name with everything\n"


def test_a_folder_without_slash_leads_to_the_one_with_it(server: Server) -> None:
    reply = clients.get(server.http, "/folder?a=b")
    assert reply.status == 301
    assert reply.headers["location"].endswith("/folder/?a=b")


@pytest.mark.parametrize("target", ["/bare/", "/none.txt", "/file.bin/more", "/folder/none/"])
def test_what_is_not_there(server: Server, target: str) -> None:
    assert clients.get(server.http, target).status in (403, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "BREW"])
def test_files_cannot_be_changed(server: Server, method: str) -> None:
    reply = clients.get(server.http, "/file.bin", "Content-Length: 0", method=method)
    assert reply.status in (405, 501)
    if reply.status == 405:
        assert "GET" in reply.headers["allow"]


def test_options(server: Server) -> None:
    reply = clients.get(server.http, "/file.bin", method="OPTIONS")
    assert reply.status in (200, 204)
    assert {"GET", "HEAD", "OPTIONS"} <= set(re.split(", *", reply.headers["allow"]))


@pytest.mark.skipif(os.geteuid() != 0, reason="the owner of the file would read it")
def test_a_file_that_the_worker_may_not_read(server: Server) -> None:
    assert clients.get(server.http, "/private.txt").status == 403


def test_a_pipe_is_no_file_and_blocks_nobody(server: Server) -> None:
    assert clients.get(server.http, "/pipe").status in (403, 404)
    assert clients.get(server.http, "/file.bin").status == 200


# --- parts of it ---


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-0", 0, 0),
        ("1-99", 1, 99),
        ("10000-", 10000, 10239),
        ("-7", 10233, 10239),
        ("10239-99999", 10239, 10239),
    ],
)
def test_one_range(server: Server, asked: str, first: int, last: int) -> None:
    reply = clients.get(server.http, "/file.bin", f"Range: bytes={asked}")
    assert reply.status == 206
    assert reply.headers["content-range"] == f"bytes {first}-{last}/{len(BODY)}"
    assert reply.body == BODY[first : last + 1]


def test_several_ranges(server: Server) -> None:
    reply = clients.get(server.http, "/file.bin", "Range: bytes=0-1,100-103,-2")
    assert reply.status == 206
    kind, _, boundary = reply.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    assert reply.headers["content-length"] == str(len(reply.body))
    first, *parts, last = reply.body.split(f"--{boundary.strip(chr(34))}".encode())
    assert not first.strip()
    assert last.strip() == b"--"
    bodies = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts]
    assert bodies == [BODY[0:2], BODY[100:104], BODY[-2:]]
    assert b"bytes 100-103/10240" in parts[1]


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=-0", "bytes=99999-100000"])
def test_a_range_beyond_the_end(server: Server, asked: str) -> None:
    reply = clients.get(server.http, "/file.bin", f"Range: {asked}")
    assert reply.status == 416
    assert reply.headers["content-range"] == f"bytes */{len(BODY)}"


@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=a-b", "lines=1-2", "bytes", "bytes=", "bytes=1-2-3"])
def test_a_range_that_is_none_is_ignored(server: Server, asked: str) -> None:
    reply = clients.get(server.http, "/file.bin", f"Range: {asked}")
    assert (reply.status, reply.body) == (200, BODY)


def test_very_many_ranges_do_not_multiply_the_answer(server: Server) -> None:
    ranges = ",".join("0-" for _ in range(1000))
    reply = clients.get(server.http, "/file.bin", f"Range: bytes={ranges}")
    assert reply.status in (200, 206, 416)
    assert len(reply.body) < 2 * len(BODY)


def test_if_range(server: Server) -> None:
    etag = clients.get(server.http, "/file.bin").headers["etag"]
    same = clients.get(server.http, "/file.bin", "Range: bytes=0-1", f"If-Range: {etag}")
    other = clients.get(server.http, "/file.bin", "Range: bytes=0-1", 'If-Range: "other"')
    assert (same.status, same.body) == (206, BODY[:2])
    assert (other.status, other.body) == (200, BODY)


# --- whether it changed ---


def test_conditions_on_the_etag(server: Server) -> None:
    etag = clients.get(server.http, "/file.bin").headers["etag"]
    answers = {
        f"If-None-Match: {etag}": 304,
        f'If-None-Match: "other", {etag}': 304,
        "If-None-Match: *": 304,
        'If-None-Match: "other"': 200,
        f"If-Match: {etag}": 200,
        "If-Match: *": 200,
        'If-Match: "other"': 412,
    }
    assert {line: clients.get(server.http, "/file.bin", line).status for line in answers} == answers


def test_conditions_on_the_date(server: Server) -> None:
    modified = clients.get(server.http, "/file.bin").headers["last-modified"]
    long_ago = formatdate(0, usegmt=True)
    answers = {
        f"If-Modified-Since: {modified}": 304,
        f"If-Modified-Since: {long_ago}": 200,
        "If-Modified-Since: not a date": 200,
        f"If-Unmodified-Since: {modified}": 200,
        f"If-Unmodified-Since: {long_ago}": 412,
    }
    assert {line: clients.get(server.http, "/file.bin", line).status for line in answers} == answers


def test_not_modified_has_no_body_and_keeps_the_validators(server: Server) -> None:
    etag = clients.get(server.http, "/file.bin").headers["etag"]
    reply = clients.get(server.http, "/file.bin", f"If-None-Match: {etag}")
    assert (reply.status, reply.body) == (304, b"")
    assert reply.headers["etag"] == etag


# --- its packed sibling ---


def test_the_gzip_sibling_for_those_who_accept_it(server: Server) -> None:
    packed = clients.get(server.http, "/site.css", "Accept-Encoding: gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"].partition(";")[0] == "text/css"
    assert gzip.decompress(packed.body) == STYLE


@pytest.mark.parametrize("accepted", [(), ("Accept-Encoding: br",), ("Accept-Encoding: gzip;q=0",)])
def test_the_file_itself_for_the_others(server: Server, accepted: tuple[str, ...]) -> None:
    plain = clients.get(server.http, "/site.css", *accepted)
    assert "content-encoding" not in plain.headers
    assert plain.body == STYLE


def test_caches_are_told_what_it_depends_on(server: Server) -> None:
    plain = clients.get(server.http, "/site.css")
    packed = clients.get(server.http, "/site.css", "Accept-Encoding: gzip")
    assert "accept-encoding" in plain.headers["vary"].lower()
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert plain.headers["etag"] != packed.headers["etag"]


# --- and nothing else ---


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/folder/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/.%2e/secret.txt",
        "/%252e%252e/secret.txt",
        "/folder/%2e%2e/%2e%2e/secret.txt",
        "//../secret.txt",
        "/./../secret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/folder/..;/secret.txt",
        "/%00/../secret.txt",
        "/file.bin%00.txt",
        "/%",
        "/%zz",
        "/%2",
        "http://localhost/../secret.txt",
        "../secret.txt",
        "/bare/link.txt",
        "/bare/link.txt/",
    ],
)
def test_no_target_leads_out_of_document_root(server: Server, target: str) -> None:
    reply = clients.get(server.http, target)
    assert reply.status in (400, 403, 404), reply
    assert SECRET not in reply.body


def test_symbolic_links_where_they_are_allowed(server: Server) -> None:
    assert clients.get(server.http, "/links/link.txt").body == SECRET


def test_an_error_page_escapes_what_the_client_sent(server: Server) -> None:
    reply = clients.get(server.http, "/<script>alert(1)</script>%3Cscript%3E")
    assert reply.status in (400, 404)
    assert b"<script>" not in reply.body
    assert reply.headers["content-type"].startswith("text/html")
