"""RequestHeader: what applications and servers behind this one are told, and what nobody else can tell them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.backend import Backend, backend, ok, serving
from blackbox.client_certificates import Wallet, name
from blackbox.mounting import APPLICATIONS, PLAIN
from blackbox.server import Server
from blackbox.talking import Talk, client_context
from blackbox.visitors import VERSIONS, Visitor
from cryptography.hazmat.primitives.serialization import Encoding

LINES = """\
RequestHeader set X-Client-DN "%{SSL_CLIENT_S_DN}s"
RequestHeader set X-Client-CN "%{SSL_CLIENT_S_DN_CN}s"
RequestHeader set X-Expr "expr=<%{SSL_CLIENT_S_DN_CN}> %{SSL_CLIENT_VERIFY}"
RequestHeader set SSL_CLIENT_CERT "%{SSL_CLIENT_CERT}s"
RequestHeader set SSL-Client-Verify "%{SSL_CLIENT_VERIFY}s" early
RequestHeader set X-Forwarded-Proto https env=HTTPS
RequestHeader set X-Standard "%{SSL_CLIENT_S_DN_CN}e"
RequestHeader append X-Agent "seen by us"
RequestHeader edit* X-Agent [<>] ""
RequestHeader unset X-Internal
RequestHeader unset Proxy early
RequestHeader edit X-Slow "^(?=(a|aa)+$)" ""
RequestHeader setifempty X-Role guest
RequestHeader set X-Admin yes "expr=%{SSL_CLIENT_S_DN_CN} == 'admin'"
RequestHeader unset X-Admin "expr=%{SSL_CLIENT_S_DN_CN} != 'admin'"
"""
CONFIGURATION = (
    PLAIN
    + """\
LoadModule headers_module
LoadModule proxy_module
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    SSLOptions +StdEnvVars
    ProxyPass /app http://127.0.0.1:@backend/
"""
    + LINES
    + """\
</VirtualHost>
<VirtualHost *:@https>
    ServerName later.test
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    ProxyPass /app http://127.0.0.1:@backend/
    RequestHeader set X-Client-CN "%{SSL_CLIENT_S_DN_CN}s"
    <Location /app/who>
        SSLVerifyClient require
    </Location>
</VirtualHost>
<VirtualHost *:@http>
    ServerName localhost
    ProxyPass /app http://127.0.0.1:@backend/
    ErrorDocument 404 /plain/environ
    ProxyPass /moved/index.html http://127.0.0.1:@backend/moved/index.html
    <LocationMatch ^/moved/$>
        RequestHeader set X-Moving there
    </LocationMatch>
    <Location /moved/index.html>
        RequestHeader add X-Moved there
    </Location>
    <Location /broken>
        RequestHeader set X-File "expr=%{file:/nowhere/at/all}"
    </Location>
"""
    + LINES
    + """\
