"""Header: what curl and others get with pages, errors, redirections, and what others have made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.backend import Backend, backend, serving
from blackbox.clients import Reply
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, PLAIN
from blackbox.server import Server

HSTS = "max-age=63072000"
CONFIGURATION = (
    PLAIN
    + """\
LoadModule headers_module
LoadModule proxy_module
LoadModule authz_module
LoadModule rewrite_module
RewriteEngine on
RewriteRule ^/agent/hello/(.+) - [E=REST:$1]
WSGIApplication /agent plain:application
Header always set Strict-Transport-Security "max-age=63072000"
Header set X-Frame-Options DENY
Header set X-Where "server host" early
Header append X-Where server
Redirect /old http://elsewhere.example/
ErrorDocument 410 /gone.html
Redirect gone /gone
ProxyPass /app http://127.0.0.1:@backend
<Location /away>
    Redirect 403
    ErrorDocument 403 http://elsewhere.example/forbidden
</Location>
<Directory @root/htdocs/inner>
    Header append X-Where directory
    Header unset X-Frame-Options
</Directory>
<Files *.txt>
    Header append X-Where file
    Header set X-Big yes "expr=%{REQUEST_STATUS} == '200' && %{CONTENT_TYPE} == 'text/plain'"
</Files>
<Location /inner/secret>
    Header append X-Where location
    Header always set X-Why "expr=%{REQUEST_URI} is not for %{HTTP_USER_AGENT}"
    Require all denied
</Location>
<Location /app>
    Header edit Location ^http://127.0.0.1:[0-9]+/ https://www.example.com/
    Header edit* Set-Cookie "(?i); *(secure|httponly)" ""
    Header edit Set-Cookie $ "; Secure; HttpOnly"
    Header unset X-Powered-By
    Header note X-Trace trace
    Header unset X-Trace
    Header merge Vary Cookie
</Location>
<Location /agent>
    Header echo ^X-Echo
    Header set X-Agent "%{HTTP_USER_AGENT}s"
    Header set X-Rest "<%{REST}e>" env=REST
    Header add X-Query "expr=%{unescape:%{QUERY_STRING}}"
    Header edit X-Query ^a(.*) "b$1 %{QUERY_STRING}s"
