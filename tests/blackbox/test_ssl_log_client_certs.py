"""Clients whose certificate is missing or refused: the line tells which certificate, why, and what to change."""

from __future__ import annotations

import re

import pytest
from blackbox import clients
from blackbox.client_certificates import Wallet
from blackbox.server import Server
from blackbox.ssl_log import last_line

HOST = """\
<VirtualHost *:@https>
    ServerName {name}
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient require
    {lines}
</VirtualHost>
"""
HOSTS = {
    "require.test": "",
    "deep.test": "SSLVerifyDepth 2",
    "crl.test": "SSLVerifyDepth 3\nSSLCARevocationFile @crls\nSSLCARevocationCheck chain",
    "no-crl.test": "SSLVerifyDepth 3\nSSLCARevocationFile @root_crl\nSSLCARevocationCheck chain",
}


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    hosts = "".join(HOST.format(name=name, lines=lines) for name, lines in HOSTS.items())
    words = {"ca": wallet.root.file, "crls": wallet.crls, "root_crl": wallet.folder / "Client-Root.crl"}
    return new_module_server("SSLLog logs/ssl_log\nSSLLogRepeat 0\n" + hosts, **words).start()


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    ("name", "pair", "reason", "subject", "hint"),
    [
        (
            "require.test",
            "snake_oil",
            "unable to get local issuer certificate",
            "snake-oil",
            r"the CA CN=Stranger,O=Snake Oil,C=DE is not known here: add its certificate to SSLCACertificateFile or "
            r"SSLCACertificatePath .*",
        ),
        (
            "require.test",
            "self_signed",
            "self-signed certificate",
            "self-signed",
            "the certificate is self-signed: have it signed by a CA of SSLCACertificateFile, .*",
        ),
        (
            "deep.test",
            "without_chain",
            "unable to get local issuer certificate",
            "without-chain",
            "the CA CN=Client Middle,.* is not known here: .* an intermediate CA can be sent by the client, too",
        ),
        (
            "require.test",
            "expired",
            "certificate has expired",
            "expired",
            r"the client needs a new certificate \(valid from .* to .*\); compare the clock of this server, too",
        ),
        (
            "require.test",
            "premature",
            "certificate is not yet valid or the system clock is incorrect",
            "premature",
            r"the client needs a new certificate \(valid from .*\).*",
        ),
        (
            "crl.test",
            "revoked",
            "certificate revoked",
            "revoked",
            "it is in a CRL of SSLCARevocationFile or SSLCARevocationPath: the client needs a new one from its CA",
        ),
        (
            "require.test",
            "deep",
            "certificate chain too long",
            "Client Root",
            "SSLVerifyDepth 1 is the most CA certificates above the client's: raise it to 2",
        ),
        (
            "require.test",
            "for_servers",
            "unsuitable certificate purpose",
            "for-servers",
            r"it is not for clients: have it issued with extendedKeyUsage clientAuth.*",
        ),
        (
            "no-crl.test",
            "deep",
            "unable to get certificate CRL",
            "deep",
            "there is no CRL of CN=Client Middle,.* in SSLCARevocationFile or SSLCARevocationPath: add it, or write "
            "SSLCARevocationCheck ... no_crl_for_cert_ok",
        ),
    ],
)
def test_a_certificate_that_is_refused(
    server: Server, wallet: Wallet, version: str, name: str, pair: str, reason: str, subject: str, hint: str
) -> None:
    shown = getattr(wallet, pair)
    clients.s_client(
        server.https,
        "-servername",
        name,
        version,
        "-cert",
        shown.cert,
        "-cert_chain",
        shown.cert,
        "-key",
        shown.key,
    )
    line = last_line(server, "client certificate refused")
    assert line.message == f"client certificate refused: {reason}"
    assert (line.level, line.host) == ("info", f"{name}:{server.https}")
    assert re.fullmatch(r"127\.0\.0\.1:\d+", line.client)
    assert re.match(rf"certificate of CN={subject},", line.details)
    assert re.fullmatch(hint, line.hint)
    assert line.more == ["OpenSSL: SSL routines: certificate verify failed"]


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_none_at_all(server: Server, version: str) -> None:
    clients.s_client(server.https, "-servername", "require.test", version)
    line = last_line(server, "client certificate missing")
    assert line.message == "client certificate missing: the client sent none"
    assert line.hint.startswith("SSLVerifyClient require demands a certificate")


@pytest.mark.needs("curl")
def test_curl_without_a_certificate(server: Server) -> None:
    url = f"https://require.test:{server.https}/"
    done = clients.curl("--insecure", "--resolve", f"require.test:{server.https}:127.0.0.1", url)
    assert done.returncode == 56
    assert last_line(server, "client certificate missing").host == f"require.test:{server.https}"
