"""Flask, Django, FastAPI through a2wsgi, and WsgiDAV, unchanged: what they do with requests of all kinds.

Each of them runs in greenlets and in threads.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
import requests
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, ROOT, WAYS, messages
from blackbox.server import Server
from blackbox.until import until

CONFIGURATION = f"""\
{ROOT}LoadModule wsgi_module
LoadModule authz_module
LoadModule auth_basic_module
StartServers 1
WSGIPythonPath @applications
WSGIApplication /flask flask_site:application
WSGIApplication /django django_site:application
WSGIApplication /dav dav:application
<Location /flask/user>
    AuthType Basic
    AuthName "the shop"
    AuthUserFile conf/users
    Require valid-user
</Location>
{ONE_HOST}"""
# htpasswd -bns jane secret
USERS = "jane:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
LARGE = bytes(range(256)) * (3 << 12)  # 3 MB
DIGEST = hashlib.sha256(LARGE).hexdigest()


# An event loop of asyncio that runs in a greenlet seems to run in all greenlets of the thread, which Django minds: so
# FastAPI has a server of its own.
FASTAPI = f"""\
{ROOT}LoadModule wsgi_module
StartServers 1
WSGIPythonPath @applications
WSGIApplication /fastapi fastapi_site:application
{ONE_HOST}"""


@pytest.fixture(scope="module", params=["greenlets", "threads"])
def way(request: pytest.FixtureRequest) -> str:
    return WAYS[request.param]


@pytest.fixture(scope="module")
def server(new_module_server, way: str) -> Server:
    made = new_module_server(CONFIGURATION + way, applications=APPLICATIONS)
    (made.root / "conf/users").write_text(USERS)
    folder = made.root / "dav"
    folder.mkdir()
    folder.chmod(0o777)
    with mock.patch.dict(os.environ, DAV_FOLDER=str(folder)):
        return made.start()


@pytest.fixture(scope="module")
def fastapi_server(new_module_server, way: str) -> Server:
    return new_module_server(FASTAPI + way, applications=APPLICATIONS).start()


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


def port(server: Server, scheme: str) -> int:
    return server.http if scheme == "http" else server.https


@pytest.fixture
def base(server: Server, scheme: str) -> str:
    return f"{scheme}://localhost:{port(server, scheme)}"


@pytest.fixture
def fastapi(fastapi_server: Server, scheme: str) -> str:
    return f"{scheme}://localhost:{port(fastapi_server, scheme)}/fastapi"


@pytest.fixture(params=["flask", "django", "fastapi"])
def site(base: str, fastapi: str, request: pytest.FixtureRequest) -> str:
    return fastapi if request.param == "fastapi" else f"{base}/{request.param}"


@pytest.fixture
def session(authority: Authority) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.verify = str(authority.cert)
        made.trust_env = False
        yield made


def in_pieces(data: bytes) -> Iterator[bytes]:
    """requests sends what an iterator gives in chunks."""
    return (data[start : start + 50000] for start in range(0, len(data), 50000))


# --- all of them ---


def test_they_know_where_they_are(session: requests.Session, site: str) -> None:
    base, _, name = site.rpartition("/")
    wanted = {
        "flask": f"<p>at /flask/, {base}/flask/</p>",
        "django": f"{base}/x {base.startswith('https')} /django/ /",
        "fastapi": f'{{"url":"{base}/fastapi/","client":"127.0.0.1"}}',
    }
    assert session.get(f"{site}/").text == wanted[name]


def test_three_megabytes_by_length(session: requests.Session, site: str) -> None:
    assert session.post(f"{site}/digest", data=LARGE).text.strip('"') == DIGEST


def test_streams(session: requests.Session, site: str) -> None:
    with session.get(f"{site}/count?to=50", stream=True) as reply:
        assert reply.headers["transfer-encoding"] == "chunked"
        assert list(reply.iter_lines()) == [b"%d" % number for number in range(50)]


def test_head_and_unknown_paths(session: requests.Session, site: str) -> None:
    reply = session.head(f"{site}/")
    assert (reply.status_code, reply.content) in ((200, b""), (405, b""))
    assert session.get(f"{site}/no/such/page").status_code == 404


# --- some of them ---


def test_three_megabytes_in_chunks(session: requests.Session, base: str) -> None:
    """Django and a2wsgi read as much as Content-Length says, so nothing here."""
    assert session.post(f"{base}/flask/digest", data=in_pieces(LARGE)).text == DIGEST


@pytest.mark.parametrize("name", ["flask", "django"])
def test_uploads(session: requests.Session, base: str, name: str) -> None:
    reply = session.post(f"{base}/{name}/form", data={"name": "J\xfcrgen"}, files={"file": ("a.bin", LARGE)})
    assert reply.json() == {"name": "J\xfcrgen", "file": "a.bin", "size": len(LARGE)}


@pytest.mark.parametrize("name", ["flask", "django"])
def test_files_on_disk(server: Server, session: requests.Session, base: str, name: str) -> None:
    path = server.write("large.bin", LARGE)
    reply = session.get(f"{base}/{name}/disk", params={"path": str(path)})
    assert (reply.content, reply.headers["content-length"]) == (LARGE, str(len(LARGE)))


# --- each of them ---


def test_flask(server: Server, session: requests.Session, base: str) -> None:
    for data, length in ((LARGE, str(len(LARGE))), (in_pieces(LARGE), "None")):
        reply = session.post(f"{base}/flask/echo", data=data)
        assert (reply.content == LARGE, reply.headers["x-length"]) == (True, length)
    part = session.get(f"{base}/flask/file", headers={"Range": "bytes=255-257"})
    assert (part.status_code, part.content) == (206, b"\xff\x00\x01")
    unchanged = session.get(f"{base}/flask/file", headers={"If-None-Match": '"abc"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert [session.get(f"{base}/flask/visits").text for _ in range(3)] == ["1", "2", "3"]
    assert session.get(f"{base}/flask/moved").url == f"{base}/flask/"
    assert session.get(f"{base}/flask/missing").status_code == 404


def test_flask_logs_its_mistakes(server: Server, session: requests.Session, base: str) -> None:
    before = len(messages(server))
    assert session.get(f"{base}/flask/mistake").status_code == 500
    found = until(lambda: [each.head for each in messages(server)[before:]], "Flask's own message")
    assert "ERROR in app: Exception on /mistake [GET]" in found[0]
    assert session.get(f"{base}/flask/").status_code == 200


def test_the_server_knows_the_user(session: requests.Session, base: str) -> None:
    assert session.get(f"{base}/flask/user").status_code == 401
    assert session.get(f"{base}/flask/user", auth=("jane", "secret")).text == "jane None"


def test_django(session: requests.Session, base: str) -> None:
    assert session.get(f"{base}/django/items").json() == ["pear", "apple"]
    assert session.get(f"{base}/django/memory").content == b"in memory" * 10000
    assert session.get(f"{base}/django/", headers={"Host": "evil.test"}).status_code in (400, 421)
    assert session.get(f"{base}/django/mistake").status_code == 500


def test_fastapi(session: requests.Session, fastapi: str) -> None:
    assert session.get(f"{fastapi}/blocking").json() == "done"
    reply = session.post(f"{fastapi}/items", json={"name": "apple", "price": 1.5})
    assert reply.json() == {"name": "APPLE", "price": 3.0}
    assert session.post(f"{fastapi}/items", json={"name": "apple"}).status_code == 422


def test_webdav(server: Server, session: requests.Session, base: str) -> None:
    top = f"{base}/dav"
    folder = f"{top}/{base.partition(':')[0]}"
    assert "1,2" in session.options(f"{top}/").headers["dav"]
    assert session.request("MKCOL", folder).status_code == 201
    assert session.put(f"{folder}/a b.bin", data=LARGE).status_code == 201
    assert session.put(f"{folder}/b.bin", data=in_pieces(LARGE)).status_code == 201
    assert session.get(f"{folder}/b.bin").content == LARGE
    assert session.get(f"{folder}/b.bin", headers={"Range": "bytes=1-2"}).content == LARGE[1:3]
    listing = session.request("PROPFIND", folder, headers={"Depth": "1"})
    assert listing.status_code == 207
    assert listing.text.count("<ns0:href>") == listing.text.count("</ns0:href>") == 3
    assert "/a%20b.bin" in listing.text
    copied = session.request("COPY", f"{folder}/b.bin", headers={"Destination": f"{folder}/c.bin"})
    assert copied.status_code == 201
    moved = session.request("MOVE", f"{folder}/c.bin", headers={"Destination": f"{folder}/d.bin"})
    assert moved.status_code == 201
    lock = (
        '<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
        "<locktype><write/></locktype><owner>me</owner></lockinfo>"
    )
    locked = session.request("LOCK", f"{folder}/d.bin", data=lock, headers={"Depth": "0"})
    token = locked.headers["lock-token"]
    assert session.put(f"{folder}/d.bin", data=b"not mine").status_code == 423
    assert session.put(f"{folder}/d.bin", data=b"mine", headers={"If": f"({token})"}).status_code == 204
    assert session.request("UNLOCK", f"{folder}/d.bin", headers={"Lock-Token": token}).status_code == 204
    assert session.get(f"{folder}/d.bin").content == b"mine"
    assert session.delete(folder).status_code == 204
    assert session.get(f"{folder}/d.bin").status_code == 404


@pytest.mark.needs("curl")
def test_curl_waits_for_continue(server: Server, authority: Authority, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(LARGE)
    url = f"https://localhost:{server.https}/flask/digest"
    done = clients.curl(
        "--cacert", authority.cert, "-H", "Expect: 100-continue", "--data-binary", f"@{file}", "-v", url
    )
    assert b"< HTTP/1.1 100 Continue" in done.stderr
    assert done.stdout.decode() == DIGEST
