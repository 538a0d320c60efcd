"""The configuration that comes with the server, started as scripts/run does: somebody's files on both ports at once."""

from __future__ import annotations

import html
import re
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Pair
from blackbox.server import PROGRAM, Server

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shipped(new_module_server):
    """A copy of conf/ with a certificate of its own, and its ports moved."""

    def new(*options: str) -> Server:
        server = new_module_server("")
        shutil.rmtree(server.root / "conf")
        shutil.copytree(CHECKOUT / "conf", server.root / "conf", ignore=shutil.ignore_patterns("server.*"))
        subprocess.run(
            [
                *(PROGRAM.with_name("prefork-ssl-cert"), "dummy", "--host", "localhost", "127.0.0.1"),
                *("--cert", certificate(server).cert, "--key", certificate(server).key),
            ],
            check=True,
            capture_output=True,
        )
        server.configuration_file = server.root / "conf/prefork_ssl.conf"
        server.pid_file = server.root / "logs/prefork_ssl.pid"
        server.options = ["-D", f"HTTP_PORT={server.http}", "-D", f"HTTPS_PORT={server.https}", *options]
        return server

    return new


@pytest.fixture(scope="module")
def welcoming(shipped) -> Server:
    return shipped().start()


def certificate(server: Server) -> Pair:
    return Pair(server.root / "conf/ssl.crt/server.crt", server.root / "conf/ssl.key/server.key")


def facts(page: str) -> dict[str, str]:
    """What the page says of the connection."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def test_the_page_says_how_this_connection_is_protected(welcoming: Server) -> None:
    context = clients.tls_context(certificate(welcoming).cert)
    for most in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        context.maximum_version = most
        with clients.tls(welcoming.https, context) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            page = facts(clients.parse(clients.drain(sock)).body.decode())
            assert page["Protocol"] == sock.version()
            assert page["Cipher"] == sock.cipher()[0]
            assert page["Session"].startswith("new")


def test_the_page_knows_a_resumed_session(welcoming: Server) -> None:
    context = clients.tls_context(certificate(welcoming).cert)
    session = None
    said = []
    for _ in range(2):
        with clients.connect(welcoming.https) as raw:
            sock = context.wrap_socket(raw, server_hostname="localhost", session=session)
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            said.append(
                facts(clients.parse(clients.drain(sock)).body.decode())["Session"].split()[0].strip(":")
            )
            session = sock.session
    assert said == ["new", "resumed"]


def test_over_http_it_says_that_nothing_is_protected(welcoming: Server) -> None:
    page = clients.get(welcoming.http, "/").body.decode()
    assert not facts(page)
    assert "not encrypted" in page
    assert f"https://localhost:{welcoming.https}/" in page


@pytest.mark.needs("chromium")
def test_a_browser_shows_the_page(welcoming: Server, tmp_path: Path) -> None:
    browser = clients.Chromium(tmp_path, certificate(welcoming))
    page = facts(browser.dom(f"https://localhost:{welcoming.https}/"))
    assert page["Protocol"] == "TLSv1.3"
    assert page["Cipher"].startswith("TLS_")
    picture = tmp_path / "page.png"
    browser.screenshot(f"https://localhost:{welcoming.https}/", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_folder_named_on_the_command_line_is_served(shipped, tmp_path_factory) -> None:
    server = shipped()
    folder = server.root / "mine"
    folder.mkdir()
    (folder / "index.html").write_bytes(b"<p>mine\n")
    (folder / ".git").mkdir()
    (folder / ".git/config").write_bytes(b"secret")
    server.options += ["-D", f"DOCUMENT_ROOT={folder}"]
    server.start()
    context = clients.tls_context(certificate(server).cert)
    assert clients.get(server.http, "/").body == b"<p>mine\n"
    assert clients.tls_get(server.https, context).body == b"<p>mine\n"
    assert clients.get(server.http, "/.git/config").status == 404


def test_its_syntax_is_right_and_nothing_is_warned_of(welcoming: Server) -> None:
    done = welcoming.run("-t")
    assert (done.returncode, done.stderr.strip().splitlines()[-1:]) == (0, ["Syntax OK"])
    assert "warn" not in welcoming.log()
    assert "error" not in welcoming.log()
