"""What applications and logs are told of a connection and its certificates: SSLOptions, %{...}x and %{...}c."""

import os
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.client_certificates import Wallet, name
from blackbox.server import Server
from blackbox.talking import V12, V13, Talk, client_context
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])

CONFIGURATION = """\
LoadModule echo_module blackbox.echo:module
LoadModule headers_module
LogLevel ssl:info
SSLEngine off
SetHandler echo
CustomLog logs/x "%{SSL_PROTOCOL}x|%{SSL_CIPHER}x|%{SSL_CLIENT_S_DN}x|%{SSL_CLIENT_S_DN_CN}x|\
%{SSL_CLIENT_SAN_Email_0}x|%{SSL_CLIENT_NOTHING}x"
CustomLog logs/c "%{version}c|%{cipher}c|%{subjectdn}c|%{clientcert}c|%{issuerdn}c|%{cacert}c|%{errcode}c|%{errstr}c"
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    SSLVerifyDepth 3
    <Location /standard>
        SSLOptions +StdEnvVars
    </Location>
    <Location /certificates>
        SSLOptions +ExportCertData
    </Location>
    <Location /compatible>
        SSLOptions +CompatEnvVars
    </Location>
    <Location /legacy>
        SSLOptions +StdEnvVars +LegacyDNStringFormat
    </Location>
    <Location /named>
        SSLOptions +StdEnvVars
        SSLRequire %{SSL_CLIENT_S_DN_CN} eq "Jürgen €" and %{HTTP:X-Name} in {"Jürgen €"} and \
            %{SSL_CLIENT_S_DN_CN} =~ m/^J.rgen .$/
        RequestHeader set X-Client "%{SSL_CLIENT_S_DN_CN}s, %{HTTP:X-Name}s"
    </Location>
    <Location /later>
        SSLVerifyClient require
        SSLVerifyDepth 1
        SSLOptions +StdEnvVars
    </Location>
</VirtualHost>
"""

ALL = name("all & sundry", GIVEN_NAME="Ann")


@pytest.fixture(scope="module")
def shown(wallet: Wallet) -> Pair:
    """A certificate with much in it, below two intermediates."""
    alternatives = x509.SubjectAlternativeName([x509.RFC822Name("all@example.com"), x509.DNSName("all.test")])
    return wallet.low.client("all", ALL, extensions=[alternatives])


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Iterator[Server]:
    server = new_module_server(CONFIGURATION, ca=wallet.root.file)
    with mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[1])):
        yield server.start()


@pytest.fixture
def told(server: Server, authority: Authority, shown: Pair):
    """told(target, pair=..., version=...): the environment there."""

    def ask(target: str, pair: Pair | None = shown, version: ssl.TLSVersion = V13) -> dict[str, str]:
        with Talk(server.https, client_context(authority.cert, pair, version)) as talk:
            return talk.get(target).told["environment"]

    return ask


@VERSIONS
def test_without_options(told, version) -> None:
    assert told("/", version=version) == {"HTTPS": "on", "SSL_TLS_SNI": "localhost"}


