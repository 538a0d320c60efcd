"""What SSLOptions let applications know: the cases of Apache's own tests (t/ssl/env.t), written anew."""

from __future__ import annotations

import json
import os
from pathlib import Path
from unittest import mock

import pytest
from blackbox import clients
from blackbox.client_certificates import Wallet, name
from blackbox.server import Server
from blackbox.visitors import V12, VERSIONS, Visitor
from cryptography.x509 import load_pem_x509_certificate

CONFIGURATION = """\
LoadModule echo_module blackbox.echo:module
LoadModule authz_module
LoadModule auth_basic_module
SetHandler echo
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    SSLOptions +StdEnvVars
    <Location /none>
        SSLOptions -StdEnvVars
    </Location>
    <Location /also>
        SSLOptions +ExportCertData
    </Location>
    <Location /only>
        SSLOptions ExportCertData
    </Location>
    <Location /only/back>
        SSLOptions +StdEnvVars -ExportCertData
    </Location>
    <Location /old>
        SSLOptions +CompatEnvVars +LegacyDNStringFormat
    </Location>
    <Location /fake>
        SSLOptions +FakeBasicAuth
        AuthType Basic
        AuthUserFile conf/subjects
        Require valid-user
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    made = new_module_server(CONFIGURATION, ca=wallet.root.file)
    (made.root / "conf/subjects").write_text("/C=DE/O=ASF/OU=httpd/CN=env:xxj31ZMTZzkVA\n")
    with mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[1])):
        return made.start()


@pytest.fixture(scope="module")
def pair(wallet: Wallet):
    return wallet.root.client("env", name("env", "ASF", ORGANIZATIONAL_UNIT_NAME="httpd"))


def told(visitor: Visitor, path: str) -> dict:
    reply = visitor.get(path)
    assert reply.status == 200
    return json.loads(reply.body)


def environment(visitor: Visitor, path: str) -> dict[str, str]:
    return told(visitor, path)["environment"]


SUBJECT = {"C": "DE", "O": "ASF", "OU": "httpd", "CN": "env"}


@VERSIONS
def test_standard_variables(server, authority, pair, version):
    found = environment(Visitor(server, authority, pair, version), "/page")
    for part, value in SUBJECT.items():
        assert found[f"SSL_CLIENT_S_DN_{part}"] == value
    assert found["SSL_CLIENT_I_DN_CN"] == "Client Root"
    assert found["SSL_CLIENT_S_DN"] == "CN=env,OU=httpd,O=ASF,C=DE"
    assert found["SSL_CLIENT_VERIFY"] == "SUCCESS"
    assert found["SSL_SERVER_S_DN_CN"] == "rsa.test"
    assert found["SSL_PROTOCOL"] == ("TLSv1.2" if version is V12 else "TLSv1.3")
    assert (found["HTTPS"], found["SSL_TLS_SNI"]) == ("on", "localhost")
    assert "SSL_CLIENT_CERT" not in found
    assert all(found.values())  # what is empty is not there


def test_without_a_certificate_there_is_nothing_of_a_client(server, authority):
    found = environment(Visitor(server, authority), "/page")
    assert {key for key in found if key.startswith("SSL_CLIENT")} == {"SSL_CLIENT_VERIFY", "SSL_CLIENT_JA4"}
    assert found["SSL_CLIENT_VERIFY"] == "NONE"


def test_options_add_and_take_away(server, authority, pair):
    visitor = Visitor(server, authority, pair)
    assert set(environment(visitor, "/none")) == {"HTTPS", "SSL_TLS_SNI"}
    also, only, back = (environment(visitor, path) for path in ("/also", "/only", "/only/back"))
    assert {"SSL_CLIENT_CERT", "SSL_SERVER_CERT", "SSL_CLIENT_S_DN"} <= also.keys()
    assert load_pem_x509_certificate(also["SSL_CLIENT_CERT"].encode()) == pair.certificate
    assert "SSL_CLIENT_CERT" in only
    assert "SSL_CLIENT_S_DN" not in only
    assert "SSL_CLIENT_S_DN" in back
    assert "SSL_CLIENT_CERT" not in back


def test_names_of_former_times(server, authority, pair):
    found = environment(Visitor(server, authority, pair), "/old")
    assert found["SSL_CLIENT_S_DN"] == found["SSL_CLIENT_DN"] == "/C=DE/O=ASF/OU=httpd/CN=env"
    assert found["SSL_CLIENT_OU"] == "httpd"
    assert found["HTTPS_CIPHER"] == found["SSL_CIPHER"]
    assert found["SSL_PROTOCOL_VERSION"] == "TLSv1.3"


def test_in_the_clear_there_is_nothing(server, authority):
    assert json.loads(clients.get(server.http, "/page").body)["environment"] == {}


def test_a_faked_login_is_seen_by_applications(server, authority, pair):
    found = told(Visitor(server, authority, pair), "/fake")
    assert found["user"] == "/C=DE/O=ASF/OU=httpd/CN=env"
    assert found["headers"]["authorization"].startswith("Basic ")
