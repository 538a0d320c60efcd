"""What a Flask application is told of TLS and of the client, by the options of its locations; and that nobody can tell
it such things but the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.backend import Backend, backend, ok, serving
from blackbox.client_certificates import Wallet, name
from blackbox.mounting import APPLICATIONS, ROOT, WAYS
from blackbox.server import Server
from blackbox.visitors import V12, VERSIONS, Visitor
from cryptography.hazmat.primitives.serialization import Encoding

CONFIGURATION = f"""\
{ROOT}LoadModule wsgi_module
LoadModule proxy_module
LoadModule headers_module
StartServers 1
WSGIPythonPath @applications
WSGIApplication /flask flask_environ:application
ProxyPass /behind http://127.0.0.1:@backend/
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    SSLOptions +StdEnvVars
    <Location /flask/less>
        SSLOptions -StdEnvVars
    </Location>
    <Location /flask/more>
        SSLOptions +ExportCertData
    </Location>
    <Location /flask/more/less>
        SSLOptions -StdEnvVars
    </Location>
    <Location /flask/old>
        SSLOptions +CompatEnvVars
    </Location>
    <Location /flask/only>
        SSLOptions CompatEnvVars
    </Location>
    <Location /flask/named>
        SSLUserName SSL_CLIENT_S_DN_CN
    </Location>
    <Location /behind>
        RequestHeader set X-Client-DN "%{{SSL_CLIENT_S_DN}}s"
        RequestHeader set X-Client-Verify "%{{SSL_CLIENT_VERIFY}}s"
    </Location>
