"""From the first byte to the end of the handshake: which host is chosen; clients that are slow, silent or strange."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time

import pytest
from unit.ssl.hellos import client_hello, in_records
from unit.ssl.serving import logged, prepare, serving
from unit.ssl.tls_clients import PATIENCE, ROOT, connect, host, receive, says, site, trusting

LIMIT = 0.3  # seconds for a handshake


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("handshake")


@pytest.fixture(scope="module")
def port(folder):
    hosts = host("a.test", site(folder, "a.test").lines) + host("b.test", site(folder, "b.test").lines)
    log = "SSLLog ssl_log\nSSLLogRepeat 0\nLogLevel ssl:info\n"
    limit = f"RequestReadTimeout handshake={int(LIMIT * 1000)}ms\n"
    with serving(prepare(folder, log + limit + hosts)) as served:
        yield served.port


@pytest.fixture
def log(folder):
    return folder / "ssl_log"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("a.test", "a.test"), ("B.TEST", "b.test"), ("other.test", "a.test"), (None, "a.test")],
)
def test_the_name_asked_for_chooses_the_certificate(port, asked, shown):
    context = trusting(ROOT)
    context.check_hostname = False
    with connect(port, asked, context) as sock:
        assert sock.getpeercert()["subjectAltName"] == (("DNS", shown),)
        assert says(sock, b"hello") == b"hello"


def test_the_hello_may_come_byte_by_byte(port):
    hello = client_hello("b.test")
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(hello)):
            sock.sendall(hello[at : at + 1])
        assert receive(sock, 6)[5] == 2  # a ServerHello


def test_the_hello_may_come_in_several_records(port):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.sendall(in_records(client_hello("b.test"), (3, 100, 1)))
        assert receive(sock, 6)[5] == 2


def test_a_silent_client_is_dropped_in_time(port, log):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        peer = "{}:{}".format(*sock.getsockname())
        assert sock.recv(1) == b""
    assert LIMIT <= time.monotonic() - began < LIMIT + 1
    assert "handshake timed out before the first byte" in logged(log, peer)


def test_so_is_one_that_stops_in_the_middle(port, log):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        peer = "{}:{}".format(*sock.getsockname())
        sock.sendall(client_hello()[:100])
        assert sock.recv(1) == b""
    line = logged(log, peer)
    assert "handshake timed out in the middle of the ClientHello" in line
    assert f", 100 of {len(client_hello())} bytes)" in line


def test_and_one_that_never_answers_the_server(port, log):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        peer = "{}:{}".format(*sock.getsockname())
        sock.sendall(client_hello())
        while sock.recv(65536):
            pass
    assert "handshake timed out after our certificate was sent" in logged(log, peer)


def test_who_waits_does_not_keep_others_waiting(port):
    silent = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(20)]
    began = time.monotonic()
    with connect(port) as sock:
        assert says(sock, b"x") == b"x"
    assert time.monotonic() - began < LIMIT
    for each in silent:
        each.close()


def test_a_client_that_leaves_is_information(port, log):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        peer = "{}:{}".format(*sock.getsockname())
    line = logged(log, peer)
    assert "[info]  connection ended during the handshake before the first byte: closed by the client" in line


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"SSH-2.0-x\r\n", "SSH"),
        (b"\0\0\0\0", "an unknown protocol"),
        (b"\x80\x2e\x01\x03\x01", "SSL 2.0"),
        (b"\x16\x03\x01\x00\x05\x02\x00\x00\x00\x00", "TLS with a broken ClientHello"),
    ],
)
def test_other_protocols_are_recognised_and_ended(port, log, data, name):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        peer = "{}:{}".format(*sock.getsockname())
        sock.sendall(data)
        assert sock.recv(1) == b""
    assert f"client speaks {name} on a TLS port" in logged(log, peer)


def test_plain_http_goes_on_in_the_clear(port, log):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        assert says(sock, b"GET / HTTP/1.1\r\n\r\n") == b"GET / HTTP/1.1\r\n\r\n"
    assert "[Hint: it must ask for https:// instead of http://" in logged(log, "plain HTTP")


def test_garbage_inside_a_hello_gets_an_alert(port, log):
    hello = bytearray(client_hello())
    hello[5 + 4 + 34] = 0xFF  # the length of the session id
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        peer = "{}:{}".format(*sock.getsockname())
        sock.sendall(hello)
        assert receive(sock, 7)[:1] == b"\x15"
    assert "handshake failed" in logged(log, peer)


def test_garbage_after_the_handshake_ends_the_connection_with_an_alert(port, log):
    sock = connect(port)
    raw = socket.socket(fileno=sock.detach())
    with raw:
        raw.settimeout(PATIENCE)
        peer = "{}:{}".format(*raw.getsockname())
        raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        while raw.recv(65536):
            pass
    assert "connection broken: decryption failed or bad record mac" in logged(log, peer)


def test_the_client_may_refuse_our_certificate_and_say_why(port, log):
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(port, "a.test", ssl.create_default_context())
    assert "[Hint: the client does not accept SSLCertificateFile" in logged(
        log, "alert unknown_ca from the client ("
    )


@pytest.mark.parametrize(("offered", "chosen"), [(["h2", "http/1.1"], "http/1.1"), ([], None)])
def test_the_application_protocol_is_http_1_1(port, offered, chosen):
    context = trusting()
    if offered:
        context.set_alpn_protocols(offered)
    with connect(port, context=context) as sock:
        assert sock.selected_alpn_protocol() == chosen


def test_a_client_that_wants_another_protocol_is_refused(port, log):
    context = trusting()
    context.set_alpn_protocols(["h2", "spdy/3"])
    with pytest.raises(ssl.SSLError, match="no application protocol"):
        connect(port, context=context)
    assert "application protocols h2 spdy/3 (ALPN)" in logged(log, "no application protocol (")


def test_renegotiation_by_the_client_is_refused(port):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2", "-servername", "a.test"]
    done = subprocess.run(command, input=b"R\n", capture_output=True, timeout=PATIENCE, check=False)
    assert b"RENEGOTIATING" in done.stdout + done.stderr
    assert b"no renegotiation" in done.stdout + done.stderr


def test_sending_buys_time_with_a_minimal_rate(folder):
    lines = "RequestReadTimeout handshake=200ms-600ms,MinRate=1000\n"
    ready = prepare(folder, lines + host("a.test", site(folder, "a.test").lines))
    long_hello = b"\x16\x03\x01\x3f\xff\x01\x00\x3f\x00" + bytes(2000)
    with serving(ready) as served:
        assert 0.2 <= _dropped_after(served.port, b"") < 1
        assert 0.4 <= _dropped_after(served.port, long_hello[:200]) < 1.2
        assert 0.6 <= _dropped_after(served.port, long_hello) < 1.5


def _dropped_after(port: int, data: bytes) -> float:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.sendall(data)
        assert sock.recv(1) == b""
    return time.monotonic() - began
