"""Each SSLProxy* directive that tells who is believed, what is offered, and who we are: one way and the other."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Pair
from blackbox.backend import PROXY, Backend, Visit, ok
from blackbox.client_certificates import Issuer, name
from blackbox.desk import Desk
from blackbox.server import Server
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

ENGINE = "SSLProxyEngine on\n"
PASS = "ProxyPass / https://localhost:@backend/ disablereuse=on\nSSLLog logs/ssl_log\n"
LOCALHOST = (x509.SubjectAlternativeName([x509.DNSName("localhost")]),)
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chain")


@pytest.fixture(scope="module")
def root(folder: Path) -> Issuer:
    return Issuer(folder, name("Root"))


@pytest.fixture(scope="module")
def lowest(folder: Path, root: Issuer) -> Issuer:
    """A CA below a CA below the root."""
    return Issuer(folder, name("Lowest"), Issuer(folder, name("Middle"), root))


@pytest.fixture(scope="module")
def server_pair(lowest: Issuer) -> Pair:
    """A server's certificate, with both intermediates."""
    return lowest.client("server", usage=ExtendedKeyUsageOID.SERVER_AUTH, extensions=LOCALHOST)


def tls(pair: Pair, client_ca: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.cert, pair.key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def passing(new_server: Callable[..., Server]) -> Iterator[Callable[[ssl.SSLContext, str], Server]]:
    """passing(context, lines): a server that hands on to a backend with that context, which tells the cipher and whom
    it speaks to."""
    backends: list[Backend] = []

    def tell(visit: Visit) -> None:
        assert isinstance(visit.sock, ssl.SSLSocket)
        while visit.head():
            subject = dict(part[0] for part in (visit.sock.getpeercert() or {}).get("subject", ()))
            cipher = visit.sock.cipher()
            visit.say(ok(f"{cipher and cipher[0]} {subject.get('commonName')}".encode()))

    def start(context: ssl.SSLContext, lines: str) -> Server:
        backends.append(Backend(tell, tls=context))
        return new_server(PROXY + ENGINE + lines + PASS, backend=backends[-1]).start()

    yield start
    for each in backends:
        each.close()


def answered(server: Server) -> bytes:
    reply = clients.get(server.http, "/")
    assert reply.status == 200, server.log()
    return reply.body


def refused(server: Server, why: str, hint: str) -> None:
    assert clients.get(server.http, "/").status == 502
    assert why in server.logged("https://localhost:", "error_log")
    assert hint in server.logged(why, "ssl_log")


def hashed(folder: Path, *files: Path) -> Path:
    """A directory of these files, under their hashes too. Anybody may read it."""
    folder.mkdir()
    for file in files:
        (folder / file.name).write_bytes(file.read_bytes())
    Desk(folder).cert("rehash .")
    return folder


def test_depth(passing, root: Issuer, server_pair: Pair):
    lines = f"SSLProxyCACertificateFile {root.file}\nSSLProxyVerifyDepth "
    assert answered(passing(tls(server_pair), f"{lines}2\n"))
    refused(
        passing(tls(server_pair), f"{lines}1\n"), "certificate chain too long", "raise SSLProxyVerifyDepth"
    )


def test_directories_of_cas_and_crls(
    passing, root: Issuer, lowest: Issuer, server_pair: Pair, tmp_path: Path
):
    cas = hashed(tmp_path / "cas", root.file)
    lines = f"SSLProxyCACertificatePath {cas}\n"
    assert answered(passing(tls(server_pair), lines))
    crls = hashed(tmp_path / "crls", lowest.crl(server_pair))
    lines += f"SSLProxyCARevocationPath {crls}\nSSLProxyCARevocationCheck leaf\n"
    refused(passing(tls(server_pair), lines), "certificate revoked", "its CA has revoked this one")


def test_what_the_system_believes(passing, root: Issuer, server_pair: Pair, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(root.file))
    assert answered(passing(tls(server_pair), ""))


@pytest.mark.parametrize("given", ["file", "directory"])
def test_who_we_are(passing, root: Issuer, lowest: Issuer, server_pair: Pair, tmp_path: Path, given: str):
    """Our certificate is from the lowest CA; its intermediates are in a file of their own."""
    pair = lowest.client("machine", chain=False)
    (tmp_path / "own").mkdir()
    machine = tmp_path / "own/machine.pem"
    machine.write_bytes(pair.cert.read_bytes() + pair.key.read_bytes())
    chain = tmp_path / "chain.pem"
    chain.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in lowest.above))
    own = f"File {machine}" if given == "file" else f"Path {machine.parent}"
    lines = f"SSLProxyCACertificateFile {root.file}\nSSLProxyMachineCertificate{own}\n"
    with_chain = f"{lines}SSLProxyMachineCertificateChainFile {chain}\n"
    server = passing(tls(server_pair, root.file), with_chain)
    assert answered(server).endswith(b" machine")
    server = passing(tls(server_pair, root.file), lines)
    assert clients.get(server.http, "/").status == 502


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_server_that_wants_to_know_who_we_are(
    passing, root: Issuer, server_pair: Pair, version: ssl.TLSVersion
):
    """In TLS 1.3 it says so when the handshake has ended for us."""
    context = tls(server_pair, root.file)
    context.maximum_version = version
    server = passing(context, f"SSLProxyCACertificateFile {root.file}\n")
    assert clients.get(server.http, "/").status == 502
    line = server.logged("https://localhost:", "error_log")
    assert "SSLProxyMachineCertificateFile" in line
    assert "SSLProxyMachineCertificateFile" in server.logged("backend localhost:", "ssl_log")


def test_ciphers(passing, root: Issuer, server_pair: Pair):
    context = tls(server_pair)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305")
    lines = f"SSLProxyCACertificateFile {root.file}\nSSLProxyCipherSuite ECDHE-ECDSA-"
    assert answered(passing(context, f"{lines}CHACHA20-POLY1305\n")).startswith(
        b"ECDHE-ECDSA-CHACHA20-POLY1305 "
    )
    refused(passing(context, f"{lines}AES128-GCM-SHA256\n"), "handshake failure", "SSLProxyCipherSuite")


def test_certificates_of_another_day(passing, root: Issuer):
    old = root.client(
        "old",
        usage=ExtendedKeyUsageOID.SERVER_AUTH,
        extensions=LOCALHOST,
        begins=-3 * DAY,
        ends=-DAY,
    )
    lines = f"SSLProxyCACertificateFile {root.file}\n"
    refused(passing(tls(old), lines), "certificate has expired", "renew the server's certificate")
    assert answered(passing(tls(old), f"{lines}SSLProxyCheckPeerExpire off\n"))


def test_names(passing, root: Issuer):
    """CheckPeerCN is what CheckPeerName was called once, and says nothing beside that."""
    other = root.client(
        "other",
        usage=ExtendedKeyUsageOID.SERVER_AUTH,
        extensions=(x509.SubjectAlternativeName([x509.DNSName("other.test")]),),
    )
    lines = f"SSLProxyCACertificateFile {root.file}\nSSLProxyCheckPeerCN off\n"
    assert answered(passing(tls(other), lines))
    refused(passing(tls(other), f"{lines}SSLProxyCheckPeerName on\n"), "hostname mismatch", "ProxyPass")