</VirtualHost>
"""
)
PLACES = pytest.mark.parametrize("place", ["/plain/environ", "/app"], ids=["application", "backend"])


@pytest.fixture(scope="module")
def seen() -> list[bytes]:
    return []


@pytest.fixture(scope="module")
def back(seen: list[bytes]) -> Iterator[Backend]:
    with backend(serving(lambda _head: ok(), seen)) as server:
        yield server


@pytest.fixture(scope="module")
def server(new_module_server, back: Backend, wallet: Wallet) -> Iterator[Server]:
    server = new_module_server(
        CONFIGURATION, applications=APPLICATIONS, backend=back, ca=wallet.root.file
    ).start()
    yield server
    assert "Traceback" not in server.log()


class Place:
    """An application or a backend, and what it is told."""

    def __init__(self, path: str, seen: list[bytes]) -> None:
        self.path = path
        self._seen = seen

    def told(self, visitor: Visitor, *lines: str) -> dict[str, str]:
        """The fields of a request over TLS, by their names in lower case with hyphens."""
        self._seen.clear()
        return self._fields(visitor.get(self.path, *lines))

    def told_plainly(self, port: int, *lines: str) -> dict[str, str]:
        """Of one in the clear."""
        self._seen.clear()
        return self._fields(clients.get(port, self.path, *lines))

    def _fields(self, reply: clients.Reply) -> dict[str, str]:
        assert reply.status == 200
        if self._seen:
            lines = self._seen[0].decode("latin-1").split("\r\n")[1:-2]
            pairs = [line.split(": ", 1) for line in lines]
        else:
            environ = json.loads(reply.body)
            pairs = [[name[5:], value] for name, value in environ.items() if name.startswith("HTTP_")]
        names = [name.lower().replace("_", "-") for name, _ in pairs]
        assert len(set(names)) == len(names), "the same field twice"
        return {name: value for name, (_, value) in zip(names, pairs, strict=True)}


@pytest.fixture
def asked(place: str, seen: list[bytes]) -> Place:
    return Place(place, seen)


@PLACES
@VERSIONS
def test_who_the_client_is(
    server: Server, authority: Authority, wallet: Wallet, asked: Place, version
) -> None:
    told = asked.told(Visitor(server, authority, wallet.ok, version))
    assert told["x-client-dn"] == "CN=ok,O=Clients,C=DE"
    assert told["x-client-cn"] == told["x-standard"] == "ok"
    assert told["x-expr"] == "<ok> SUCCESS"
    assert told["ssl-client-verify"] == "SUCCESS"
    assert told["x-forwarded-proto"] == "https"
    assert told["ssl-client-cert"] == wallet.ok.certificate.public_bytes(Encoding.PEM).decode().replace(
        "\n", " "
    ).strip(" ")


FORGED = (
    "X-Client-DN: CN=admin",
    "X-Client-CN: admin",
    "X_Client_DN: CN=admin",
    "SSL-Client-Cert: forged",
    "SSL_CLIENT_CERT: forged",
    "SSL-Client-Verify: SUCCESS",
    "SSL-Client-S-DN: CN=admin",
    "X-Admin: yes",
    "X-Internal: secret",
    "x-INTERNAL: twice",
    "X-Expr: forged",
    "X-Standard: forged",
    "Proxy: http://evil.example/",
)


@PLACES
def test_a_client_that_pretends(server: Server, authority: Authority, asked: Place) -> None:
    """The administrator's fields are there, the client's copies are not, and what has no value says so."""
    told = asked.told(Visitor(server, authority), *FORGED)
    assert told["x-client-dn"] == told["x-client-cn"] == told["ssl-client-cert"] == "(null)"
    assert told["x-expr"] == "<> NONE"
    assert told["ssl-client-verify"] == "NONE"
    assert told["x-standard"] == "(null)"
    assert not {"ssl-client-s-dn", "x-admin", "x-internal", "proxy"} & told.keys()


@PLACES
def test_a_client_in_the_clear_that_pretends(server: Server, asked: Place) -> None:
    told = asked.told_plainly(server.http, *FORGED, "X-Forwarded-Proto: https")
    assert told["x-client-dn"] == told["ssl-client-cert"] == told["ssl-client-verify"] == "(null)"
    assert not {"ssl-client-s-dn", "x-admin", "x-internal", "proxy"} & told.keys()
    if asked.path == "/app":
        assert told["x-forwarded-proto"] == "http"


@PLACES
def test_a_client_that_names_our_fields_as_those_of_its_connection(
    server: Server, authority: Authority, wallet: Wallet, asked: Place
) -> None:
    options = "Connection: close, X-Client-DN, X-Forwarded-Proto, SSL-Client-Cert"
    told = asked.told(Visitor(server, authority, wallet.ok), options)
    assert told["x-client-dn"] == "CN=ok,O=Clients,C=DE"
    assert told["x-forwarded-proto"] == "https"
    assert told["ssl-client-cert"].startswith("-----BEGIN")


@PLACES
def test_fields_of_the_client_that_are_changed(server: Server, asked: Place) -> None:
    told = asked.told_plainly(server.http, "X-Agent: <b>", "X-Role: user")
    assert told["x-agent"] == "b, seen by us"
    assert told["x-role"] == "user"
    assert asked.told_plainly(server.http)["x-role"] == "guest"


@VERSIONS
def test_a_client_that_shows_its_certificate_later(
    server: Server, authority: Authority, wallet: Wallet, version, seen: list[bytes]
) -> None:
    seen.clear()
    context = client_context(authority.cert, wallet.ok, version)
    with Talk(server.https, context, "later.test") as talk:
        for target in ("/app/1", "/app/who", "/app/2"):
            assert talk.get(target, "X-Client-CN: admin").body == b"ok"
    names = [re.findall(rb"x-client-cn: ([^\r]*)", head) for head in seen]
    assert names == [[b"(null)"], [b"ok"], [b"ok"]]


def test_a_request_that_is_handed_on_is_changed_once(server: Server, seen: list[bytes]) -> None:
    """/moved/ has an index file, which the proxy has in its care. What a section says holds only where it leads."""
    seen.clear()
    server.write("moved/index.html", b"")
    assert clients.get(server.http, "/moved/", "X-Agent: a").body == b"ok"
    (head,) = seen
    assert head.startswith(b"GET /moved/index.html ")
    assert head.count(b"\r\nx-agent: a, seen by us\r\n") == 1
    assert b"x-moved: there\r\n" in head
    assert b"x-moving" not in head


# --- hostile certificates ---

HOSTILE = {
    "line breaks": "a\r\nX-Admin: yes\r\n\r\nGET /evil HTTP/1.1",
    "nul": "admin\0.evil",
    "controls": "a\x1b[31m\x7f\x01\tb",
    "formats": "%{SSL_CLIENT_VERIFY}s $1 %t",
    "letters": "Gr\xeate \u0141 \u20ac",
}
SHOWN = {
    "line breaks": "a\\0D\\0AX-Admin: yes\\0D\\0A\\0D\\0AGET /evil HTTP/1.1",
    "nul": "admin\\00.evil",
    "controls": "a\\1B[31m\\7F\\01\\09b",
    "formats": "%{SSL_CLIENT_VERIFY}s $1 %t",
    "letters": "Gr\xeate \u0141 \u20ac".encode().decode("latin-1"),
}


@pytest.fixture(params=sorted(HOSTILE))
def hostile(request: pytest.FixtureRequest, wallet: Wallet) -> tuple[Pair, str]:
    """A certificate, and its common name as it may be shown."""
    kind = request.param
    return wallet.root.client(f"hostile-{kind.replace(' ', '-')}", name(HOSTILE[kind])), SHOWN[kind]


@PLACES
def test_a_name_cannot_bring_a_field(
    server: Server, authority: Authority, asked: Place, hostile: tuple[Pair, str], seen: list[bytes]
) -> None:
    pair, shown = hostile
    told = asked.told(Visitor(server, authority, pair))
    assert told["x-client-cn"] == told["x-standard"] == shown
    assert told["x-expr"] == f"<{shown}> SUCCESS"
    assert "x-admin" not in told
    assert len(seen) <= 1
    for value in told.values():
        assert not any(ord(character) < 0x20 or ord(character) == 0x7F for character in value)


# --- what cannot be worked out ---


def test_a_request_does_not_go_on_without_a_field(server: Server, seen: list[bytes]) -> None:
    seen.clear()
    answer = clients.get(server.http, "/broken", "X-File: forged")
    assert answer.status == 500
    assert not seen
    line = server.logged("RequestHeader at")
    assert "headers:error" in line
    assert "'/nowhere/at/all' cannot be read" in line


def test_a_field_that_takes_too_long_is_refused(server: Server, seen: list[bytes]) -> None:
    seen.clear()
    assert clients.get(server.http, "/app", f"X-Slow: {'a' * 100}!").status == 400
    assert not seen
    assert clients.get(server.http, "/app", "X-Slow: aaa").status == 200


def test_an_error_document_is_told_too(server: Server) -> None:
    answer = clients.get(server.http, "/nothing", *FORGED)
    assert answer.status == 404
    environ = json.loads(answer.body)
    assert environ["HTTP_SSL_CLIENT_VERIFY"] == environ["HTTP_X_CLIENT_DN"] == "(null)"
    assert environ["HTTP_SSL_CLIENT_CERT"] == "(null)"
    assert "HTTP_X_INTERNAL" not in environ
