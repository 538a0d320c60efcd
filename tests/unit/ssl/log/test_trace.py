"""Levels trace and debug, by real handshakes: OpenSSL's steps, alerts, certificates of clients, and all bytes."""

from __future__ import annotations

import re
import ssl
import subprocess

import pytest
from unit.ssl.issued import Issued
from unit.ssl.serving import logged, prepare, serving
from unit.ssl.tls_clients import PATIENCE, ROOT, V12, V13, connect, files, host, says, site, trusting

from prefork_ssl.modules.ssl.log.dump import rows
from prefork_ssl.modules.ssl.openssl import watching
from prefork_ssl.modules.ssl.openssl.watchers import current

SECRET = b"this is only for us"


@pytest.fixture
def served(tmp_path):
    """served(level, line...): a server with this SSLLogLevel; gives its port."""

    def serve(level: str, *lines: str):
        text = f"SSLLog ssl_log\nSSLLogLevel {level}\n" + host(
            "a.test", site(tmp_path, "a.test").lines, *lines
        )
        return serving(prepare(tmp_path, text))

    return serve


@pytest.fixture
def log(tmp_path):
    return tmp_path / "ssl_log"


@pytest.mark.parametrize(("version", "last"), [(V12, "TLSv1.2"), (V13, "TLSv1.3")])
def test_each_step_of_the_handshake(served, log, version, last):
    with served("trace") as running, connect(running.port, context=trusting(versions=[version])) as sock:
        assert says(sock, b"x") == b"x"
        logged(log, "handshake done: ")
    steps = [line for line in log.read_text().splitlines() if "[trace]" in line]
    assert all(re.search(r"\(client 127\.0\.0\.1:\d+, server a\.test:443\)$", line) for line in steps)
    said = [re.sub(r".*\[trace\] OpenSSL: | \(client.*", "", line) for line in steps]
    assert said[0] == "handshake begins"
    assert "handshake done" in said
    assert "SSLv3/TLS write certificate" in said
    assert f"handshake done: {last}" in log.read_text()


def test_alerts_that_come_and_go(served, log):
    with served("trace") as running:
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(running.port, "a.test", ssl.create_default_context())
        logged(log, "OpenSSL: alert received: fatal unknown_ca (client")
        context = trusting()
        context.set_alpn_protocols(["h2"])
        with pytest.raises(ssl.SSLError, match="no application protocol"):
            connect(running.port, "a.test", context)
        logged(log, "OpenSSL: alert sent: fatal no_application_protocol (client")
        with connect(running.port, "a.test") as sock:
            sock.unwrap()
        logged(log, "OpenSSL: alert received: warning close_notify (client")
        logged(log, "OpenSSL: alert sent: warning close_notify (client")


def test_each_certificate_of_a_client(served, log, tmp_path):
    client = files(tmp_path, Issued("Client [1]", ("client.test",), ROOT))
    ca = tmp_path / "root.pem"
    ca.write_bytes(ROOT.pem)
    with served("trace", "SSLVerifyClient optional_no_ca", f"SSLCACertificateFile {ca}") as running:
        context = trusting()
        context.load_cert_chain(client.certificate, client.key)
        with connect(running.port, context=context) as sock:
            says(sock, b"x")
        logged(log, "verification: certificate of CN=Test Root, issued by CN=Test Root, depth 1: ok (client")
        logged(
            log, "verification: certificate of CN=Client %5B1%5D, issued by CN=Test Root, depth 0: ok (client"
        )
        stranger = files(tmp_path, Issued("Stranger", ("client.test",)))
        context.load_cert_chain(stranger.certificate, stranger.key)
        with connect(running.port, context=context) as sock:
            says(sock, b"x")
        logged(log, "issued by CN=Stranger, depth 0: self-signed certificate (client")


def test_all_bytes_at_level_debug_but_nothing_of_what_is_in_them(served, log):
    with served("debug") as running:
        with connect(running.port) as sock:
            assert says(sock, SECRET) == SECRET
            sock.unwrap()
        logged(log, "connection closed")
    text = log.read_text()
    for kind in ("handshake", "change_cipher_spec", "application_data"):
        assert re.search(
            rf"\[debug\] record received: {kind}, \d+ bytes \(client 127\.0\.0\.1:\d+, server", text
        )
        assert re.search(rf"\[debug\] record sent: {kind}, \d+ bytes \(client 127\.0\.0\.1:\d+, server", text)
    assert SECRET not in text.encode()
    assert next(rows(SECRET))[8:60] not in text
    hello = re.search(r"record received: handshake, (\d+) bytes.*\n((?:.*\| .*\n)+)", text)
    assert hello
    dumped = bytes.fromhex("".join(re.findall(r"\| \w{4,}: ([0-9a-f -]+?) *\|", hello[2])).replace("-", " "))
    assert len(dumped) == int(hello[1])
    assert dumped[:3] == b"\x16\x03\x01"
    assert b"a.test" in dumped


@pytest.mark.parametrize("level", ["none", "error", "warn", "info"])
def test_below_trace_nobody_watches(served, monkeypatch, level):
    def never(*_arguments):
        raise AssertionError("a connection is watched")

    monkeypatch.setattr(watching.WatchedConnection, "__init__", never)
    with served(level) as running, connect(running.port) as sock:
        assert says(sock, b"x") == b"x"
    assert current == []


def test_levels_grow(served, log):
    """Each level says what the one below it says, and more."""
    said: dict[str, set[str]] = {}
    for level in ("none", "error", "warn", "info", "trace", "debug"):
        log.unlink(missing_ok=True)
        with served(level) as running:
            with connect(running.port) as sock:
                says(sock, b"x")
            command = ["openssl", "s_client", "-connect", f"127.0.0.1:{running.port}", "-alpn", "h2"]
            subprocess.run(command, input=b"", capture_output=True, timeout=PATIENCE, check=False)
            if level in ("info", "trace", "debug"):
                logged(log, "connection closed")
        lines = re.sub(r"\d+", "N", log.read_text()).splitlines()
        said[level] = {line.partition("] ")[2].split(" (")[0] for line in lines}
    for less, more in zip([*said][:-1], [*said][1:], strict=True):
        assert said[less] <= said[more]
    assert not said["error"]
    assert len(said["info"]) < len(said["trace"]) < len(said["debug"])
