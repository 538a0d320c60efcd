"""TLS as clients see it: certificates, versions and ciphers of each host, the end of a connection, HTTP misplaced."""

import re
import socket
import ssl
import time

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.server import Server

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

HOSTS = """\
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCertificateFile @ecdsa_cert
    SSLCertificateKeyFile @ecdsa_key
</VirtualHost>
<VirtualHost *:@https>
    ServerName rsa.test
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLProtocol TLSv1.2
    SSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256
    SSLHonorCipherOrder on
</VirtualHost>
<VirtualHost *:@https>
    ServerName ecdsa.test
    SSLEngine on
    SSLCertificateFile @ecdsa_cert
    SSLCertificateKeyFile @ecdsa_key
    SSLProtocol TLSv1.3
    SSLCipherSuite TLSv1.3 TLS_CHACHA20_POLY1305_SHA256
</VirtualHost>
<VirtualHost *:@https>
    ServerName chain.test
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCertificateChainFile @authority
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(HOSTS)
    server.write("index.html", b"<p>hello\n")
    return server.start()


def refused(server: Server, context: ssl.SSLContext, name: str) -> str:
    """The reason why the handshake fails."""
    with pytest.raises(ssl.SSLError) as failure:
        clients.tls(server.https, context, name).close()
    return failure.value.reason


def test_a_host_presents_the_kind_of_certificate_that_the_client_can_verify(
    server: Server, authority: Authority, rsa_pair: Pair, ecdsa_pair: Pair
) -> None:
    for ciphers, pair in (
        ("ECDHE-RSA-AES128-GCM-SHA256", rsa_pair),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", ecdsa_pair),
    ):
        context = clients.tls_context(authority.cert, most=V12)
        context.set_ciphers(ciphers)
        with clients.tls(server.https, context) as sock:
            assert sock.cipher()[0] == ciphers
            assert sock.getpeercert(binary_form=True) == pair.der


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("algorithm", "kind"), [("ecdsa_secp256r1_sha256", "ECDSA"), ("rsa_pss_rsae_sha256", "RSA")]
)
def test_in_tls_1_3_the_signature_algorithms_decide(server: Server, algorithm: str, kind: str) -> None:
    done = clients.s_client(
        server.https,
        "-servername",
        "localhost",
        "-tls1_3",
        "-sigalgs",
        algorithm,
        data=b"GET / HTTP/1.0\r\n\r\n",
    )
    assert f"Peer signature type: {kind}" in done.stdout.decode()


@pytest.mark.needs("openssl")
def test_a_chain_from_a_file_of_its_own_follows_the_certificate(
    server: Server, authority: Authority, rsa_pair: Pair
) -> None:
    request = b"GET / HTTP/1.0\r\n\r\n"
    done = clients.s_client(server.https, "-servername", "chain.test", "-showcerts", data=request)
    chain = [rsa_pair.cert.read_bytes(), authority.cert.read_bytes()]
    assert re.findall(rb"-----BEGIN CERTIFICATE.*?END CERTIFICATE-----\n", done.stdout, re.DOTALL) == chain


def test_both_versions_of_tls_by_default(server: Server, authority: Authority) -> None:
    for version, name in ((V12, "TLSv1.2"), (V13, "TLSv1.3")):
        context = clients.tls_context(authority.cert, least=version, most=version)
        with clients.tls(server.https, context) as sock:
            assert sock.version() == name


def test_nothing_older_by_default(server: Server, authority: Authority) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context = clients.tls_context(authority.cert, least=ssl.TLSVersion.TLSv1, most=ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert "VERSION" in refused(server, context, "localhost")


def test_ssl_protocol_holds_for_its_host_only(server: Server, authority: Authority) -> None:
    only_12 = clients.tls_context(authority.cert, most=V12)
    only_13 = clients.tls_context(authority.cert, least=V13)
    anything = clients.tls_context(authority.cert)
    assert "VERSION" in refused(server, only_13, "rsa.test")
    assert "VERSION" in refused(server, only_12, "ecdsa.test")
    spoken = {}
    for name in ("rsa.test", "ecdsa.test"):
        with clients.tls(server.https, anything, name) as sock:
            spoken[name] = sock.version()
    assert spoken == {"rsa.test": "TLSv1.2", "ecdsa.test": "TLSv1.3"}


def test_ssl_cipher_suite_holds_for_its_host_only(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert, most=V12)
    context.set_ciphers("ECDHE-RSA-CHACHA20-POLY1305")
    assert "HANDSHAKE" in refused(server, context, "rsa.test")
    with clients.tls(server.https, context, "localhost") as sock:
        assert sock.cipher()[0] == "ECDHE-RSA-CHACHA20-POLY1305"
    with clients.tls(server.https, clients.tls_context(authority.cert), "ecdsa.test") as sock:
        assert sock.cipher()[0] == "TLS_CHACHA20_POLY1305_SHA256"


def test_the_order_of_the_server_decides_where_it_is_told_to(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert, most=V12)
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384")
    chosen = {}
    for name in ("rsa.test", "localhost"):
        with clients.tls(server.https, context, name) as sock:
            chosen[name] = sock.cipher()[0]
    assert chosen == {"rsa.test": "ECDHE-RSA-AES256-GCM-SHA384", "localhost": "ECDHE-RSA-AES128-GCM-SHA256"}


@pytest.mark.parametrize("version", [V12, V13])
def test_the_end_is_announced(server: Server, authority: Authority, version: ssl.TLSVersion) -> None:
    context = clients.tls_context(authority.cert, least=version, most=version)
    # tls_get reads until close_notify, and fails on an end without it.
    assert clients.tls_get(server.https, context).status == 200


def test_the_end_of_an_idle_connection_is_announced(new_server, authority: Authority) -> None:
    server = new_server("KeepAliveTimeout 1\n" + HOSTS)
    server.write("index.html", b"<p>hello\n")
    server.start()
    with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        started = time.monotonic()
        assert clients.parse(clients.drain(sock)).status == 200
        assert 0.5 < time.monotonic() - started < 30


def test_a_client_hello_in_small_pieces(server: Server, authority: Authority) -> None:
    hello = _client_hello(authority)
    with clients.connect(server.https) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(0, len(hello), 100):
            sock.sendall(hello[position : position + 100])
            time.sleep(0.01)
        assert sock.recv(5)[:3] == b"\x16\x03\x03"


def _client_hello(authority: Authority) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = clients.tls_context(authority.cert).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def test_a_name_that_no_host_has_gets_the_first_one(
    server: Server, authority: Authority, ecdsa_pair: Pair
) -> None:
    context = clients.tls_context(authority.cert)
    context.check_hostname = False
    with clients.tls(server.https, context, "nowhere.test") as sock:
        assert sock.getpeercert(binary_form=True) == ecdsa_pair.der


def test_a_request_for_another_host_than_the_handshake_named(server: Server, authority: Authority) -> None:
    with clients.tls(server.https, clients.tls_context(authority.cert), "rsa.test") as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: ecdsa.test\r\nConnection: close\r\n\r\n")
        assert clients.parse(clients.drain(sock)).status == 421


@pytest.mark.parametrize(
    "request_line",
    ["GET / HTTP/1.1", "POST /x HTTP/1.1", "HEAD / HTTP/1.0", "OPTIONS * HTTP/1.1"],
)
def test_http_on_the_https_port(server: Server, request_line: str) -> None:
    raw = clients.exchange(server.https, f"{request_line}\r\nHost: localhost\r\n\r\n".encode())
    reply = clients.parse(raw)
    assert reply.status == 400
    assert reply.headers["connection"] == "close"
    if not request_line.startswith("HEAD"):
        assert re.search("https", reply.body.decode(), re.IGNORECASE)


@pytest.mark.needs("curl")
def test_curl_is_told_to_use_https(server: Server) -> None:
    done = clients.curl("--include", f"http://localhost:{server.https}/")
    assert done.stdout.startswith(b"HTTP/1.1 400 ")
