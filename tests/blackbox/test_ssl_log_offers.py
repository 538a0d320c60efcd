"""Hints for clients that have nothing in common with their host: the line names the client, the host, what the client
offers, what the host allows, and the directive to change. Each failure is made by a real client."""

from __future__ import annotations

import re
import subprocess

import pytest
from blackbox import clients
from blackbox.server import Server
from blackbox.ssl_log import Line, last_line

HOST = """\
<VirtualHost *:@https>
    ServerName {name}
    SSLEngine on
    {lines}
</VirtualHost>
"""
RSA = "SSLCertificateFile @rsa_cert\nSSLCertificateKeyFile @rsa_key\n"
EC = "SSLCertificateFile @ecdsa_cert\nSSLCertificateKeyFile @ecdsa_key\n"
HOSTS = {
    "both.test": RSA + EC,
    "rsa.test": RSA,
    "ecdsa.test": EC,
    "old.test": EC + "SSLProtocol TLSv1.2",
    "new.test": EC + "SSLProtocol TLSv1.3",
    "oldest.test": RSA + "SSLProtocol TLSv1.1\nSSLCipherSuite ALL:@@SECLEVEL=0",
    "strict.test": EC
    + "SSLCipherSuite ECDHE-ECDSA-AES256-GCM-SHA384\nSSLCipherSuite TLSv1.3 TLS_AES_256_GCM_SHA384",
    "curve.test": EC + "SSLOpenSSLConfCmd Groups X25519",
}


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    hosts = "".join(HOST.format(name=name, lines=lines) for name, lines in HOSTS.items())
    return new_module_server("SSLLog logs/ssl_log\nSSLLogRepeat 0\n" + hosts).start()


