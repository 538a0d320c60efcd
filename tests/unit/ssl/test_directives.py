"""SSL* directives as they are written: what they mean, and the one line that tells what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from unit.ssl.issued import Issued
from unit.ssl.serving import prepare, read
from unit.ssl.tls_clients import files, host, site

from prefork_ssl.config.errors import BadArgument, ConfigError, Origin
from prefork_ssl.modules.ssl.context.protocols import parse_protocols
from prefork_ssl.modules.ssl.directives import (
    SSL_CERTIFICATE_FILE,
    SSL_CIPHER_SUITE,
    SSL_ENGINE,
    SSL_PASS_PHRASE_DIALOG,
    SSL_PROTOCOL,
    NamedPath,
)
from prefork_ssl.modules.ssl.hosts.settings import speaks_tls
from prefork_ssl.modules.ssl.passphrase.means import Way


def refusals(folder: Path, text: str) -> str:
    """What is wrong with a configuration, as it is told; line numbers count the three lines before `text`."""
    with pytest.raises(ConfigError) as caught:
        prepare(folder, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ("all", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"),
        ("all -SSLv3", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"),
        ("all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1", "TLSv1.2 TLSv1.3"),
        ("-all +TLSv1.2", "TLSv1.2"),
        ("+TLSv1.2 +TLSv1.3", "TLSv1.2 TLSv1.3"),
        ("tlsV1.2 +TLSV1.3", "TLSv1.2 TLSv1.3"),
        ("TLSv1.3", "TLSv1.3"),
    ],
)
def test_protocols_as_in_apache(words, allowed):
    assert str(parse_protocols(words.split())) == allowed


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("TLSv1.2 TLSv1.3", "TLSv1.3 without a sign would undo TLSv1.2"),
        ("-SSLv3", "leaves no protocol"),
        ("all -all", "leaves no protocol"),
        ("all -TLSv1.2", "leaves out TLSv1.2 in the middle"),
        ("TLSv1 +TLSv1.3", "leaves out TLSv1.1 TLSv1.2 in the middle"),
        ("SSLv3", "is broken"),
        ("all +SSLv2", "is broken"),
        ("TLSv1.4", "is no protocol"),
        ("+", "'' is no protocol"),
    ],
)
def test_protocols_where_apache_would_do_something_else(words, complaint):
    with pytest.raises(BadArgument, match=complaint) as caught:
        parse_protocols(words.split())
    assert caught.value.hint


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("SSLProtocol TLSv1.2 TLSv1.3", "test.conf:4: SSLProtocol: TLSv1.3 without a sign would undo"),
        ("SSLCipherSuite nonsense", "test.conf:4: SSLCipherSuite: 'nonsense' matches no cipher"),
        ("SSLCipherSuite aNULL", "'aNULL' matches no cipher"),
        ("SSLCipherSuite TLS_AES_128_GCM_SHA256", "SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256"),
        ("SSLCipherSuite TLSv1.3 HIGH", "'HIGH' matches no cipher"),
        ("SSLCipherSuite TLSv1.2 HIGH", "the protocol must be SSL (everything up to TLSv1.2) or TLSv1.3"),
        ("SSLCipherSuite", "takes [SSL|TLSv1.3] cipher-list"),
        ("SSLOpenSSLConfCmd Groups nonsense", "'nonsense' names no list of groups"),
        ("SSLOpenSSLConfCmd MinProtocol TLSv1.2", "MinProtocol is not supported, only Groups"),
        ("SSLEngine optional", "RFC 2817"),
        ("SSLEngine maybe", "must be on|off, not 'maybe'"),
        ("SSLLogLevel loud", "must be none|error|warn|info|trace|debug"),
        ("SSLPassPhraseDialog ask", "'ask' is no way to get pass phrases"),
        ("<Directory />\nSSLProtocol all\n</Directory>", "SSLProtocol cannot stand in <Directory>"),
        (
            "<VirtualHost *:443>\nSSLPassPhraseDialog builtin\n</VirtualHost>",
            "SSLPassPhraseDialog cannot stand in <VirtualHost>",
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path, line, complaint):
    told = refusals(tmp_path, line)
    assert complaint in told
    assert "\n" not in told


def test_hosts_inherit_what_they_do_not_say(tmp_path):
    text = "SSLProtocol TLSv1.3\nSSLCipherSuite ECDHE+AESGCM\nSSLPassPhraseDialog exec:bin/phrase\n"
    text += "SSLCertificateFile main.crt\n"
    text += host("a.test", "SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256")
    text += host("b.test", "SSLProtocol TLSv1.2", "SSLCertificateFile rsa.crt", "SSLCertificateFile ec.crt")
    configuration, _ = read(tmp_path, text)
    first, second = configuration.hosts
    assert str(first.settings[SSL_PROTOCOL]) == "TLSv1.3"
    assert first.settings[SSL_CIPHER_SUITE] == {"SSL": "ECDHE+AESGCM", "TLSv1.3": "TLS_AES_128_GCM_SHA256"}
    assert first.settings[SSL_CERTIFICATE_FILE] == (
        NamedPath(tmp_path / "main.crt", Origin(str(tmp_path / "test.conf"), 7)),
    )
    assert str(second.settings[SSL_PROTOCOL]) == "TLSv1.2"
    assert [named.path.name for named in second.settings[SSL_CERTIFICATE_FILE]] == ["rsa.crt", "ec.crt"]
    means = configuration.server.settings[SSL_PASS_PHRASE_DIALOG]
    assert (means.way, means.command) == (Way.EXEC, (str(tmp_path / "bin/phrase"),))


@pytest.mark.parametrize(
    ("lines", "address", "expected"),
    [
        ("SSLEngine on", "*:80", True),
        ("SSLEngine off\nSSLCertificateFile x", "*:8443", False),
        ("SSLCertificateFile x", "*:8443", True),
        ("SSLCertificateFile x", "*:*", True),
        ("SSLCertificateFile x", "*:8080", False),
        ("SSLProtocol all", "*:8443", False),
    ],
)
def test_which_hosts_speak_tls(tmp_path, lines, address, expected):
    text = f"Listen 8080\nListen 8443 https\n<VirtualHost {address}>\n{lines}\n</VirtualHost>"
    configuration, _ = read(tmp_path, text)
    (only,) = configuration.hosts
    assert speaks_tls(only, configuration) is expected


def test_an_engine_switched_off_inside_overrules_the_outside(tmp_path):
    configuration, _ = read(tmp_path, "SSLEngine on\n<VirtualHost *:80>\nSSLEngine off\n</VirtualHost>")
    (only,) = configuration.hosts
    assert only.settings[SSL_ENGINE] is False


# --- contradictions ---


def test_tls_without_a_certificate(tmp_path):
    told = refusals(tmp_path, host("a.test"))
    assert "test.conf:6: SSLEngine: a.test:443 speaks TLS but has no certificate" in told
    assert "(name one with SSLCertificateFile)" in told


def test_a_key_without_a_certificate(tmp_path):
    pair = site(tmp_path, "a.test")
    told = refusals(tmp_path, host("a.test", pair.lines, f"SSLCertificateKeyFile {pair.key}"))
    assert f"SSLCertificateKeyFile: there is no SSLCertificateFile that {pair.key} belongs to" in told


def test_hosts_of_one_address_that_do_not_agree_on_tls(tmp_path):
    plain = "<VirtualHost *:443>\nServerName plain.test\nSSLEngine off\n</VirtualHost>\n"
    text = host("a.test", site(tmp_path, "a.test").lines, port="443") + plain
    assert "on *:443, a.test:443 speaks TLS and plain.test:443 does not" in refusals(tmp_path, text)


def test_a_key_that_does_not_belong_to_its_certificate(tmp_path):
    one, other = site(tmp_path, "a.test"), site(tmp_path, "b.test")
    lines = f"SSLCertificateFile {one.certificate}\nSSLCertificateKeyFile {other.key}"
    told = refusals(tmp_path, host("a.test", lines))
    assert f"test.conf:8: SSLCertificateKeyFile: the private key in {other.key} does not belong to" in told
    assert "(compare: openssl" in told


def test_two_certificates_with_keys_of_one_type(tmp_path):
    lines = site(tmp_path, "a.test").lines + site(tmp_path, "b.test").lines
    told = refusals(tmp_path, host("a.test", lines))
    assert "has a key of the same type (EC) as" in told
    assert "(name one certificate for each type of key)" in told


def test_everything_wrong_with_keys_is_told_at_once(tmp_path):
    missing = host("a.test", f"SSLCertificateFile {tmp_path}/missing.crt")
    (tmp_path / "empty.crt").touch()
    empty = host("b.test", f"SSLCertificateFile {tmp_path}/empty.crt")
    told = refusals(tmp_path, missing + empty)
    assert "missing.crt cannot be read" in told
    assert "empty.crt" in told


def test_a_certificate_that_openssl_finds_too_weak(tmp_path):
    weak = files(tmp_path, Issued("a.test", ("a.test",), key=rsa.generate_private_key(65537, 1024)))
    told = refusals(tmp_path, host("a.test", weak.lines))
    assert f"SSLCertificateFile: OpenSSL refuses {weak.certificate}: ee key too small" in told