STANDARD = {
    "HTTPS": "on",
    "SSL_TLS_SNI": "localhost",
    "SSL_VERSION_INTERFACE": "prefork_ssl/.*",
    "SSL_VERSION_LIBRARY": "OpenSSL/.*",
    "SSL_PROTOCOL": "TLSv1.[23]",
    "SSL_CIPHER": "[A-Z0-9_-]+",
    "SSL_CIPHER_EXPORT": "false",
    "SSL_CIPHER_USEKEYSIZE": "256",
    "SSL_CIPHER_ALGKEYSIZE": "256",
    "SSL_SECURE_RENEG": "true|false",
    "SSL_COMPRESS_METHOD": "NULL",
    "SSL_HANDSHAKE_GROUP": "[Xx]25519",
    "SSL_CLIENT_JA4": "t1[23]d[0-9]{4}00_[0-9a-f]{12}_[0-9a-f]{12}",
    "SSL_SESSION_RESUMED": "Initial",
    "SSL_CLIENT_VERIFY": "SUCCESS",
    "SSL_CLIENT_M_VERSION": "3",
    "SSL_CLIENT_M_SERIAL": "([0-9A-F]{2})+",
    "SSL_CLIENT_V_START": "[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} 20[0-9]{2} GMT",
    "SSL_CLIENT_V_END": "[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} 20[0-9]{2} GMT",
    "SSL_CLIENT_V_REMAIN": "2",
    "SSL_CLIENT_S_DN": "CN=all & sundry,GN=Ann,O=Clients,C=DE",
    "SSL_CLIENT_S_DN_C": "DE",
    "SSL_CLIENT_S_DN_O": "Clients",
    "SSL_CLIENT_S_DN_G": "Ann",
    "SSL_CLIENT_S_DN_CN": "all & sundry",
    "SSL_CLIENT_I_DN": "CN=Client Low,O=Clients,C=DE",
    "SSL_CLIENT_I_DN_C": "DE",
    "SSL_CLIENT_I_DN_O": "Clients",
    "SSL_CLIENT_I_DN_CN": "Client Low",
    "SSL_CLIENT_A_KEY": "id-ecPublicKey",
    "SSL_CLIENT_A_SIG": "ecdsa-with-SHA256",
    "SSL_CLIENT_SAN_Email_0": "all@example.com",
    "SSL_CLIENT_SAN_DNS_0": "all.test",
    "SSL_CLIENT_CERT_RFC4523_CEA": '{ serialNumber [0-9]+, issuer rdnSequence:"CN=Client Low,O=Clients,C=DE" }',
    "SSL_SERVER_M_VERSION": "3",
    "SSL_SERVER_M_SERIAL": "([0-9A-F]{2})+",
    "SSL_SERVER_V_START": ".*",
    "SSL_SERVER_V_END": ".*",
    "SSL_SERVER_V_REMAIN": "2",
    "SSL_SERVER_S_DN": "CN=rsa.test",
    "SSL_SERVER_S_DN_CN": "rsa.test",
    "SSL_SERVER_I_DN": "CN=Test Authority",
    "SSL_SERVER_I_DN_CN": "Test Authority",
    "SSL_SERVER_A_KEY": "rsaEncryption",
    "SSL_SERVER_A_SIG": "ecdsa-with-SHA256",
    "SSL_SERVER_SAN_DNS_0": "rsa.test",
    "SSL_SERVER_SAN_DNS_1": "www.rsa.test",
    "SSL_SERVER_SAN_DNS_2": "localhost",
    "SSL_SERVER_CERT_RFC4523_CEA": ".*",
}


@VERSIONS
def test_the_standard_environment(told, version) -> None:
    found = told("/standard", version=version)
    found.pop("SSL_SESSION_ID", None)
    assert found.keys() == STANDARD.keys()
    for key, pattern in STANDARD.items():
        assert re.fullmatch(pattern, found[key]), (key, found[key])


@VERSIONS
def test_without_a_certificate_it_tells_of_the_connection_only(told, version) -> None:
    found = told("/standard", None, version)
    assert found["SSL_CLIENT_VERIFY"] == "NONE"
    assert [key for key in found if key.startswith("SSL_CLIENT_")] == ["SSL_CLIENT_VERIFY", "SSL_CLIENT_JA4"]


