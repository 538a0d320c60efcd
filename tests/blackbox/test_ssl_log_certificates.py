"""Clients that do not accept the certificate of their host, and say so with an alert: the line tells what is wrong with
it, and the directive that names it."""

from __future__ import annotations

import re
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.conftest import _servers
from blackbox.server import Server
from blackbox.ssl_log import Line, last_line
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL
from unit.ssl.issued import DAY, Issued, ca, write

HOST = """\
<VirtualHost *:@https>
    ServerName {name}
    SSLEngine on
    SSLCertificateFile {folder}/{name}.crt
    SSLCertificateKeyFile {folder}/{name}.key
</VirtualHost>
"""
# The root is known to this system, as far as the server is told; the private one is not.
ROOT, PRIVATE = ca("Known Root"), ca("Private Root")
BETWEEN, PRIVATE_BETWEEN = ca("Known Between", ROOT), ca("Private Between", PRIVATE)
FOR_CLIENTS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


def served(
    name: str, issuer: Issued | None, *chain: Issued, names: tuple[str, ...] = (), **more: object
) -> tuple:
    """What a host of this name serves: its certificate, and what follows it in the file."""
    return Issued(name, names or (name,), issuer, **more), *chain  # type: ignore[arg-type]


SERVED = {
    chain[0].name: chain
    for chain in (
        served("good.test", BETWEEN, BETWEEN),
        served("self-signed.test", None),
        served("without-chain.test", BETWEEN),
        served("without-root.test", PRIVATE_BETWEEN, PRIVATE_BETWEEN),
        served("private.test", PRIVATE_BETWEEN, PRIVATE_BETWEEN, PRIVATE),
        served("disorder.test", BETWEEN, ROOT, BETWEEN),
        served("expired.test", BETWEEN, BETWEEN, begins=-9 * DAY, ends=-3 * DAY),
        served("premature.test", BETWEEN, BETWEEN, begins=timedelta(days=2)),
        served("other-name.test", BETWEEN, BETWEEN, names=("a.test", "b.test")),
        served("for-clients.test", BETWEEN, BETWEEN, extensions=(FOR_CLIENTS,)),
    )
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("certificates")
    for name, chain in SERVED.items():
        write(made / f"{name}.crt", b"".join(each.pem for each in chain), 0o644)
        write(made / f"{name}.key", chain[0].key_pem())
    write(made / "root.crt", ROOT.pem, 0o644)
    return made


@pytest.fixture(scope="module")
def server(folder: Path):
    hosts = "".join(HOST.format(name=name, folder=folder) for name in SERVED)
    with _servers({}) as new:
        server = new("SSLLog logs/ssl_log\nSSLLogRepeat 0\n" + hosts)
        with pytest.MonkeyPatch.context() as patch:
            # Where a worker, which is another user, can read it.
            patch.setenv("SSL_CERT_FILE", str(write(server.root / "conf/root.crt", ROOT.pem, 0o644)))
            server.start()
        yield server


def openssl(server: Server, name: str, *options: str) -> None:
    clients.s_client(server.https, "-servername", name, "-verify_return_error", *options)


def hint(server: Server, name: str, alert: str) -> str:
    """The hint of the line about a client that gave up with this alert; the file's name is left out."""
    line = last_line(server, f"handshake failed: alert {alert} from the client")
    assert re.fullmatch(r"127\.0\.0\.1:\d+", line.client)
    assert line.host == f"{name}:{server.https}"
    match = re.fullmatch(rf"the client does not accept SSLCertificateFile \S+/{name}\.crt: (.*)", line.hint)
    assert match, line.hint
    return match[1]


UNKNOWN_CA = "unknown_ca"
IMPORT = "if that is your own CA, import it in the client"


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    ("name", "options", "alert", "expected"),
    [
        (
            "self-signed.test",
            "",
            UNKNOWN_CA,
            "it is self-signed: have it signed by a CA that clients know, or import it in the client",
        ),
        (
            "without-chain.test",
            "",
            UNKNOWN_CA,
            "its chain ends with CN=without-chain.test, and CN=Known Between comes neither with it nor with systems: "
            f"append the intermediate certificate CN=Known Between to the file; {IMPORT}",
        ),
        (
            "without-root.test",
            "",
            UNKNOWN_CA,
            "its chain ends with CN=Private Between, and CN=Private Root comes neither with it nor with systems: "
            f"append the intermediate certificate CN=Private Root to the file; {IMPORT}",
        ),
        (
            "private.test",
            "",
            UNKNOWN_CA,
            "it leads to the CA CN=Private Root, which does not come with systems: import that CA in the client",
        ),
        (
            "disorder.test",
            "-no-CAfile",
            UNKNOWN_CA,
            "the chain is out of order: certificate 2 should be what is now certificate 3: put the certificate first, "
            "then its issuer, then the issuer's issuer",
        ),
        (
            "good.test",
            "-no-CAfile -no-CApath",
            UNKNOWN_CA,
            "nothing is wrong with it that this server can see; the client may have no up-to-date list of CAs",
        ),
        (
            "expired.test",
            "-CAfile ROOT",
            "certificate_expired",
            r"it expired 3 days ago \(.*\): renew it, then reload",
        ),
        (
            "premature.test",
            "-CAfile ROOT",
            "bad_certificate",
            r"it is not valid before .* UTC: check the clock, or wait before serving it",
        ),
        (
            "good.test",
            "-CAfile ROOT -attime 4000000000",
            "certificate_expired",
            r"it is good until 20\d\d-\d\d-\d\d, so the clock of the client may be wrong",
        ),
        (
            "other-name.test",
            "-CAfile ROOT -verify_hostname other-name.test",
            "bad_certificate",
            "it is for a.test, b.test, not for other-name.test that the client asked for: have it issued for this "
            "name, or give the name to the right host with ServerName or ServerAlias",
        ),
        (
            "for-clients.test",
            "-CAfile ROOT",
            "unsupported_certificate",
            r"it is not for servers \(extendedKeyUsage without serverAuth\): "
            "have it issued with extendedKeyUsage serverAuth",
        ),
    ],
)
def test_what_is_wrong_with_the_certificate(
    server: Server, folder: Path, version: str, name: str, options: str, alert: str, expected: str
) -> None:
    openssl(server, name, version, *options.replace("ROOT", str(folder / "root.crt")).split())
    assert re.fullmatch(expected, hint(server, name, alert))


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_client_that_knows_the_certificate_to_be_revoked(
    server: Server, folder: Path, tmp_path: Path, version: str
) -> None:
    crl = write(tmp_path / "between.crl", revoking(BETWEEN, SERVED["good.test"][0]))
    options = ["-CAfile", folder / "root.crt", "-crl_check", "-CRL", crl]
    openssl(server, "good.test", version, *map(str, options))
    assert hint(server, "good.test", "certificate_revoked") == "its CA has revoked it: have a new one issued"


