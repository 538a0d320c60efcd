"""HTTPS to backends: who is believed, and what is said of those who are not."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair, ec_key
from blackbox.backend import PROXY, Backend, Visit, backend, ok
from blackbox.server import Server
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtensionOID

TRUSTING = "SSLProxyEngine on\nSSLProxyCACertificateFile @ca\n"
PASS = "ProxyPass / https://localhost:@backend/\nSSLLog logs/ssl_log\nSSLLogLevel info\n"


def tls(pair: Pair, client_ca: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.cert, pair.key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def seen() -> list[str]:
    """What backends learned of handshakes."""
    return []


def telling(seen: list[str]) -> Callable[[Visit], None]:
    def script(visit: Visit) -> None:
        sock = visit.sock
        assert isinstance(sock, ssl.SSLSocket)
        while visit.head():
            peer = dict(part[0] for part in (sock.getpeercert() or {}).get("subject", ()))
            seen.append(
                f"{sock.version()} {'resumed' if sock.session_reused else 'new'} {peer.get('commonName')}"
            )
            visit.say(ok(b"secret"))

    return script


@pytest.fixture
def passing(new_server: Callable[..., Server], authority: Authority, seen: list[str]):
    """passing(context, lines): a server that hands on to a backend with that context."""
    backends: list[Backend] = []

    def start(context: ssl.SSLContext, lines: str) -> Server:
        backends.append(Backend(telling(seen), tls=context))
        return new_server(PROXY + lines, backend=backends[-1], ca=authority.cert).start()

    yield start
    for each in backends:
        each.close()


def test_a_server_that_is_believed(passing, seen: list[str], rsa_pair: Pair, authority: Authority):
    names: list[str | None] = []
    context = tls(rsa_pair)
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    server = passing(context, TRUSTING + PASS.replace("@backend/", "@backend/ disablereuse=on"))
    for _ in range(3):
        assert clients.get(server.http, "/").body == b"secret"
    assert clients.tls_get(server.https, clients.tls_context(authority.cert)).body == b"secret"
    assert names == ["localhost"] * 4
    assert seen == ["TLSv1.3 new None", *["TLSv1.3 resumed None"] * 3]
    server.logged("handshake with backend localhost done: TLSv1.3", "ssl_log")


def test_sessions_of_tls12(passing, seen: list[str], rsa_pair: Pair):
    context = tls(rsa_pair)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = passing(context, TRUSTING + PASS.replace("@backend/", "@backend/ disablereuse=on"))
    for _ in range(2):
        assert clients.get(server.http, "/").body == b"secret"
    assert seen == ["TLSv1.2 new None", "TLSv1.2 resumed None"]


REFUSED = {
    "unknown CA": (
        "SSLProxyEngine on\n",
        "localhost",
        "unable to get local issuer certificate",
        "SSLProxyCACertificateFile",
    ),
    "another name": (TRUSTING, "other.test", "hostname mismatch", "ProxyPass"),
    "expired": (TRUSTING, "localhost", "certificate has expired", "renew"),
    "other version": (
        TRUSTING + "SSLProxyProtocol TLSv1.2\n",
        "localhost",
        "alert protocol version",
        "SSLProxyProtocol",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_server_that_is_not_believed(passing, seen: list[str], case: str, authority: Authority):
    lines, name, why, hint = REFUSED[case]
    pair = expired(authority) if case == "expired" else authority.issue(f"back-{name}", [name], ec_key())
    context = tls(pair)
    if case == "other version":
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    server = passing(context, lines + PASS)
    assert clients.get(server.http, "/").status == 502
    for log in ("ssl_log", "error_log"):
        line = server.logged(why, log)
        assert hint in line
    assert not seen
    assert len([line for line in server.log().splitlines() if "localhost" in line and why in line]) == 1


def expired(authority: Authority) -> Pair:
    pair = authority.issue("expired", ["localhost"], ec_key())
    old = pair.certificate
    begin, end = datetime.datetime(2020, 1, 1), datetime.datetime(2021, 1, 1)
    pair.cert.write_bytes(signed(authority, old, begin, end, list(old.extensions)))
    return pair


def client_pem(authority: Authority) -> bytes:
    """The certificate of a client, and its key."""
    pair = authority.issue("machine", ["machine.test"], ec_key())
    old = pair.certificate
    extensions = [each for each in old.extensions if each.oid != ExtensionOID.EXTENDED_KEY_USAGE]
    begin, end = old.not_valid_before_utc, old.not_valid_after_utc
    return signed(authority, old, begin, end, extensions) + pair.key.read_bytes()


def signed(
    authority: Authority,
    old: x509.Certificate,
    begin: datetime.datetime,
    end: datetime.datetime,
    extensions: list[x509.Extension[x509.ExtensionType]],
) -> bytes:
    """A certificate once more, with another time or other extensions."""
    key = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    builder = x509.CertificateBuilder(
        old.issuer, old.subject, old.public_key(), old.serial_number, begin, end, extensions
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("SSLProxyEngine on\nSSLProxyVerify none\n", "localhost"),
        (TRUSTING + "SSLProxyCheckPeerName off\n", "other.test"),
        ("SSLProxyEngine on\nSSLProxyVerify none\nSSLProxyCheckPeerCN off\n", "other.test"),
        ("SSLProxyEngine on\nSSLProxyVerify optional_no_ca\n", "localhost"),
    ],
)
def test_checks_that_are_off(passing, authority: Authority, lines: str, name: str):
    server = passing(tls(authority.issue(f"off-{name}", [name], ec_key())), lines + PASS)
    assert clients.get(server.http, "/").body == b"secret"


def test_our_own_certificate(passing, seen: list[str], rsa_pair: Pair, authority: Authority, tmp_path: Path):
    machine = tmp_path / "machine.pem"
    machine.write_bytes(client_pem(authority))
    context = tls(rsa_pair, authority.cert)
    server = passing(context, TRUSTING + f"SSLProxyMachineCertificateFile {machine}\n" + PASS)
    assert clients.get(server.http, "/").body == b"secret"
    assert seen == ["TLSv1.3 new machine.test"]


def test_bytes_before_the_handshake(new_server: Callable[..., Server], authority: Authority):
    def script(visit: Visit) -> None:
        visit.say(ok(b"injected"))
        visit.wait_for_end()

    with backend(script) as back:
        server = new_server(PROXY + TRUSTING + PASS, backend=back, ca=authority.cert).start()
        reply = clients.get(server.http, "/")
        assert reply.status == 502
        assert b"injected" not in reply.body
        assert "http://" in server.logged("TLS handshake failed")


def test_what_the_configuration_lacks(new_server: Callable[..., Server], authority: Authority):
    server = new_server(PROXY + PASS, backend=1)
    done = server.run("-t")
    assert done.returncode == 1
    assert "SSLProxyEngine on" in done.stderr
    server = new_server(
        PROXY + TRUSTING + PASS + "SSLProxyMachineCertificateFile /nonexistent\n",
        backend=1,
        ca=authority.cert,
    )
    done = server.run("-t")
    assert done.returncode == 1
    assert "SSLProxyMachineCertificateFile" in done.stderr
    assert "/nonexistent" in done.stderr


def test_a_server_that_was_revoked(passing, seen: list[str], authority: Authority, tmp_path: Path):
    pair = authority.issue("revoked", ["localhost"], ec_key())
    crl = tmp_path / "authority.crl"
    crl.write_bytes(revocation_list(authority, pair.certificate.serial_number))
    check = f"SSLProxyCARevocationFile {crl}\nSSLProxyCARevocationCheck chain\n"
    server = passing(tls(pair), TRUSTING + check + PASS)
    assert clients.get(server.http, "/").status == 502
    assert "has revoked this one" in server.logged("certificate revoked", "ssl_log")
    assert not seen


def revocation_list(authority: Authority, serial: int) -> bytes:
    key = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    now = datetime.datetime.now(datetime.UTC)
    revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - datetime.timedelta(hours=1))
        .next_update(now + datetime.timedelta(days=1))
        .add_revoked_certificate(revoked)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
