"""What else comes to a TLS port, or to the wrong one: other protocols, half a ClientHello, silence, broken records."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import time
from urllib.parse import quote

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.server import Server
from blackbox.ssl_log import Line, last_line, lines
from OpenSSL import SSL

LIMIT = 0.3


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    settings = f"SSLLog logs/ssl_log\nSSLLogRepeat 0\nRequestReadTimeout handshake={int(LIMIT * 1000)}ms\n"
    server = new_module_server(settings + ONE_HOST)
    server.write("index.html", b"hello\n")
    return server.start()


def from_me(sock: socket.socket, line: Line) -> Line:
    """The line, which must be about this client and the host that it came to."""
    assert line.client == "{}:{}".format(*sock.getsockname())
    assert re.fullmatch(r"localhost(:\d+)?", line.host)
    return line


@pytest.mark.parametrize(
    ("said", "protocol", "hint"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH", "SSH is on another one, mostly 22"),
        (
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "the PROXY protocol",
            "switch it off there for this port",
        ),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12),
            "the PROXY protocol",
            "switch it off there for this port",
        ),
        (b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", "SSL 2.0", "no SSLProtocol can help it: update it"),
        (
            b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0",
            "Remote Desktop (RDP)",
            "it is a scanner",
        ),
        (b"EHLO mail.example.com\r\n", "SMTP", "correct the port in the mail program"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "a TLS alert", "a version that SSLProtocol does not allow"),
        (
            b"\x16\x03\x01\x00\x05\x02\0\0\0\0",
            "TLS with a broken ClientHello",
            "a broken client, or a scanner",
        ),
        (b"\x00\x01\x02\x03", "an unknown protocol", "it is a scanner"),
    ],
)
def test_other_protocols(server: Server, said: bytes, protocol: str, hint: str) -> None:
    with clients.connect(server.https) as sock:
        sock.sendall(said)
        assert clients.drain(sock) == b""
        line = from_me(sock, last_line(server, "client speaks"))
    assert line.message == f"client speaks {protocol} on a TLS port"
    alert = protocol == "a TLS alert"
    began = "began with " + quote(said[:32], safe=" !./-")
    assert line.details == ("alert handshake_failure" if alert else began)
    assert hint in line.hint


@pytest.mark.needs("curl")
def test_plain_http_on_the_tls_port(server: Server) -> None:
    done = clients.curl("--include", f"http://localhost:{server.https}/page?x=%3Cb%3E")
    assert done.stdout.startswith(b"HTTP/1.1 400 ")
    link = f"https://localhost:{server.https}/page?x=%3Cb%3E"
    assert f'<a href="{link}">{link}</a>'.encode() in done.stdout
    line = last_line(server, "client speaks plain HTTP on a TLS port")
    assert line.details == f"asked for localhost:{server.https}"
    assert line.hint.endswith("SSLRedirectPlainHTTP on sends it there")


@pytest.mark.needs("curl")
def test_http2_in_the_clear_on_the_tls_port(server: Server) -> None:
    url = f"http://localhost:{server.https}/"
    assert clients.curl("--http2-prior-knowledge", url).returncode != 0
    line = last_line(server, "client speaks HTTP/2 in the clear on a TLS port")
    assert line.hint.startswith("it was told to speak HTTP/2 without TLS (h2c)")


def test_somebody_who_leaves_before_it_is_clear_what_he_wants(server: Server) -> None:
    with clients.connect(server.https) as sock:
        sock.sendall(b"GE")
        name = "{}:{}".format(*sock.getsockname())
    line = last_line(
        server, "connection ended during the handshake before it was clear what the client speaks"
    )
    assert (line.client, line.details) == (name, "began with GE")


@pytest.mark.needs("curl")
def test_plain_http_is_sent_on_if_asked_for(new_server, authority: Authority) -> None:
    server = new_server("SSLRedirectPlainHTTP on\n" + ONE_HOST)
    server.write("page.txt", b"found")
    server.start()
    url = f"http://localhost:{server.https}/page.txt?x"
    done = clients.curl("--include", url)
    assert done.stdout.startswith(b"HTTP/1.1 308 ")
    assert f"Location: https://localhost:{server.https}/page.txt?x\r\n".encode() in done.stdout
    assert clients.curl("--location", "--cacert", authority.cert, url).stdout == b"found"


@pytest.mark.needs("curl")
def test_tls_on_the_plain_port(server: Server) -> None:
    started = time.monotonic()
    done = clients.curl(f"https://localhost:{server.http}/")
    assert done.returncode == 35
    assert time.monotonic() - started < 5
    line = last_line(server, "TLS on a plain HTTP port")
    assert line.details == f"port {server.http}, asked for localhost"
    assert f"write Listen {server.http} https, and SSLEngine on" in line.hint
    assert "\\x16" not in server.log("access_log")


def test_nothing_else_on_the_plain_port_is_taken_for_tls(server: Server) -> None:
    assert clients.get(server.http, "/").body == b"hello\n"
    with clients.connect(server.http) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n")
        time.sleep(0.05)
        sock.sendall(b"\x16\x03\x01")  # the body
        assert sock.recv(100).startswith(b"HTTP/1.1 405 ")


def hello_of(authority: Authority) -> bytes:
    """A ClientHello of OpenSSL 4, which begins with X25519MLKEM768 and takes two packets."""
    client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
    client.set_tlsext_host_name(b"localhost")
    client.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    return client.bio_read(65536)


def test_silence(server: Server) -> None:
    with clients.connect(server.https) as sock:
        assert clients.drain(sock) == b""
        line = from_me(sock, last_line(server, "handshake timed out"))
    assert line.message == "handshake timed out before the first byte"
    assert line.hint == f"a client has RequestReadTimeout handshake={LIMIT:g} seconds"


def test_a_large_hello_whose_second_packet_does_not_come(server: Server, authority: Authority) -> None:
    hello = hello_of(authority)
    assert len(hello) > 1428
    with clients.connect(server.https) as sock:
        sock.sendall(hello[:1400])
        assert clients.drain(sock) == b""
        line = from_me(sock, last_line(server, "handshake timed out"))
    assert line.message == "handshake timed out in the middle of the ClientHello"
    assert line.details == f"1400 of {len(hello)} bytes"
    assert "X25519MLKEM768" in line.hint
    assert "a firewall or load balancer in front drops it" in line.hint


def test_a_small_hello_that_stops_is_just_slow(server: Server) -> None:
    with clients.connect(server.https) as sock:
        sock.sendall(b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03")
        assert clients.drain(sock) == b""
        line = from_me(sock, last_line(server, "handshake timed out"))
    assert line.details == "11 of 261 bytes"
    assert line.hint.startswith("a client has RequestReadTimeout")


def test_a_client_that_does_not_go_on_after_our_certificate(server: Server, authority: Authority) -> None:
    with clients.connect(server.https) as sock:
        sock.sendall(hello_of(authority))
        clients.drain(sock)
        line = from_me(sock, last_line(server, "handshake timed out"))
    assert line.message == "handshake timed out after our certificate was sent"
    assert line.details.startswith("OpenSSL: ")


def test_a_client_that_hangs_up_after_our_certificate(server: Server, authority: Authority) -> None:
    with clients.connect(server.https) as sock:
        sock.sendall(hello_of(authority))
        assert sock.recv(10)
        name = sock.getsockname()
    line = last_line(server, "connection ended during the handshake after our certificate was sent")
    assert line.client == "{}:{}".format(*name)
    assert line.hint.startswith("it may not accept SSLCertificateFile ")


def test_a_client_that_only_knocks(server: Server) -> None:
    with clients.connect(server.https) as sock:
        name = sock.getsockname()
    line = last_line(
        server, "connection ended during the handshake before the first byte: closed by the client"
    )
    while line.client != "{}:{}".format(*name):  # the test's server does so, too, to see whether it listens
        line = last_line(server, "connection ended during the handshake before the first byte")
    assert line.hint == "a health check, or somebody who looks for open ports: nothing to do"


def test_a_reset_is_told_with_the_system_s_words(server: Server, authority: Authority) -> None:
    with clients.connect(server.https) as sock:
        sock.sendall(hello_of(authority))
        assert sock.recv(10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    line = last_line(
        server, "connection ended during the handshake after our certificate was sent: Connection reset"
    )
    assert line.more == ["System: Connection reset by peer (errno: 104)"]


def test_what_one_client_leaves_does_not_reach_the_next(server: Server, authority: Authority) -> None:
    """OpenSSL's queue of errors belongs to the process."""
    context = clients.tls_context(authority.cert)
    for _ in range(20):
        clients.exchange(server.https, b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + bytes(40))
        assert clients.tls_get(server.https, context).status == 200
    for line in lines(server):
        if line.message.startswith("handshake done"):
            assert line.more == []


