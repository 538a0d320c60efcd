"""Apache's recipes for mod_rewrite, word for word, with curl against a real server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.backend import backend, ok, serving
from blackbox.conftest import ServerFactory
from blackbox.mounting import APPLICATIONS, ROOT
from blackbox.server import Server
from blackbox.test_proxy_tunnels import converse, echo
from blackbox.until import until
from passlib.hash import apr_md5_crypt

pytestmark = pytest.mark.needs("curl")

# The hosts on both ports have the same rules, as with the recipe of the FAQ.
CONFIGURATION = """\
LoadModule rewrite_module
StartServers 1
<VirtualHost *:@http>
    ServerName localhost
@rules
</VirtualHost>
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
@rules
</VirtualHost>
"""

FAQ = r"""
    RewriteEngine on
    RewriteRule ^/(.*):SSL$   https://%{SERVER_NAME}/$1 [R,L]
    RewriteRule ^/(.*):NOSSL$ http://%{SERVER_NAME}/$1 [R,L]
"""


def fetched(server: Server, target: str, *options: str, tls: Path | None = None) -> tuple[int, str, bytes]:
    """Status, Location and body of what curl gets."""
    scheme, port = ("https", server.https) if tls else ("http", server.http)
    trust = ("--cacert", tls) if tls else ()
    done = clients.curl(
        "-o", "-", "-w", "\n%{http_code} %{redirect_url}", "--path-as-is", *trust, *options,
        f"{scheme}://localhost:{port}{target}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    body, _, last = done.stdout.rpartition(b"\n")
    status, _, location = last.decode().partition(" ")
    return int(status), location, body


def test_the_recipe_of_the_faq(new_server: ServerFactory, authority: Authority) -> None:
    server = new_server(CONFIGURATION, rules=FAQ)
    server.write("page.html", b"page")
    server.start()
    trust = authority.cert
    assert fetched(server, "/page.html:SSL?q=1")[:2] == (302, "https://localhost/page.html?q=1")
    assert fetched(server, "/page.html:NOSSL", tls=trust)[:2] == (302, "http://localhost/page.html")
    assert fetched(server, "/page.html")[::2] == (200, b"page")
    assert fetched(server, "/page.html", tls=trust)[::2] == (200, b"page")


def test_everything_over_tls(new_server: ServerFactory, authority: Authority) -> None:
    rules = r"""
    RewriteEngine On
    RewriteCond %{HTTPS} off
    RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
    """
    server = new_server(CONFIGURATION, rules=rules)
    server.write("a b.html", b"page")
    server.start()
    location = f"https://localhost:{server.http}/a%20b.html?q=%20"
    assert fetched(server, "/a%20b.html?q=%20")[:2] == (301, location)
    assert fetched(server, "/a%20b.html?q=%20", tls=authority.cert)[::2] == (200, b"page")


def test_one_name_for_a_host(new_server: ServerFactory) -> None:
    rules = r"""
    RewriteEngine On
    RewriteCond "%{HTTP_HOST}"   "!^www\.example\.com" [NC]
    RewriteCond "%{HTTP_HOST}"   "!^$"
    RewriteRule "^/?(.*)"        "http://www.example.com/$1" [L,R,NE]
    RewriteRule ^/robots\.txt$   - [E=robots:1,T=text/x-robots]
    """
    server = new_server(CONFIGURATION, rules=rules)
    server.write("robots.txt", b"none")
    server.start()
    assert fetched(server, "/a?b")[:2] == (302, "http://www.example.com/a?b")
    options = ("-H", "Host: WWW.example.com", "-i")
    assert b"Content-Type: text/x-robots" in fetched(server, "/robots.txt", *options)[2]


def test_hotlinks_and_robots(new_server: ServerFactory) -> None:
    rules = r"""
    RewriteEngine On
    RewriteCond "%{HTTP_REFERER}" "!^$"
    RewriteCond "%{HTTP_REFERER}" "!www.example.com" [NC]
    RewriteRule "\.(gif|jpg|png)$"    "-"   [F,NC]
    RewriteCond "%{HTTP_USER_AGENT}" "^NameOfBadRobot"
    RewriteRule "^/secret/files/"   "-" [F]
    """
    server = new_server(CONFIGURATION, rules=rules)
    for name in ("a.png", "secret/files/x"):
        server.write(name, b"x")
    server.start()
    assert fetched(server, "/a.png")[0] == 200
    assert fetched(server, "/a.png", "-e", "http://www.example.com/")[0] == 200
    assert fetched(server, "/a.png", "-e", "http://other.example/")[0] == 403
    assert fetched(server, "/secret/files/x")[0] == 200
    assert fetched(server, "/secret/files/x", "-A", "NameOfBadRobot/1")[0] == 403


def test_names_of_files_and_of_urls(new_server: ServerFactory) -> None:
    """The client's URL stays: what it ends in need not be what the file's name ends in."""
    rules = r"""
    RewriteEngine On
    RewriteRule ^/old/$ /new/page.html [L]
    RewriteRule ^/folder$ /new/ [L]
    RewriteRule ^/folder/(.*)$ /new/$1 [L]
    RewriteRule ^/far/(.*)$ @root/conf/$1 [L]
    <Location /old>
        Header set X-Section old
    </Location>
    <Location /new>
        Header set X-Section new
    </Location>
    """
    text = "LoadModule headers_module\n" + CONFIGURATION.replace("@rules", rules)
    server = new_server(text)
    server.write("new/page.html", b"page")
    server.write("new/index.html", b"index")
    (server.root / "conf/x.txt").write_text("far")
    server.start()
    assert fetched(server, "/old/")[::2] == (200, b"page")
    assert clients.get(server.http, "/old/").headers["x-section"] == "old"
    assert fetched(server, "/folder")[:2] == (301, f"http://localhost:{server.http}/folder/")
    assert fetched(server, "/folder/")[::2] == (200, b"index")
    assert fetched(server, "/folder/page.html")[::2] == (200, b"page")
    assert fetched(server, "/far/x.txt")[::2] == (200, b"far")
    assert fetched(server, "/far/../../../etc/passwd")[0] == 400
    assert fetched(server, "/far/%2e%2e/logs/error_log")[0] == 404


FRONT = """\
LoadModule rewrite_module
LoadModule wsgi_module
StartServers 1
%s
WSGIPythonPath @applications
WSGIApplication /front plain:application
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
</VirtualHost>
<Directory @root/htdocs>
    RewriteEngine On
    RewriteCond %%{REQUEST_FILENAME} !-f
    RewriteCond %%{REQUEST_FILENAME} !-d
    RewriteRule ^(.*)$ /front/$1 [QSA,L]