def failure(server: Server, name: str, *options: str) -> Line:
    """The line about an openssl s_client with these options, which does not get through its handshake."""
    done = clients.s_client(server.https, "-servername", name, *options)
    assert b"Cipher is (NONE)" in done.stdout
    line = last_line(server, "handshake failed: ")
    assert line.level == "info"
    assert line.host == f"{name}:{server.https}"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", line.client)
    return line


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("name", "options", "reason", "hint"),
    [
        (
            "both.test",
            "-tls1_1 -cipher ALL:@SECLEVEL=0",
            "unsupported protocol",
            "the client offers TLSv1.1, SSLProtocol allows TLSv1.2 TLSv1.3: update the client, or add +TLSv1.1 to "
            "SSLProtocol if it must be served",
        ),
        (
            "new.test",
            "-tls1_2",
            "unsupported protocol",
            "the client offers TLSv1.2, SSLProtocol allows TLSv1.3: update the client, or add +TLSv1.2 to SSLProtocol "
            "if it must be served",
        ),
        (
            "old.test",
            "-tls1_3",
            "unsupported protocol",
            "the client offers TLSv1.3, SSLProtocol allows TLSv1.2: add +TLSv1.3 to SSLProtocol",
        ),
        (
            "oldest.test",
            "-tls1_2",
            "wrong version number",
            "the client offers TLSv1.2, SSLProtocol allows TLSv1.1: add +TLSv1.2 to SSLProtocol",
        ),
        (
            "strict.test",
            "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
            "no shared cipher",
            "the client offers ECDHE-ECDSA-AES128-GCM-SHA256; SSLCipherSuite allows ECDHE-ECDSA-AES256-GCM-SHA384",
        ),
        (
            "strict.test",
            "-tls1_2 -cipher AES128-SHA:AES256-SHA:AES128-SHA256:AES256-SHA256:AES128-GCM-SHA256",
            "no shared cipher",
            "the client offers AES128-SHA AES256-SHA AES128-SHA256 AES256-SHA256 and 1 more; SSLCipherSuite allows "
            "ECDHE-ECDSA-AES256-GCM-SHA384",
        ),
        (
            "strict.test",
            "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256",
            "no shared cipher",
            "the client offers TLS_AES_128_GCM_SHA256; SSLCipherSuite TLSv1.3 allows TLS_AES_256_GCM_SHA384",
        ),
        (
            "ecdsa.test",
            "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
            "no shared cipher",
            "of what the client offers (ECDHE-RSA-AES128-GCM-SHA256), all that SSLCipherSuite allows needs a "
            "certificate with an RSA key: add one with a second SSLCertificateFile and SSLCertificateKeyFile",
        ),
        (
            "rsa.test",
            "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
            "no shared cipher",
            "of what the client offers (ECDHE-ECDSA-AES128-GCM-SHA256), all that SSLCipherSuite allows needs a "
            "certificate with an EC key: add one with a second SSLCertificateFile and SSLCertificateKeyFile",
        ),
        (
            "curve.test",
            "-tls1_3 -groups P-384:P-521",
            "no suitable key share",
            "the client offers the groups P-384 P-521; SSLOpenSSLConfCmd Groups allows X25519",
        ),
        (
            "curve.test",
            "-tls1_2 -groups P-384",
            "no shared cipher",
            "the client offers the groups P-384; SSLOpenSSLConfCmd Groups allows X25519",
        ),
        (
            "ecdsa.test",
            "-tls1_2 -groups P-384:P-521",
            "no shared cipher",
            "the certificate's key is on the curve P-256, the client knows P-384 P-521 and needs a certificate with an "
            "P-384 or RSA key: add one with a second SSLCertificateFile and SSLCertificateKeyFile",
        ),
        (
            "strict.test",
            "-tls1_2 -cipher PSK-AES128-CBC-SHA -psk 1234",
            "no shared cipher",
            "the client offers PSK-AES128-CBC-SHA; SSLCipherSuite allows ECDHE-ECDSA-AES256-GCM-SHA384",
        ),
        (
            "ecdsa.test",
            "-tls1_3 -sigalgs RSA-PSS+SHA256",
            "no suitable signature algorithm",
            "the client verifies only rsa_pss_rsae_sha256, and that needs a certificate with an RSA key: "
            "add one with a second SSLCertificateFile and SSLCertificateKeyFile",
        ),
        (
            "ecdsa.test",
            "-tls1_3 -sigalgs ECDSA+SHA512",
            "no suitable signature algorithm",
            "the client verifies only ecdsa_secp521r1_sha512, which the key of this host does not make: "
            "use a key of another size",
        ),
        (
            "both.test",
            "-alpn h2,spdy/3",
            "no application protocol",
            "the client offers the application protocols h2 spdy/3 (ALPN), this server speaks http/1.1 and http/1.0: "
            "let the client offer http/1.1 too",
        ),
        (
            "both.test",
            "-tls1_2 -fallback_scsv",
            "inappropriate fallback",
            "the client tried again with a lower version of TLS than both support: something between it and this "
            "server breaks handshakes of the versions that SSLProtocol allows",
        ),
    ],
)
def test_nothing_in_common(server: Server, name: str, options: str, reason: str, hint: str) -> None:
    line = failure(server, name, *options.split())
    assert line.message == f"handshake failed: {reason}"
    assert line.hint == hint
    assert line.more == [f"OpenSSL: SSL routines: {reason}"]


@pytest.mark.needs("gnutls-cli")
def test_gnutls_has_its_own_list(server: Server) -> None:
    priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-GROUP-ALL:+GROUP-FFDHE2048:+GROUP-FFDHE3072"
    command = ["gnutls-cli", "--port", str(server.https), "--insecure", "--priority", priority]
    command += ["--sni-hostname", "curve.test", "localhost"]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    assert b"Handshake failed" in done.stdout + done.stderr
    line = last_line(server, "handshake failed: no shared cipher")
    assert (
        line.hint
        == "the client offers the groups ffdhe2048 ffdhe3072; SSLOpenSSLConfCmd Groups allows X25519"
    )


@pytest.mark.needs("curl")
def test_curl_with_a_cipher_of_its_own(server: Server) -> None:
    url = f"https://strict.test:{server.https}/"
    done = clients.curl(
        *("--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305", "--insecure"),
        *("--resolve", f"strict.test:{server.https}:127.0.0.1", url),
    )
    assert done.returncode == 35
    line = last_line(server, "handshake failed: no shared cipher")
    assert line.hint.startswith("the client offers ECDHE-ECDSA-CHACHA20-POLY1305; SSLCipherSuite allows ")