@pytest.mark.needs("openssl")
def test_renegotiation_that_openssl_asks_for(server: Server) -> None:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", "-tls1_2"]
    done = subprocess.run(command, input=b"R\n", capture_output=True, timeout=20, check=False)
    assert b"no renegotiation" in done.stdout + done.stderr
    line = last_line(server, "renegotiation refused that the client asked for")
    assert "SSLVerifyClient or SSLCipherSuite in a section" in line.hint


@pytest.mark.needs("gnutls-cli")
def test_renegotiation_that_gnutls_asks_for(server: Server) -> None:
    command = ["gnutls-cli", "--port", str(server.https), "--insecure", "--rehandshake", "localhost"]
    command += ["--priority", "NORMAL:-VERS-TLS1.3"]
    subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    last_line(server, "renegotiation refused that the client asked for")


def test_a_request_for_a_host_with_other_terms(new_server, authority: Authority) -> None:
    server = new_server(
        "SSLLog logs/ssl_log\n"
        + ONE_HOST
        + ONE_HOST.replace("localhost", "rsa.test").replace("SSLEngine", "SSLProtocol TLSv1.3\nSSLEngine")
    ).start()
    with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: rsa.test\r\nConnection: close\r\n\r\n")
        assert clients.parse(clients.drain(sock)).status == 421
    line = last_line(server, "request for another host than that of the handshake refused (421)")
    assert line.details == "asked for localhost in its handshake, requests rsa.test"
    assert "SSLVHostSNIPolicy" in line.hint


