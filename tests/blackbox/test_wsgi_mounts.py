"""Where applications are mounted, and what goes elsewhere all the same; and the standard library's judge of servers."""

from __future__ import annotations

import json

import pytest
from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, ROOT, WAYS, messages
from blackbox.server import Server

CONFIGURATION = f"""\
{ROOT}LoadModule wsgi_module
LoadModule welcome_module
LoadModule authz_module
WSGIPythonPath @applications
WSGIApplication / where:first
WSGIApplication /shop where:Holder.second
WSGIApplication /shop/made/ where:Holder.make()
WSGIScriptAlias /shop/script @applications/where.wsgi
WSGIApplication /caf\xe9 where:first
Alias /shop/static htdocs/static
Redirect /shop/old http://elsewhere.test/
<Location /shop/welcome>
    SetHandler welcome
</Location>
<Location /shop/files>
    SetHandler default-handler
</Location>
<Location /shop/closed>
    Require all denied
</Location>
<Files where.wsgi>
    ErrorDocument 403 "the script's own page"
    Require expr %{{REQUEST_URI}} != "/shop/script/closed"
</Files>
<VirtualHost *:@http>
    ServerName localhost
</VirtualHost>
<VirtualHost *:@http>
    ServerName other.test
    WSGIApplication /shop where:first
</VirtualHost>
{ONE_HOST}"""


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    made = new_module_server(CONFIGURATION, applications=APPLICATIONS)
    made.write("static/file.txt", b"static")
    made.write("shop/files/file.txt", b"a file")
    return made.start()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", ["first", "", "/"]),
        ("/a/b", ["first", "", "/a/b"]),
        ("/shopping", ["first", "", "/shopping"]),
        ("/shop", ["second", "/shop", ""]),
        ("/shop/", ["second", "/shop", "/"]),
        ("/shop/x/../y//z", ["second", "/shop", "/y/z"]),
        ("/shop/made", ["made", "/shop/made", ""]),
        ("/shop/made/1", ["made", "/shop/made", "/1"]),
        ("/shop/script", ["script", "/shop/script", ""]),
        ("/shop/script/a%20b", ["script", "/shop/script", "/a b"]),
        ("/caf%C3%A9/cr%C3%A8me", ["first", "/caf\xc3\xa9", "/cr\xc3\xa8me"]),
    ],
)
def test_the_longest_mount_has_the_request(server: Server, path: str, answer: list[str]) -> None:
    assert json.loads(clients.get(server.http, path).body) == answer


def test_a_virtual_host_has_its_own_and_the_server_s(server: Server) -> None:
    for path, answer in (
        ("/shop/x", ["first", "/shop", "/x"]),
        ("/shop/made/x", ["made", "/shop/made", "/x"]),
        ("/x", ["first", "", "/x"]),
    ):
        assert json.loads(clients.get(server.http, path, host="other.test").body) == answer


def test_what_goes_elsewhere(server: Server) -> None:
    assert clients.get(server.http, "/shop/static/file.txt").body == b"static"
    assert clients.get(server.http, "/shop/old").headers["location"] == "http://elsewhere.test/"
    assert b"prefork_ssl" in clients.get(server.http, "/shop/welcome").body
    assert clients.get(server.http, "/shop/files/file.txt").body == b"a file"
    assert clients.get(server.http, "/shop/closed/x").status == 403


def test_sections_about_the_script(server: Server) -> None:
    reply = clients.get(server.http, "/shop/script/closed")
    assert (reply.status, reply.body) == (403, b"the script's own page")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("WSGIApplication /a where:first", "/a has an application already, by"),
        ("WSGIApplication b where:first", "URL path must begin with one '/', unlike 'b'"),
        ("WSGIApplication /b where", "'where' is not module:callable (for example app:application"),
        ("WSGIApplication /b where:first.", "'where:first.' is not module:callable"),
        ("WSGIApplication /b where:make(1)", "'where:make(1)' is not module:callable"),
        ("WSGIApplication /b", "takes URL-path module:callable, and was given 1 argument"),
        ("WSGIScriptAlias /b no/such.wsgi", "no/such.wsgi does not exist or cannot be reached"),
        ("WSGIScriptAlias /b conf", "conf is a directory, not a file"),
        ("WSGIPythonPath conf:no/such", "no/such does not exist or cannot be reached"),
        ("WSGIThreads many", "must be a whole number, not 'many'"),
        ("WSGIMonkeyPatch maybe", "must be on|off, not 'maybe'"),
    ],
)
def test_mistakes_in_the_configuration(new_server, line: str, problem: str) -> None:
    text = f"{ROOT}LoadModule wsgi_module\nWSGIPythonPath @applications\nWSGIApplication /a where:first\n"
    server = new_server(f"{text}{line}\n{ONE_HOST}", applications=APPLICATIONS)
    done = server.run("-t")
    assert done.returncode == 1
    (told,) = [each for each in done.stderr.splitlines() if "warning" not in each]
    number = len(server.configuration_file.read_text().rpartition(f"\n{line}\n")[0].splitlines()) + 1
    assert told.startswith(f"prefork-ssl: {server.configuration_file}:{number}: {line.split()[0]}: ")
    assert problem in told


@pytest.mark.parametrize("way", WAYS)
def test_wsgiref_validate(new_server, way: str) -> None:
    text = f"{ROOT}LoadModule wsgi_module\nStartServers 1\nWSGIPythonPath @applications\n"
    server = new_server(
        f"{text}WSGIApplication /v validated:application\n{WAYS[way]}{ONE_HOST}", applications=APPLICATIONS
    ).start()
    assert clients.get(server.http, "/v/").body.startswith(b"1\r\n.\r\n")
    assert clients.get(server.http, "/v/", method="HEAD").status == 200
    assert clients.get(server.http, "/v?x=y", "Content-Type: text/plain").status == 200
    assert b"one " in clients.get(server.http, "/v/write").body
    for framing, body in (
        ("Content-Length: 10", b"ab\ncd\nefgh"),
        ("Transfer-Encoding: chunked", b"3\r\nab\n\r\n0\r\n\r\n"),
    ):
        for path in ("/v/", "/v/lines"):
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{framing}\r\n\r\n"
            reply = clients.parse(clients.exchange(server.http, head.encode() + body))
            assert reply.status == 200
            assert b"ab\n" in reply.body
    assert [message.head for message in messages(server) if "Assertion" in str(message)] == []
    assert server.logged("validated")
