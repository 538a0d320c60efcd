"""The levels of the SSL log grow: the same clients come to six hosts, of which each tells more than the one before."""

from __future__ import annotations

import re
import ssl
from collections import Counter
from itertools import pairwise

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.client_certificates import Wallet
from blackbox.server import Server
from blackbox.talking import V12, V13
from blackbox.until import until

LEVELS = ("none", "error", "warn", "info", "trace", "debug")
HOST = """\
<VirtualHost *:@https>
    ServerName {level}.test
    SSLEngine on
    SSLLog logs/{level}_log
    SSLLogLevel {level}
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    SSLVerifyDepth 2
</VirtualHost>
"""
ANYTHING_BUT = "LogLevel ssl:emerg\nSSLLogRepeat 0\nSSLSessionCache dbm:logs/cache\nStartServers 1\n"


@pytest.fixture(scope="module")
def server(new_module_server, authority: Authority, wallet: Wallet) -> Server:
    hosts = "".join(HOST.format(level=level) for level in LEVELS)
    server = new_module_server(ANYTHING_BUT + hosts, ca=wallet.root.file)
    server.write("index.html", b"hello\n")
    server.start()
    for level in LEVELS:
        for version in (V12, V13):
            visit(server, f"{level}.test", authority, wallet, version)
    return server


def visit(server: Server, name: str, authority: Authority, wallet: Wallet, version: ssl.TLSVersion) -> None:
    """Somebody who gets through, somebody who is refused, and somebody who leaves."""
    context = clients.tls_context(authority.cert, least=version, most=version)
    context.check_hostname = False
    context.load_cert_chain(wallet.deep.cert, wallet.deep.key)
    assert clients.tls_get(server.https, context, name=name).status == 200
    context.load_cert_chain(wallet.expired.cert, wallet.expired.key)
    with pytest.raises(
        (ssl.SSLError, ConnectionError, AssertionError)
    ):  # in TLS 1.3, the refusal comes later
        clients.tls_get(server.https, context, name=name)
    with pytest.raises(ssl.SSLError):
        clients.tls(server.https, ssl.create_default_context(), name)


def told(server: Server, level: str) -> Counter[tuple[str, str]]:
    """Level and text of each line of this host's log, without what differs from connection to connection. Connections
    may overlap."""
    lines = [
        re.fullmatch(r"\[[^]]+\] \[(\w+)\] +(.*)", line) for line in server.log(f"{level}_log").splitlines()
    ]
    return Counter((line[1], _unlike.sub("#", line[2].replace(level, "LEVEL"))) for line in lines if line)


_unlike = re.compile(r"127\.0\.0\.1:\d+|\.conf:\d+|\b[0-9A-F]{32,}\b|\d+ (bytes|sent)")


@pytest.mark.parametrize(("less", "more"), list(pairwise(LEVELS)))
def test_each_level_has_all_that_the_one_before_has(server: Server, less: str, more: str) -> None:
    until(lambda: server.log("debug_log").count("alert unknown_ca from the client") == 2, "the last has gone")
    admitted = LEVELS[1 : LEVELS.index(less) + 1]
    common = {line: count for line, count in told(server, more).items() if line[0] in admitted}
    assert common == told(server, less)


@pytest.mark.parametrize(
    ("level", "text"), [("info", "handshake done"), ("trace", "OpenSSL: "), ("debug", "record ")]
)
def test_and_more(server: Server, level: str, text: str) -> None:
    assert any(line[0] == level and line[1].startswith(text) for line in told(server, level))
    assert all(line[0] in LEVELS[1 : LEVELS.index(level) + 1] for line in told(server, level))


def test_none_tells_nothing(server: Server) -> None:
    assert server.log("none_log") == ""