@pytest.mark.needs("openssl")
def test_clients_that_name_no_host_where_they_must(new_server) -> None:
    other = ONE_HOST.replace("localhost", "rsa.test")
    server = new_server("SSLLog logs/ssl_log\nSSLStrictSNIVHostCheck on\n" + ONE_HOST + other).start()
    request = b"GET / HTTP/1.1\r\nHost: rsa.test\r\nConnection: close\r\n\r\n"
    assert b"HTTP/1.1 403 " in clients.s_client(server.https, "-noservername", data=request).stdout
    line = last_line(server, "handshake done")
    assert line.hint.endswith("SSLStrictSNIVHostCheck on refuses such clients")
    line = last_line(server, "access denied by SSLStrictSNIVHostCheck")
    assert line.details == "GET /, failed: the client named no host, no SNI"
    assert line.hint.endswith("SSLStrictSNIVHostCheck off lets them in")


def test_what_a_section_demands_of_plain_http(new_server) -> None:
    server = new_server(f"SSLLog logs/ssl_log\n<Location />\nSSLRequireSSL\n</Location>\n{ONE_HOST}").start()
    assert clients.get(server.http, "/").status == 403
    line = last_line(server, "access denied by SSLRequireSSL")
    assert (line.host, line.details) == ("localhost", "GET /, failed: the connection is not encrypted")


def test_how_a_connection_ends_and_what_it_has_carried(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert, least=ssl.TLSVersion.TLSv1_3)
    with clients.tls(server.https, context) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        clients.drain(sock)
        line = about(sock, server, "connection closed (standard)")
    received, sent = map(int, re.findall(r"(\d+) (?:bytes received|sent)", line.message))
    assert 200 < received < 3000
    assert 1000 < sent < 5000
    with clients.tls(server.https, context) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    last_line(server, "connection closed (broken off)")


def about(sock: socket.socket, server: Server, beginning: str) -> Line:
    """The line about this client that begins so."""
    while True:
        line = last_line(server, beginning)
        if line.client == "{}:{}".format(*sock.getsockname()):
            return line
