"""What applications learn of TLS: SSL_* variables, the client's certificate, channel bindings."""

from __future__ import annotations

import hashlib
import json
import socket

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.client_certificates import Wallet, name
from blackbox.mounting import APPLICATIONS, PLAIN, WAYS
from blackbox.server import Server
from blackbox.visitors import V12, VERSIONS, Visitor
from OpenSSL import SSL

CONFIGURATION = (
    PLAIN
    + """\
WSGIApplication /bare plain:application
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    <Location /plain>
        SSLOptions +StdEnvVars
        SSLUserName SSL_CLIENT_S_DN_CN
    </Location>
</VirtualHost>
"""
)


@pytest.fixture(scope="module", params=["greenlets", "threads"])
def server(new_module_server, wallet: Wallet, request: pytest.FixtureRequest) -> Server:
    text = CONFIGURATION + WAYS[request.param]
    return new_module_server(text, applications=APPLICATIONS, ca=wallet.root.file).start()


@pytest.fixture(scope="module")
def pair(wallet: Wallet) -> Pair:
    return wallet.root.client("grete", name("Gr\xeate \u0141"))


@VERSIONS
def test_the_client_and_its_certificate(server: Server, authority: Authority, pair: Pair, version) -> None:
    visitor = Visitor(server, authority, pair, version)
    told = json.loads(visitor.get("/plain/tls").body)
    assert told["serial"] == pair.certificate.serial_number
    assert told["variables"]["SSL_CLIENT_S_DN_CN"] == "Gr\xeate \u0141".encode().decode("latin-1")
    assert told["variables"]["SSL_PROTOCOL"] == ("TLSv1.2" if version is V12 else "TLSv1.3")
    assert told["user"] == told["variables"]["SSL_CLIENT_S_DN_CN"]


def test_without_a_certificate_and_without_options(server: Server, authority: Authority) -> None:
    told = json.loads(Visitor(server, authority).get("/bare/tls").body)
    assert (told["serial"], told["user"]) == (None, None)
    assert set(told["variables"]) == {"SSL_TLS_SNI"}


def test_variables_that_a_client_makes_up(server: Server, authority: Authority) -> None:
    reply = Visitor(server, authority).get(
        "/plain/tls", "SSL_CLIENT_S_DN_CN: root", "SSL-CLIENT-VERIFY: SUCCESS"
    )
    told = json.loads(reply.body)["variables"]
    assert "SSL_CLIENT_S_DN_CN" not in told
    assert told["SSL_CLIENT_VERIFY"] == "NONE"


@VERSIONS
def test_channel_bindings_are_those_of_the_client(
    server: Server, authority: Authority, rsa_pair: Pair, version
) -> None:
    """Python's client knows tls-unique, pyOpenSSL's the exporter."""
    context = clients.tls_context(authority.cert, least=version, most=version)
    with clients.tls(server.https, context) as sock:
        told = asked(sock)["bindings"]
        unique = sock.get_channel_binding("tls-unique")
    assert told["tls-unique"] == (unique.hex() if version is V12 else None)
    assert told["tls-server-end-point"] == hashlib.sha256(rsa_pair.der).hexdigest()

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_max_proto_version(int(version))
    with socket.create_connection((clients.LOCALHOST, server.https), 10) as tcp:
        tcp.settimeout(None)
        tls = SSL.Connection(context, tcp)
        tls.set_tlsext_host_name(b"localhost")
        tls.set_connect_state()
        tls.do_handshake()
        exported = tls.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"").hex()
        told = asked(tls)
    assert told["bindings"]["tls-exporter"] == told["default"] == exported


def asked(sock) -> dict:
    sock.sendall(b"GET /plain/tls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    data = b""
    try:
        while more := sock.recv(65536):
            data += more
    except SSL.ZeroReturnError:
        pass
    return json.loads(clients.parse(data).body)
