"""What variables do further on: in applications, in access control, to compressed copies, to connections."""

from __future__ import annotations

import gzip
import json
import os
import ssl
from unittest import mock

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, PLAIN
from blackbox.server import Server

# As it stands in configurations of Apache.
BY_EXPRESSION = r'SetEnvIfExpr "%{QUERY_STRING} =~ /id=(\d+)/" ID=$1'

CONFIGURATION = f"""\
{PLAIN}\
LoadModule setenvif_module
LoadModule env_module
LoadModule authz_module
LoadModule auth_basic_module
SetEnvIf User-Agent ".*MSIE.*" nokeepalive ssl-unclean-shutdown downgrade-1.0 force-response-1.0
SetEnvIf X-Name "^(.*)$" name=$1
{BY_EXPRESSION}
SetEnvIf Host "^" gone
SetEnvIf Host "^" !gone
SetEnv SITE main
SetEnv COLOUR blue
PassEnv PASSED NOT_PASSED
BrowserMatch NoGzip no-gzip
<Location /plain/environ/inner>
    SetEnv COLOUR red
    UnsetEnv SITE
    SetEnvIf name "^(.)" initial=$1
</Location>
<Location /once>
    SetEnv nokeepalive
</Location>
<Location /any>
    SetEnvIf X-Key "^open sesame$" let-in
    AuthType Basic
    AuthName "any"
    AuthUserFile conf/users
    Satisfy any
    Require env let-in
</Location>
{ONE_HOST}"""


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    made = new_module_server(CONFIGURATION, applications=APPLICATIONS)
    (made.root / "conf/users").write_text("")
    for name in ("any/page.txt", "once/page.txt", "page.txt"):
        made.write(name, b"plain\n")
    made.write("page.txt.gz", gzip.compress(b"packed\n"))
    with mock.patch.dict(os.environ, PASSED="from outside"):
        os.environ.pop("NOT_PASSED", None)
        return made.start()


def environ(server: Server, path: str, *lines: str) -> dict[str, str]:
    return json.loads(clients.get(server.http, path, *lines).body)


def test_applications_find_variables_in_environ(server: Server) -> None:
    told = environ(server, "/plain/environ", "X-Name: M\xc3\xbcller")
    assert (told["SITE"], told["COLOUR"], told["PASSED"]) == ("main", "blue", "from outside")
    assert told["name"] == "M\xc3\xbcller"  # octets, as PEP 3333 has it
    assert not {"gone", "initial", "NOT_PASSED", "no-gzip"} & told.keys()


def test_a_part_of_what_an_expression_has_found(server: Server) -> None:
    assert environ(server, "/plain/environ?id=42&x")["ID"] == "42"
    assert "ID" not in environ(server, "/plain/environ?id=x")


def test_sections_change_what_holds_outside(server: Server) -> None:
    told = environ(server, "/plain/environ/inner", "X-Name: Ada")
    assert (told["COLOUR"], told["name"], told["initial"]) == ("red", "Ada", "A")
    assert "SITE" not in told


def old_browser(server: Server, authority: Authority, target: str) -> bytes:
    """All that a browser gets which does not ask for the connection's end, and is not told of it by TLS."""
    asked = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/2.0 (MSIE 3.0)\r\n\r\n".encode()
    pieces: list[bytes] = []
    with clients.tls(server.https, clients.tls_context(authority.cert), seconds=30) as sock:
        sock.sendall(asked * 2)
        with pytest.raises(ssl.SSLEOFError):
            pieces.extend(iter(lambda: sock.recv(65536), b""))
    return b"".join(pieces)


def test_the_recipe_and_a_response_of_unknown_length(server: Server, authority: Authority) -> None:
    head, _, body = old_browser(server, authority, "/plain/generator").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"chunked" not in head
    assert b"\r\nConnection: close" in head
    assert body == b"ab"


def test_the_recipe_and_interim_responses(server: Server, authority: Authority) -> None:
    data = old_browser(server, authority, "/plain/hints")
    assert data.startswith(b"HTTP/1.0 200 OK\r\n")
    assert data.count(b"HTTP/1.") == 1


def test_the_recipe_and_errors(server: Server, authority: Authority) -> None:
    data = old_browser(server, authority, "/missing")
    assert data.startswith(b"HTTP/1.0 404 Not Found\r\n")
    assert data.count(b"HTTP/1.") == 1


def test_a_variable_that_is_set_late_ends_the_connection_too(server: Server) -> None:
    asked = b"GET /once/page.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = clients.exchange(server.http, asked * 2)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 200") == 1


def test_compressed_copies_are_not_for_all(server: Server) -> None:
    accepted = ("Accept-Encoding: gzip",)
    assert clients.get(server.http, "/page.txt", *accepted).headers["content-encoding"] == "gzip"
    reply = clients.get(server.http, "/page.txt", *accepted, "User-Agent: NoGzip/1")
    assert reply.body == b"plain\n"
    assert "content-encoding" not in reply.headers
    assert reply.headers["vary"] == "Accept-Encoding"


def test_looking_at_a_request_lets_nobody_in(server: Server) -> None:
    """With Satisfy any, one phase of access control that has no objection is enough: this is none of them."""
    assert clients.get(server.http, "/any/page.txt").status == 403
    assert clients.get(server.http, "/any/page.txt", "X-Key: open sesame").status == 200


def test_what_cannot_be_passed_is_told(server: Server) -> None:
    line = server.logged("PassEnv NOT_PASSED")
    assert server.place("PassEnv") in line
    assert "[env:warn]" in line
    assert "PassEnv PASSED" not in server.log()
    tested = server.run("-t")
    assert tested.returncode == 0
    assert f"{server.place('PassEnv')}: PassEnv NOT_PASSED: " in tested.stdout + tested.stderr
