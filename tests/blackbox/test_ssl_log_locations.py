"""Clients that a section refuses: the line in the SSL log tells the page and the directive."""

from __future__ import annotations

import ssl

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.client_certificates import Wallet
from blackbox.server import Server
from blackbox.ssl_log import Line, last_line
from blackbox.talking import V12, V13, Talk, client_context

CONFIGURATION = """\
SSLLog logs/ssl_log
SSLLogRepeat 0
<Location /private>
    SSLVerifyClient require
</Location>
<Location /strong>
    SSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384
</Location>
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    return new_module_server(CONFIGURATION, ca=wallet.root.file).start()


def refused(server: Server, context: ssl.SSLContext, target: str, beginning: str) -> Line:
    with Talk(server.https, context) as connection:
        client = "{}:{}".format(*connection.sock.getsockname())
        assert connection.get(target).status == 403
    line = last_line(server, beginning)
    assert (line.level, line.client, line.host) == ("info", client, f"localhost:{server.https}")
    return line


@pytest.mark.parametrize("version", [V12, V13])
def test_none(server: Server, authority: Authority, version: ssl.TLSVersion) -> None:
    context = client_context(authority.cert, None, version)
    line = refused(server, context, "/private/page", "client certificate missing: the client sent none")
    assert line.details == "GET /private/page"
    assert line.hint.startswith("SSLVerifyClient require demands a certificate")


def test_one_that_cannot_be_asked(server: Server, authority: Authority, wallet: Wallet) -> None:
    context = client_context(authority.cert, wallet.ok, V13, later=False)
    line = refused(
        server, context, "/private/page", "client certificate missing: the client does not do post-"
    )
    assert line.details == "GET /private/page"
    assert "SSLVerifyClient optional for the whole host" in line.hint


@pytest.mark.parametrize("version", [V12, V13])
def test_one_that_is_not_good(
    server: Server, authority: Authority, wallet: Wallet, version: ssl.TLSVersion
) -> None:
    context = client_context(authority.cert, wallet.expired, version)
    line = refused(server, context, "/private/page", "client certificate refused: certificate has expired")
    assert line.details.startswith("GET /private/page, certificate of CN=expired,")
    assert line.hint.startswith("the client needs a new certificate")


def test_ciphers(server: Server, authority: Authority) -> None:
    context = client_context(authority.cert, None, V12)
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    with Talk(server.https, context) as connection, pytest.raises((OSError, AssertionError, ValueError)):
        assert connection.get("/strong").status == 200
    line = last_line(server, "access denied by SSLCipherSuite")
    asked = "Your client was asked for other ciphers, and broke off: no shared cipher."
    assert line.details == f"GET /strong, failed: {asked}"


def test_plain_http(server: Server) -> None:
    assert clients.get(server.http, "/private/page").status == 403
    line = last_line(server, "access denied by SSLVerifyClient")
    assert line.details.startswith(
        "GET /private/page, failed: This page is only for clients with a certificate"
    )
