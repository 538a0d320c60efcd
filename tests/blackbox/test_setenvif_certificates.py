"""SetEnvIf asks who the client is, by its certificate."""

from __future__ import annotations

import pytest
from blackbox.authority import Authority, Pair
from blackbox.client_certificates import Wallet, name
from blackbox.server import Server
from blackbox.visitors import VERSIONS, Visitor
from cryptography import x509

LEMONS = x509.ObjectIdentifier("1.3.6.1.4.1.18060.12.0")

CONFIGURATION = f"""\
LoadModule setenvif_module
LoadModule authz_module
LoadModule headers_module
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    SetEnvIf SSL_CLIENT_S_DN_CN "^(.+)$" who=$1
    SetEnvIf OID("{LEMONS.dotted_string}") "^Lemons$" lemons
    Header set X-Who "%{{who}}e" env=who
    <Location /lemons>
        Require env lemons
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    made = new_module_server(CONFIGURATION, ca=wallet.root.file)
    made.write("lemons/index.html", b"yellow\n")
    made.write("index.html", b"hello\n")
    return made.start()


@pytest.fixture(scope="module")
def grocer(wallet: Wallet) -> Pair:
    lemons = x509.UnrecognizedExtension(LEMONS, b"\x0c\x06Lemons")
    return wallet.root.client("grocer", name("Gr\xf6cer"), extensions=(lemons,))


@VERSIONS
def test_names_and_extensions(server: Server, authority: Authority, grocer: Pair, version) -> None:
    visitor = Visitor(server, authority, grocer, version)
    assert visitor.get("/").headers["x-who"] == "Gr\xf6cer".encode().decode("latin-1")
    assert visitor.status("/lemons/") == 200


@VERSIONS
def test_fields_prove_nothing(server: Server, authority: Authority, version) -> None:
    visitor = Visitor(server, authority, version=version)
    claims = ("SSL-Client-S-DN-CN: root", "SSL_CLIENT_S_DN_CN: root", "lemons: 1", "who: root")
    assert "x-who" not in visitor.get("/", *claims).headers
    assert visitor.status("/lemons/", *claims) == 403


def test_what_is_no_object_identifier_is_told(new_server, wallet: Wallet) -> None:
    server = new_server(CONFIGURATION.replace(LEMONS.dotted_string, "lemons"), ca=wallet.root.file)
    told = server.run("-t")
    assert told.returncode == 1
    assert f"{server.place('SetEnvIf OID')}: SetEnvIf: " in told.stderr
    assert "write an object identifier" in told.stderr