</VirtualHost>
"""
STANDARD, OLD = "SSL_CLIENT_S_DN", "SSL_CLIENT_DN"
SUBJECT = "CN=flask,O=Clients,C=DE"


@pytest.fixture(scope="module")
def seen() -> list[bytes]:
    """The heads of the requests that came to the backend."""
    return []


@pytest.fixture(scope="module")
def behind(seen: list[bytes]) -> Iterator[Backend]:
    with backend(serving(lambda _head: ok(), seen)) as made:
        yield made


@pytest.fixture(scope="module", params=["greenlets", "threads"])
def server(new_module_server, wallet: Wallet, behind, request: pytest.FixtureRequest) -> Server:
    text = CONFIGURATION + WAYS[request.param]
    words = {"applications": APPLICATIONS, "ca": wallet.root.file, "backend": behind}
    return new_module_server(text, **words).start()


@pytest.fixture(scope="module")
def pair(wallet: Wallet) -> Pair:
    return wallet.root.client("flask", name("flask"))


Told = Callable[..., dict]


@pytest.fixture
def told(server: Server, authority: Authority) -> Told:
    """told(pair, version, path, *lines): what the application shows."""

    def ask(pair: Pair | None, version=V12, path: str = "", *lines: str) -> dict:
        reply = Visitor(server, authority, pair, version).get(f"/flask/{path}", *lines)
        assert reply.status == 200, reply
        return json.loads(reply.body)

    return ask


@VERSIONS
def test_with_a_certificate(told: Told, pair: Pair, version) -> None:
    shown = told(pair, version)
    environ = shown["environ"]
    assert environ["SSL_CLIENT_S_DN"] == SUBJECT
    assert environ["SSL_CLIENT_VERIFY"] == "SUCCESS"
    assert environ["SSL_PROTOCOL"] == ("TLSv1.2" if version is V12 else "TLSv1.3")
    assert environ["HTTPS"] == "on"
    assert shown["secure"] is True
    assert shown["certificate"] == "CN=flask,O=Clients,C=DE"


@VERSIONS
def test_without_a_certificate(told: Told, version) -> None:
    shown = told(None, version)
    of_client = {key: value for key, value in shown["environ"].items() if key.startswith("SSL_CLIENT_")}
    assert of_client.keys() == {"SSL_CLIENT_VERIFY", "SSL_CLIENT_JA4"}
    assert of_client["SSL_CLIENT_VERIFY"] == "NONE"
    assert shown["certificate"] is None


@VERSIONS
@pytest.mark.parametrize(
    ("path", "there", "missing"),
    [
        ("", [STANDARD], [OLD, "SSL_CLIENT_CERT"]),
        ("less", ["SSL_TLS_SNI"], [STANDARD, OLD, "SSL_CLIENT_CERT"]),
        ("more", [STANDARD, "SSL_CLIENT_CERT", "SSL_SERVER_CERT"], [OLD]),
        ("more/less", ["SSL_CLIENT_CERT", "SSL_SERVER_CERT"], [STANDARD, OLD]),
        ("old", [STANDARD, OLD, "SSL_CLIENT_CERTIFICATE", "HTTPS_CIPHER"], ["SSL_CLIENT_CERT"]),
        ("only", [OLD, "SSL_CLIENT_ICN"], [STANDARD, "SSL_CLIENT_CERT"]),
    ],
)
def test_options_of_locations(told: Told, pair: Pair, version, path, there, missing) -> None:
    """The certificate itself is there in any case, as an object."""
    shown = told(pair, version, path)
    assert set(there) <= shown["environ"].keys()
    assert not set(missing) & shown["environ"].keys()
    assert shown["certificate"] == SUBJECT


def test_the_certificate_as_text(told: Told, pair: Pair) -> None:
    assert told(pair, V12, "more")["environ"]["SSL_CLIENT_CERT"].encode() == pair.certificate.public_bytes(
        Encoding.PEM
    )


@VERSIONS
def test_the_user(told: Told, pair: Pair, version) -> None:
    assert told(pair, version, "named")["user"] == "flask"
    assert told(None, version, "named")["user"] is None


# --- who only pretends ---

FORGED = [
    "SSL_CLIENT_S_DN",
    "Ssl-Client-S-Dn",
    "SSL-CLIENT-S-DN",
    "SSL-CLIENT_S-DN",
    "ssl_client-s_dn",
    "Ssl-Client-Cert",
    "SSL-Client-Verify",
    "HTTPS",
    "Https-Cipher",
]
LIE = "CN=the chief"


@VERSIONS
@pytest.mark.parametrize("field", FORGED)
@pytest.mark.parametrize("certified", [True, False], ids=["certificate", "none"])
def test_fields_that_look_like_variables(
    told: Told, pair: Pair, version, field: str, certified: bool
) -> None:
    shown = told(pair if certified else None, version, "", f"{field}: {LIE}", "X-Other: yes")
    assert LIE not in {**shown["environ"], **shown["headers"]}.values()
    assert shown["environ"].get("SSL_CLIENT_S_DN") == (SUBJECT if certified else None)
    assert shown["headers"]["X-Other"] == "yes"


@pytest.mark.parametrize("field", FORGED)
def test_in_the_clear_too(server: Server, field: str) -> None:
    reply = clients.get(server.http, "/flask/", f"{field}: {LIE}")
    shown = json.loads(reply.body)
    assert LIE not in {**shown["environ"], **shown["headers"]}.values()
    assert not any(name.startswith("SSL_") for name in shown["environ"])


@VERSIONS
@pytest.mark.parametrize("field", [*FORGED, "X-Client-DN", "x_client_dn", "X_Client-DN", "X-Client_Verify"])
@pytest.mark.parametrize("certified", [True, False], ids=["certificate", "none"])
def test_servers_behind_get_our_word_only(
    server: Server, authority: Authority, seen, pair: Pair, version, field: str, certified: bool
) -> None:
    """Also not if the client wants the field to end here (RFC 9110 section 7.6.1)."""
    seen.clear()
    visitor = Visitor(server, authority, pair if certified else None, version)
    assert visitor.status("/behind", f"{field}: {LIE}", f"Connection: {field}") == 200
    (head,) = seen
    lines = head.decode("latin-1").split("\r\n")
    assert not [line for line in lines if LIE in line]
    assert f"x-client-dn: {SUBJECT if certified else '(null)'}" in lines
    assert f"x-client-verify: {'SUCCESS' if certified else 'NONE'}" in lines