</Location>
CustomLog logs/traces "%U %{trace}n %{X-Trace}o"
"""
    + ONE_HOST
)


@pytest.fixture(scope="module")
def back() -> Iterator[Backend]:
    with backend(serving(reply)) as server:
        yield server


def reply(head: bytes) -> bytes:
    status = head.split()[1].rpartition(b"/")[2]
    return (
        b"HTTP/1.1 %b Fine\r\nX-Powered-By: magic\r\nX-Trace: t1\r\nSet-Cookie: a=1; secure\r\nVary: Accept\r\n"
        b"Set-Cookie: b=2; HttpOnly; Path=/\r\nLocation: http://127.0.0.1:81/next\r\nContent-Length: 2\r\n\r\nok"
    ) % status


@pytest.fixture(scope="module")
def server(new_module_server, back: Backend) -> Server:
    server = new_module_server(CONFIGURATION, applications=APPLICATIONS, backend=back)
    server.write("a.html", b"page")
    server.write("a.txt", b"text")
    server.write("gone.html", b"it is gone")
    server.write("inner/b.html", b"page")
    server.write("inner/c.txt", b"page")
    server.write("inner/secret/d.txt", b"page")
    return server.start()


def get(server: Server, target: str, *lines: str, method: str = "GET") -> Reply:
    return clients.get(server.http, target, *lines, method=method)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page(server: Server, method: str):
    fields = get(server, "/a.html", method=method).headers
    assert fields["strict-transport-security"] == HSTS
    assert fields["x-frame-options"] == "DENY"
    assert fields["x-where"] == "server host, server"


def test_a_page_that_is_unchanged(server: Server):
    unchanged = get(server, "/a.html", "If-None-Match: *")
    assert unchanged.status == 304
    assert unchanged.headers["strict-transport-security"] == HSTS
    assert unchanged.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("target", "status", "method", "lines"),
    [
        ("/none", 404, "GET", []),
        ("/gone", 410, "GET", []),
        ("/old/x", 302, "GET", []),
        ("/inner", 301, "GET", []),
        ("/away", 302, "GET", []),
        ("/inner/secret/d.txt", 403, "GET", []),
        ("/a.html", 405, "PUT", []),
        ("/a.html", 416, "GET", ["Range: bytes=9-"]),
        ("/a.html", 412, "GET", ["If-Match: nothing"]),
        ("/plain/raise/before", 500, "GET", []),
        ("*", 400, "GET", []),
        ("/a.html", 400, "GET", ["Broken : field"]),
        ("/a.html", 417, "GET", ["Expect: much"]),
    ],
)  # fmt: skip
def test_what_the_server_makes_in_place_of_what_was_asked_for(
    server: Server, target: str, status: int, method: str, lines: list[str]
):
    answer = get(server, target, *lines, method=method)
    assert answer.status == status
    assert answer.headers["strict-transport-security"] == HSTS
    assert "x-frame-options" not in answer.headers
    assert "x-where" not in answer.headers


def test_the_text_of_an_error_document(server: Server):
    assert get(server, "/gone").body == b"it is gone"


def test_http_on_the_tls_port(server: Server):
    answer = clients.get(server.https, "/a.html")
    assert answer.status == 400
    assert answer.headers["strict-transport-security"] == HSTS


def test_sections_come_after_what_is_outside(server: Server):
    fields = get(server, "/inner/c.txt").headers
    assert fields["x-where"] == "server host, server, directory, file"
    assert fields["x-big"] == "yes"
    assert "x-frame-options" not in fields
    assert "x-big" not in get(server, "/inner/c.txt", "If-None-Match: *").headers
    assert get(server, "/inner/b.html").headers["x-where"] == "server host, server, directory"


def test_an_expression_on_a_page_of_an_error(server: Server):
    fields = get(server, "/inner/secret/d.txt", "User-Agent: me").headers
    assert fields["x-why"] == "/inner/secret/d.txt is not for me"


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_what_a_backend_has_made(server: Server, status: int):
    answer = get(server, f"/app/{status}")
    assert answer.status == status
    fields = answer.headers
    assert fields["x-frame-options"] == "DENY"
    assert fields["strict-transport-security"] == HSTS
    assert fields["location"] == "https://www.example.com/next"
    assert fields["set-cookie"] == "a=1; Secure; HttpOnly, b=2; Path=/; Secure; HttpOnly"
    assert fields["vary"] == "Accept, Cookie"
    assert not {"x-powered-by", "x-trace"} & fields.keys()
    assert server.logged(f"/app/{status}", "traces") == f"/app/{status} t1 -"


def test_what_an_application_has_made(server: Server):
    assert get(server, "/plain/hello").headers["x-frame-options"] == "DENY"
    answer = get(server, "/plain/status?404%20Nothing")
    assert (answer.status, answer.body) == (404, b"hello")
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.needs("curl")
def test_curl_over_tls(server: Server, authority: Authority):
    url = f"https://localhost:{server.https}"
    for target, status in (("/a.html", b"200"), ("/none", b"404")):
        done = clients.curl("--cacert", authority.cert, "--include", url + target)
        assert done.stdout.startswith(b"HTTP/1.1 " + status)
        assert done.stdout.count(b"\r\nStrict-Transport-Security: max-age=63072000\r\n") == 1


# --- response splitting ---


@pytest.mark.parametrize(
    "hostile",
    [
        b"a\x01b",
        b"a\x0bb",
        b"a\x7fb",
        b"a\tb",
        b"\xc3\xa4\xff",
        b"%0d%0aSet-Cookie: x=1",
        b"\\r\\nSet-Cookie: x=1",
        b"$1 %{HTTP_HOST}s %{HTTP_HOST}",
    ],
    ids=["x01", "x0b", "x7f", "tab", "bytes", "encoded", "escaped", "formats"],
)
def test_a_hostile_user_agent(server: Server, hostile: bytes):
    """Either it is no request, or it stays within its field."""
    request = (
        b"GET /agent/hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\nUser-Agent: %b\r\nX-Echo-1: %b\r\n\r\n"
    )
    answer = clients.parse(clients.exchange(server.http, request % (hostile, hostile)))
    assert "set-cookie" not in answer.headers
    shown = hostile.replace(b"\t", b" ").decode("latin-1")
    if answer.status == 400:
        assert "x-agent" not in answer.headers
    else:
        assert answer.headers["x-agent"] == shown
        assert answer.headers["x-echo-1"] in (shown, hostile.decode("latin-1"))


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r"], ids=["crlf", "lf", "cr"])
def test_line_ends_in_a_user_agent(server: Server, line_end: bytes):
    request = b"GET /agent/hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\nUser-Agent: a%b b%bSet-Cookie: x=1\r\n\r\n"
    answer = clients.parse(clients.exchange(server.http, request % (line_end, line_end)))
    assert answer.status == 400
    assert "set-cookie" not in answer.headers


def test_what_was_encoded_in_a_query(server: Server):
    query = "a%0d%0aSet-Cookie:%20x=1%01%7f"
    answer = get(server, f"/agent/hello?{query}")
    assert answer.body == b"hello"
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-query"] == f"b  Set-Cookie: x=1 {query}"


def test_what_was_encoded_in_a_path(server: Server):
    answer = get(server, "/agent/hello/a%0d%0aSet-Cookie:%20x=1%01%c3%bc%ff")
    assert answer.body == b"hello"
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-rest"] == "<a  Set-Cookie: x=1 \xc3\xbc\xff>"
    assert "x-rest" not in get(server, "/agent/hello").headers


# --- mistakes ---


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Header set Content-Length 5", "Header: Content-Length is the server's own"),
        ("RequestHeader set X-DN %{SSL_CLIENT_DN_CN_NO}s", "RequestHeader: no module that is loaded has a variable"),
        ("Header set X a b", "Header: condition must be early, env=[!]name or expr=expression, not 'b'"),
        ("Header edit X ( b", "Header: '(' is not a regular expression"),
        ("ExpiresDefault access plus 1 day", "ExpiresDefault: what has blanks goes in quotes"),
        ("ExpiresByType text/html tomorrow", "ExpiresByType: 'tomorrow' is no time"),
        ("<Location />\nHeader set X a early\n</Location>", "Header: early is for the server"),
    ],
    ids=["framing", "variable", "condition", "expression", "words", "time", "early"],
)  # fmt: skip
def test_a_bad_line_is_shown_with_its_place(new_server, line: str, problem: str):
    server: Server = new_server(f"LoadModule headers_module\nLoadModule expires_module\n{line}\n")
    done = server.run("-t")
    assert done.returncode == 1
    place = server.place("early" if "early" in line else line)
    assert f"{place}: {problem}" in done.stderr
    assert "Traceback" not in done.stderr
