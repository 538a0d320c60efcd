"""Starts that fail: the SSL log and the terminal tell the file, the line of the directive, and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from blackbox.authority import Authority, Pair
from blackbox.client_certificates import DAY, Issuer, Wallet, name
from blackbox.ssl_log import lines
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

CONFIGURATION = """\
SSLLog logs/ssl_log
{more}
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile {certificate}
    SSLCertificateKeyFile {key}
    SSLCACertificateFile @ca
    {lines}
</VirtualHost>
"""


@pytest.fixture
def refusal(new_server, rsa_pair: Pair, wallet: Wallet, tmp_path: Path):
    """refusal(directive, certificate=..., key=..., lines=..., more=...): the message and the hint of a start that fails
    because of this directive. A file is given by its contents."""

    def start(directive: str, **changes: bytes | str) -> tuple[str, str]:
        words = {"certificate": str(rsa_pair.cert), "key": str(rsa_pair.key), "lines": "", "more": ""}
        for word, value in changes.items():
            words[word] = value if isinstance(value, str) else str(tmp_path / word)
            if isinstance(value, bytes):
                (tmp_path / word).write_bytes(value)
        server = new_server(CONFIGURATION.format(**words), ca=wallet.root.file)
        done = server.run("-D", "FOREGROUND")
        assert done.returncode == 1
        place = f"{server.place(f'{directive} ')}: {directive}: "
        (line,) = [line for line in lines(server) if line.message.startswith(place)]
        assert line.level == "error"
        message = line.message.removeprefix(place)
        assert message in done.stderr
        assert line.hint in done.stderr
        assert "Traceback" not in done.stderr + server.log() + server.log("ssl_log")
        return message, line.hint

    return start


def test_a_key_that_is_not_the_certificate_s(refusal, ecdsa_pair: Pair) -> None:
    message, hint = refusal("SSLCertificateKeyFile", key=ecdsa_pair.key.read_bytes())
    assert "does not belong to the certificate" in message
    assert hint.startswith("compare: openssl x509 -noout -pubkey -in")


@pytest.mark.parametrize(
    "contents", [b"", b"no such thing\n", bytes(range(256)), b"-----BEGIN CERTIFICATE-----\nAAAA\n"]
)
def test_a_certificate_file_of_the_wrong_type(refusal, contents: bytes) -> None:
    message, hint = refusal("SSLCertificateFile", certificate=contents)
    assert "certificate " in message or "is empty" in message
    assert hint


def test_a_key_where_the_certificate_should_be(refusal, rsa_pair: Pair) -> None:
    message, hint = refusal("SSLCertificateFile", certificate=rsa_pair.key.read_bytes())
    assert "private key" in message
    assert "SSLCertificateKeyFile" in hint


def test_a_certificate_where_the_key_should_be(refusal, rsa_pair: Pair) -> None:
    message, hint = refusal("SSLCertificateKeyFile", key=rsa_pair.cert.read_bytes())
    assert "certificate" in message
    assert hint


def test_a_wrong_pass_phrase(refusal, rsa_pair: Pair, tmp_path: Path) -> None:
    key = load_pem_private_key(rsa_pair.key.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"right"))
    program = tmp_path / "says"
    program.write_text("#!/bin/sh\necho hunter2\n")
    program.chmod(0o700)
    message, hint = refusal("SSLCertificateKeyFile", key=locked, more=f"SSLPassPhraseDialog exec:{program}")
    assert message.startswith(f"the pass phrase printed by {program} does not open the private key in ")
    assert "hunter2" not in message + hint
    assert hint.startswith(f"compare: {program} localhost:")


def test_an_encrypted_key_and_nobody_to_ask(refusal, rsa_pair: Pair) -> None:
    key = load_pem_private_key(rsa_pair.key.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"right"))
    message, hint = refusal("SSLCertificateKeyFile", key=locked)
    assert "pass phrase" in message + hint
    assert hint


@pytest.mark.parametrize(
    "contents", [b"", b"no such thing\n", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"]
)
def test_an_unreadable_crl(refusal, contents: bytes, tmp_path: Path) -> None:
    (tmp_path / "crl").write_bytes(contents)
    message, hint = refusal(
        "SSLCARevocationFile",
        lines=f"SSLVerifyClient require\nSSLCARevocationFile {tmp_path}/crl\nSSLCARevocationCheck chain",
    )
    assert "CRL" in message + hint or "is empty" in message
    assert hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_file_that_may_not_be_read(refusal, tmp_path: Path) -> None:
    (tmp_path / "crl").touch(0)
    message, hint = refusal("SSLCARevocationFile", lines=f"SSLCARevocationFile {tmp_path}/crl")
    assert "Permission denied" in message
    assert hint


def test_a_certificate_of_the_last_century(refusal, authority: Authority) -> None:
    """OpenSSL itself refuses the key."""
    pair = authority.issue("weak", ["localhost"], rsa.generate_private_key(65537, 1024))
    message, hint = refusal(
        "SSLCertificateFile", certificate=pair.cert.read_bytes(), key=pair.key.read_bytes()
    )
    assert "OpenSSL refuses" in message
    assert hint.startswith("have it issued again with a key and a signature of today's strength")


HOST_WITH_A_LOG = """\
SSLLog logs/main_log
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLLog logs/ssl_log
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    {lines}
</VirtualHost>
"""


@pytest.mark.parametrize(
    ("lines_of_host", "level"),
    [
        ("SSLCARevocationFile /nowhere", "error"),
        ("SSLCARevocationPath /nowhere\nSSLCARevocationCheck chain", "error"),
        ("SSLCARevocationFile @old_crl", "warn"),  # nobody looks into it
        ("SSLCARevocationCheck chain\nSSLCARevocationFile @old_crl", "warn"),  # it is out of date
    ],
)
def test_what_is_wrong_with_a_crl_stands_in_the_log_of_the_host(
    new_server, tmp_path: Path, lines_of_host: str, level: str
) -> None:
    issuer = Issuer(tmp_path, name("Client Root"))
    text = HOST_WITH_A_LOG.format(lines=lines_of_host)
    server = new_server(text, ca=issuer.file, old_crl=issuer.crl(ends=-DAY))
    if level == "error":
        assert server.run("-D", "FOREGROUND").returncode == 1
    else:
        server.start()
    directive = lines_of_host.split()[0]
    wanted = f"{server.place(directive)}: {directive}: "
    assert any(line.level == level and line.hint for line in lines(server) if line.message.startswith(wanted))
    assert directive not in server.log("main_log")
