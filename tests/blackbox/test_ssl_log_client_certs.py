"""Clients whose certificate is missing or refused: the line tells which certificate, why, and what to change."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from blackbox import clients
from blackbox.authority import Pair, ec_key
from blackbox.client_certificates import DAY, Issuer, Wallet, name, write_pair
from blackbox.server import Server
from blackbox.ssl_log import Line, last_line
from cryptography.hazmat.primitives.asymmetric import rsa

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
    "old-crl.test": "SSLCARevocationFile @old_crl\nSSLCARevocationCheck chain",
}


@dataclass(frozen=True)
class Trouble:
    """More certificates that are refused."""

    ok: Pair
    with_unknown_root: Pair
    by_no_authority: Pair
    weak: Pair


@pytest.fixture(scope="module")
def trouble(wallet: Wallet) -> Trouble:
    folder, stranger, root = wallet.folder, wallet.stranger, wallet.root
    no_authority = Issuer(folder, name("No Authority"), root)
    no_authority.certificate = root.issue(no_authority.subject, no_authority.key, root)
    no_authority.above = (no_authority.certificate,)
    key = ec_key()
    leaf = stranger.issue(name("with-unknown-root"), key, stranger)
    small = rsa.generate_private_key(65537, 1024)
    return Trouble(
        wallet.ok,
        write_pair(folder, "with-unknown-root", [leaf, stranger.certificate], key),
        no_authority.client("by-no-authority"),
        write_pair(folder, "weak", [root.issue(name("weak"), small, root)], small),
    )


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    hosts = "".join(HOST.format(name=host, lines=lines) for host, lines in HOSTS.items())
    root_crl = wallet.folder / "Client-Root.crl"
    recent = root_crl.read_bytes()
    old_crl = wallet.root.crl(ends=-DAY).rename(wallet.folder / "old.crl")
    root_crl.write_bytes(recent)
    words = {"ca": wallet.root.file, "crls": wallet.crls, "root_crl": root_crl, "old_crl": old_crl}
    return new_module_server("SSLLog logs/ssl_log\nSSLLogRepeat 0\n" + hosts, **words).start()


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    ("host", "pair", "reason", "subject", "hint"),
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
    server: Server, wallet: Wallet, version: str, host: str, pair: str, reason: str, subject: str, hint: str
) -> None:
    line = refusal(server, host, version, getattr(wallet, pair))
    assert line.message == f"client certificate refused: {reason}"
    assert re.match(rf"certificate of CN={subject},", line.details)
    assert re.fullmatch(hint, line.hint)


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    ("host", "pair", "reason", "subject", "hint"),
    [
        (
            "deep.test",
            "with_unknown_root",
            "self-signed certificate in certificate chain",
            "Stranger",
            r"the CA CN=Stranger,O=Snake Oil,C=DE is not known here: add its certificate to SSLCACertificateFile .*",
        ),
        (
            "deep.test",
            "by_no_authority",
            "invalid CA certificate",
            "No Authority",
            r"what signed another certificate is no CA \(basicConstraints CA:TRUE\): have the chain issued anew",
        ),
        (
            "old-crl.test",
            "ok",
            "CRL has expired",
            "ok",
            "the CRL of CN=Client Root,.* in SSLCARevocationFile or SSLCARevocationPath is out of date: get a new one",
        ),
        (
            "require.test",
            "weak",
            "EE certificate key too weak",
            "weak",
            "its key or signature is too weak for OpenSSL: have it issued anew, or add @SECLEVEL=0 to SSLCipherSuite",
        ),
    ],
)
def test_more_of_them(
    server: Server, trouble: Trouble, version: str, host: str, pair: str, reason: str, subject: str, hint: str
) -> None:
    line = refusal(server, host, version, getattr(trouble, pair))
    assert line.message == f"client certificate refused: {reason}"
    assert re.match(rf"certificate of CN={subject},", line.details)
    assert re.fullmatch(hint, line.hint)


def refusal(server: Server, host: str, version: str, shown: Pair) -> Line:
    """The line about an openssl s_client with this certificate."""
    # A weak key must not fail in the client already.
    ours = [
        "-cipher",
        "DEFAULT@SECLEVEL=0",
        "-cert",
        shown.cert,
        "-cert_chain",
        shown.cert,
        "-key",
        shown.key,
    ]
    clients.s_client(server.https, "-servername", host, version, *ours)
    line = last_line(server, "client certificate refused")
    assert (line.level, line.host) == ("info", f"{host}:{server.https}")
    assert re.fullmatch(r"127\.0\.0\.1:\d+", line.client)
    assert line.more == ["OpenSSL: SSL routines: certificate verify failed"]
    return line


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