def revoking(issuer: Issued, revoked: Issued) -> bytes:
    """A CRL."""
    now = datetime.now(UTC)
    entry = x509.RevokedCertificateBuilder(revoked.certificate.serial_number, now).build()
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - DAY)
        .next_update(now + DAY)
        .add_revoked_certificate(entry)
        .sign(issuer.key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def test_a_client_that_misses_the_ocsp_answer(server: Server, version: int) -> None:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    context.set_ocsp_client_callback(lambda _connection, answer, _data: bool(answer))
    with clients.connect(server.https) as sock:
        sock.setblocking(True)
        tls = SSL.Connection(context, sock)
        tls.set_tlsext_host_name(b"good.test")
        tls.request_ocsp()
        tls.set_connect_state()
        with pytest.raises(SSL.Error, match="invalid status response"):
            tls.do_handshake()
    assert "write SSLUseStapling on" in hint(server, "good.test", "bad_certificate_status_response")


# Alerts for which no client here has a reason of its own: sent as they are. Up to its first flight, a client may do so
# in the clear.
@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
@pytest.mark.parametrize(
    ("number", "name", "hint"),
    [
        (10, "unexpected_message", "the client does not understand what this server has sent: .*"),
        (20, "bad_record_mac", "bytes were changed on the way: .*"),
        (
            40,
            "handshake_failure",
            "the client found nothing of what it wants: .* SSLProtocol and SSLCipherSuite",
        ),
        (47, "illegal_parameter", "the client does not understand what this server has sent: .*"),
        (
            49,
            "access_denied",
            "the client does not accept SSLCertificateFile .*: it is valid, but rules of the client.*",
        ),
        (51, "decrypt_error", "the client cannot verify our signature: .*"),
        (71, "insufficient_security", "the client wants stronger ciphers than SSLCipherSuite allows"),
        (80, "internal_error", "the client has a problem of its own: look there"),
        (
            100,
            "no_renegotiation",
            "the client does not let itself be asked .* SSLVerifyClient in the <VirtualHost>",
        ),
        (110, "unsupported_extension", "the client does not understand what this server has sent: .*"),
        (
            113,
            "bad_certificate_status_response",
            "the client does not accept SSLCertificateFile .*: its stapled OCSP .*",
        ),
    ],
)
def test_other_alerts(server: Server, version: int, number: int, name: str, hint: str) -> None:
    said_after_hello(server, version, b"\x15\x03\x03\x00\x02\x02" + bytes([number]))
    line = last_line(server, f"handshake failed: alert {name} from the client")
    assert re.fullmatch(hint, line.hint)


def said_after_hello(server: Server, version: int, data: bytes) -> None:
    """What a client says, in the clear, when it has seen our first flight."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    tls = SSL.Connection(context, None)
    tls.set_tlsext_host_name(b"good.test")
    tls.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        tls.do_handshake()
    with clients.connect(server.https) as sock:
        sock.sendall(tls.bio_read(65536))
        assert sock.recv(10)
        sock.sendall(data)
        clients.drain(sock)


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def test_an_alert_that_nobody_knows(server: Server, version: int) -> None:
    said_after_hello(server, version, b"\x15\x03\x03\x00\x02\x02\xc8")
    line = last_line(server, "handshake failed: ")
    assert line.message == "handshake failed: something that OpenSSL has no words for"
    assert "SSLLogLevel trace shows how far it came" in line.hint


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION])
def test_a_client_that_says_goodbye_in_the_middle(server: Server, version: int) -> None:
    said_after_hello(server, version, b"\x15\x03\x03\x00\x02\x01\x00")
    line = last_line(server, "connection ended during the handshake after our certificate was sent: ")
    assert line.message.endswith(": closed by the client")


def test_several_things_at_once(server: Server) -> None:
    with pytest.raises(ssl.SSLCertVerificationError), clients.connect(server.https) as sock:
        ssl.create_default_context().wrap_socket(sock, server_hostname="nobody.test")
    told = hint(server, "good.test", UNKNOWN_CA)  # the first host answers for names that nobody has
    assert told.startswith("it is for good.test, not for nobody.test that the client asked for: ")


@pytest.mark.needs("openssl")
def test_who_names_no_host_gets_the_first(server: Server) -> None:
    clients.s_client(server.https, "-noservername", "-verify_return_error")
    told = hint(server, "good.test", UNKNOWN_CA)
    assert told == "it is for good.test; the client named no host (no SNI), so it got that of the first host"


@pytest.mark.needs("curl")
def test_curl(server: Server) -> None:
    done = clients.curl(
        "--resolve", f"private.test:{server.https}:127.0.0.1", f"https://private.test:{server.https}/"
    )
    assert done.returncode == 60
    assert "it leads to the CA CN=Private Root" in hint(server, "private.test", UNKNOWN_CA)


@pytest.mark.needs("gnutls-cli")
def test_gnutls(server: Server) -> None:
    command = ["gnutls-cli", "--port", str(server.https), "--sni-hostname", "self-signed.test", "localhost"]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    assert b"PKI verification of server certificate failed" in done.stdout
    assert "it is self-signed" in hint(server, "self-signed.test", "bad_certificate")


@pytest.mark.needs("chromium")
def test_chromium(server: Server, tmp_path: Path) -> None:
    page = clients.Chromium(tmp_path).dom(f"https://private.test:{server.https}/")
    assert "hello" not in page
    assert "it leads to the CA CN=Private Root" in hint(server, "private.test", "certificate_unknown")


@pytest.mark.needs("curl")
def test_a_client_that_finds_the_name_wrong_after_the_handshake(server: Server, folder: Path) -> None:
    """curl says nothing; what is known is that it asked for a name that the certificate is not for."""
    url = f"https://nobody.test:{server.https}/"
    done = clients.curl(
        "--cacert", folder / "root.crt", "--resolve", f"nobody.test:{server.https}:127.0.0.1", url
    )
    assert done.returncode == 60
    line: Line = last_line(server, "handshake done")
    assert line.details == "asked for nobody.test"
    assert line.hint == (
        "no ServerName or ServerAlias of this address is nobody.test: it got the first host of this address, "
        "whose certificate is not for it, so that the client will go"
    )