def test_the_group_of_the_key_exchange(server: Server) -> None:
    """pyOpenSSL's client begins with the one that quantum computers cannot break."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    with clients.connect(server.https) as tcp:
        tcp.settimeout(None)
        tls = SSL.Connection(context, tcp)
        tls.set_tlsext_host_name(b"localhost")
        tls.set_connect_state()
        tls.do_handshake()
        tls.sendall(b"GET /standard HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b'"SSL_HANDSHAKE_GROUP": "X25519MLKEM768"' in tls.recv(65536)


@VERSIONS
def test_certificates(told, version, shown: Pair, rsa_pair: Pair) -> None:
    found = told("/certificates", version=version)
    chain = [
        each.public_bytes(Encoding.PEM).decode()
        for each in x509.load_pem_x509_certificates(shown.cert.read_bytes())
    ]
    assert found == {
        "HTTPS": "on",
        "SSL_TLS_SNI": "localhost",
        "SSL_SERVER_CERT": rsa_pair.cert.read_text(),
        "SSL_CLIENT_CERT": chain[0],
        "SSL_CLIENT_CERT_CHAIN_0": chain[1],
        "SSL_CLIENT_CERT_CHAIN_1": chain[2],
    }


def test_names_of_older_modules(told) -> None:
    found = told("/compatible")
    assert found["HTTPS_CIPHER"] == "TLS_AES_256_GCM_SHA384"
    assert found["HTTPS_KEYSIZE"] == found["SSL_SECRETKEYSIZE"] == "256"
    assert found["SSL_CLIENT_CN"] == "all & sundry"
    assert found["SSL_CLIENT_ICN"] == "Client Low"
    assert found["SSL_CLIENT_DN"] == "CN=all & sundry,GN=Ann,O=Clients,C=DE"
    assert found["SSL_SERVER_CERTIFICATE"].startswith("-----BEGIN CERTIFICATE-----")
    assert "SSL_CLIENT_S_DN" not in found


def test_names_in_their_old_form(told) -> None:
    found = told("/legacy")
    assert found["SSL_CLIENT_S_DN"] == "/C=DE/O=Clients/GN=Ann/CN=all & sundry"
    assert found["SSL_CLIENT_I_DN"] == "/C=DE/O=Clients/CN=Client Low"


@VERSIONS
def test_the_environment_changes_with_the_client(server, authority, wallet: Wallet, version) -> None:
    """It is kept for the connection, but not for somebody else: the host lets longer chains pass than the location."""
    with Talk(server.https, client_context(authority.cert, wallet.ok, version)) as talk:
        first = talk.get("/standard").told["environment"]
        assert first["SSL_CLIENT_S_DN_CN"] == "ok"
        assert talk.get("/standard").told["environment"] == first
        assert talk.get("/later").told["environment"]["SSL_CLIENT_S_DN_CN"] == "ok"
    with Talk(server.https, client_context(authority.cert, wallet.deep, version)) as talk:
        assert talk.get("/standard").told["environment"]["SSL_CLIENT_S_DN_CN"] == "deep"
        assert talk.get("/later").status == 403


JUERGEN = "Jürgen €"
IN_OCTETS = JUERGEN.encode().decode("latin-1")


@VERSIONS
def test_letters_beyond_ascii_are_the_same_everywhere(server, authority, wallet, version) -> None:
    """They are characters in conditions, and the bytes of UTF-8 elsewhere: in an environ and in header fields one byte
    is one character (PEP 3333), and logs have it as \\xhh."""
    pair = wallet.root.client("umlaut", name(JUERGEN))
    with Talk(server.https, client_context(authority.cert, pair, version)) as talk:
        assert talk.get("/named", "X-Name: Juergen").status == 403
        told = talk.get("/named", f"X-Name: {JUERGEN}").told
    assert told["environment"]["SSL_CLIENT_S_DN_CN"] == IN_OCTETS
    assert told["environment"]["SSL_CLIENT_S_DN"] == "CN=J\\C3\\BCrgen \\E2\\82\\AC,O=Clients,C=DE"
    assert told["headers"]["x-client"] == f"{IN_OCTETS}, {IN_OCTETS}"
    server.logged(r"|J\xc3\xbcrgen \xe2\x82\xac|", "x")


@VERSIONS
def test_logs(server: Server, told, version) -> None:
    told("/", version=version)
    told("/", None, version)
    protocol = "TLSv1.2" if version is V12 else "TLSv1.3"
    cipher = "ECDHE-RSA-AES256-GCM-SHA384" if version is V12 else "TLS_AES_256_GCM_SHA384"
    subject, issuer = "CN=all & sundry,GN=Ann,O=Clients,C=DE", "CN=Client Low,O=Clients,C=DE"
    server.logged(f"{protocol}|{cipher}|{subject}|all & sundry|all@example.com|-", "x")
    server.logged(f"{protocol}|{cipher}|-|-|-|-", "x")
    server.logged(f"{protocol}|{cipher}|{subject}|{subject}|{issuer}|{issuer}|-|-", "c")
    server.logged(f"{protocol}|{cipher}|-|-|-|-|-|-", "c")


def test_the_log_has_the_reason_of_a_refusal(server: Server, authority: Authority, wallet: Wallet) -> None:
    with Talk(server.https, client_context(authority.cert, wallet.deep, V13)) as talk:
        assert talk.get("/later").status == 403
    server.logged("|-|certificate chain too long", "c")