</Directory>
"""


def test_a_front_controller(new_server: ServerFactory) -> None:
    server = new_server(FRONT % ROOT, applications=APPLICATIONS)
    server.write("style.css", b"css")
    server.write("folder/index.html", b"index")
    server.start()
    assert fetched(server, "/style.css")[::2] == (200, b"css")
    assert fetched(server, "/folder/")[::2] == (200, b"index")
    status, _, body = fetched(server, "/environ/any%20thing?q=1")
    assert status == 200
    assert b'"PATH_INFO": "/environ/any thing"' in body
    assert b'"QUERY_STRING": "q=1"' in body
    assert b'"SCRIPT_NAME": "/front"' in body
    assert fetched(server, "/echo", "-d", "a body")[::2] == (200, b"a body")


def test_another_server_by_a_rule(new_server: ServerFactory) -> None:
    seen: list[bytes] = []
    with backend(serving(lambda _head: ok(), seen)) as back:
        rules = f"""
    RewriteEngine on
    RewriteRule ^/app/(.*)$ http://127.0.0.1:{back}/$1 [P]
    RewriteRule ^/secret/(.*)$ https://127.0.0.1:{back}/$1 [P]
    RewriteRule ^/any/([0-9.]+)$ http://$1:{back}/ [P]
    RewriteRule ^/odd/(.*)$ http://$1/ [P]
    """
        server = new_server("LoadModule proxy_module\n" + CONFIGURATION, rules=rules).start()
        status, _, _ = fetched(server, "/app/a%20b%3Fc?q=1", "-H", "X-Forwarded-For: 192.0.2.9", "-d", "body")
        assert status == 200
        assert seen[0].startswith(b"POST /a%20b%3Fc?q=1 HTTP/1.1\r\n")
        assert b"x-forwarded-for: 127.0.0.1\r\n" in seen[0].lower()
        assert b"192.0.2.9" not in seen[0]
        assert fetched(server, "/any/127.0.0.1")[0] == 200
        assert fetched(server, "/secret/x")[0] == 502
        server.logged("SSLProxyEngine")
        assert fetched(server, "/odd/%0d%0ax")[0] == 502
        server.logged("is not the URL of a server")


def test_a_websocket_by_a_rule(new_server: ServerFactory) -> None:
    with backend(echo) as back:
        rules = f"""
    RewriteEngine on
    RewriteCond %{{HTTP:Upgrade}} websocket [NC]
    RewriteCond %{{HTTP:Connection}} upgrade [NC]
    RewriteRule ^/?(.*) "ws://127.0.0.1:{back}/$1" [P,L]
    """
        server = new_server("LoadModule proxy_module\n" + CONFIGURATION, rules=rules)
        server.write("page", b"page")
        server.start()
        assert fetched(server, "/page")[::2] == (200, b"page")
        with clients.connect(server.http) as sock:
            converse(sock)


def test_a_map_that_changes(new_server: ServerFactory) -> None:
    rules = (
        "RewriteEngine on\nRewriteMap pages txt:@root/conf/pages\nRewriteRule ^/(\\w+)$ ${pages:$1|/none} [R]"
    )
    server = new_server(CONFIGURATION, rules="")
    pages = server.root / "conf/pages"
    pages.write_text("a /first\n")
    server.configure(CONFIGURATION.replace("@rules", rules))
    server.start()

    def location() -> str:
        return clients.get(server.http, "/a").headers["location"]

    assert location() == "/first"
    pages.with_suffix(".new").write_text("a /second\n")
    os.replace(pages.with_suffix(".new"), pages)  # noqa: PTH105
    until(lambda: location() == "/second", "the map is read again", 20)
    pages.unlink()
    server.logged("cannot be read again: No such file")
    assert location() == "/second"


def test_who_the_user_will_be(new_server: ServerFactory) -> None:
    """The look-ahead of Apache's manual: which user a later phase will find."""
    rules = r"""
    <Location />
        AuthType Basic
        AuthName users
        AuthUserFile @root/conf/users
        Require valid-user
    </Location>
    RewriteEngine On
    RewriteCond %{LA-U:REMOTE_USER} (.+)
    RewriteRule ^/home/(.*)$ /users/%1/$1 [PT]
    """
    modules = "LoadModule auth_basic_module\nLoadModule authz_module\n"
    server = new_server(modules + CONFIGURATION.replace("@rules", rules))
    server.write("users/ann/page", b"ann's")
    users = server.root / "conf/users"
    users.write_text(f"ann:{apr_md5_crypt.hash('word')}\n")
    users.chmod(0o644)
    server.start()
    assert fetched(server, "/home/page", "-u", "ann:word")[::2] == (200, b"ann's")
    assert fetched(server, "/home/page", "-u", "ann:wrong")[0] == 401
