"""Certificates that mean harm, or are just broken: an alert or a refusal, a line in the log, a server that goes on."""

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from blackbox import clients, processes
from blackbox.authority import Authority, Pair, ec_key
from blackbox.client_certificates import Issuer, Wallet, name, resigned, write_pair
from blackbox.server import Server
from blackbox.talking import V12, V13, Talk, client_context
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])

CONFIGURATION = """\
LoadModule echo_module blackbox.echo:module
StartServers 1
LogLevel ssl:info
SSLEngine off
SetHandler echo
SSLOptions +StdEnvVars
SSLCertificateFile @rsa_cert
SSLCertificateKeyFile @rsa_key
SSLCACertificateFile @ca
CustomLog logs/names "%{SSL_CLIENT_S_DN_CN}x"
<VirtualHost *:@https>
    ServerName require.test
    SSLEngine on
    SSLVerifyClient require
</VirtualHost>
<VirtualHost *:@https>
    ServerName generous.test
    SSLEngine on
    SSLVerifyClient optional_no_ca
</VirtualHost>
<VirtualHost *:@https>
    ServerName locations.test
    SSLEngine on
    <Location /require>
        SSLVerifyClient require
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Iterator[Server]:
    server = new_module_server(CONFIGURATION, ca=wallet.root.file)
    with mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[1])):
        server.start()
    worker = server.workers()
    yield server
    assert server.workers() == worker
    assert "Traceback" not in server.log()


def told(server: Server, authority: Authority, pair: Pair, version: ssl.TLSVersion) -> list[dict[str, str]]:
    """The environment at a host that asks in the handshake, and at a location that asks later."""
    context = client_context(authority.cert, pair, version)
    found = []
    for host, target in (("require.test", "/"), ("locations.test", "/require")):
        with Talk(server.https, context, host) as talk:
            found.append(talk.get(target).told["environment"])
    return found


def refused(server: Server, authority: Authority, pair: Pair, version: ssl.TLSVersion) -> tuple[str, int]:
    """The alert where the handshake asks, and the status where a location does."""
    context = client_context(authority.cert, pair, version)
    with pytest.raises(ssl.SSLError) as failure:
        ask(server, context)
    with Talk(server.https, context, "locations.test") as talk:
        return failure.value.reason, talk.get("/require").status


def ask(server: Server, context: ssl.SSLContext, host: str = "require.test") -> None:
    with Talk(server.https, context, host) as talk:
        talk.get("/")


@VERSIONS
def test_a_name_with_a_nul(server: Server, authority: Authority, wallet: Wallet, version) -> None:
    pair = wallet.root.client("nul", name("admin\0.evil.test"))
    for environment in told(server, authority, pair, version):
        assert environment["SSL_CLIENT_S_DN_CN"] == "admin\\00.evil.test"
        assert environment["SSL_CLIENT_S_DN"].startswith("CN=admin\\00.evil.test,")
    server.logged("admin\\\\00.evil.test", "names")


@VERSIONS
def test_a_name_with_line_breaks(server: Server, authority: Authority, wallet: Wallet, version) -> None:
    pair = wallet.root.client("breaks", name('a\r\n127.0.0.1 - - "forged'))
    for environment in told(server, authority, pair, version):
        assert environment["SSL_CLIENT_S_DN_CN"] == 'a\\0D\\0A127.0.0.1 - - "forged'
    server.logged('a\\\\0D\\\\0A127.0.0.1 - - \\"forged', "names")


@VERSIONS
def test_a_huge_name(server: Server, authority: Authority, wallet: Wallet, version) -> None:
    parts = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60) for _ in range(500)]
    subject = x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, "huge")])
    for environment in told(server, authority, wallet.root.client("huge", subject), version):
        assert environment["SSL_CLIENT_S_DN_CN"] == "huge"
        assert len(environment["SSL_CLIENT_S_DN"]) > 30000
    expired = wallet.stranger.client("huge-stranger", subject)
    refused(server, authority, expired, version)
    line = server.logged("unable to get local issuer")
    assert "CN=huge,OU=xxx" in line
    assert len(line) < 2000


@VERSIONS
def test_thousands_of_names(server: Server, authority: Authority, wallet: Wallet, version) -> None:
    names = x509.SubjectAlternativeName([x509.DNSName(f"n{number}.test") for number in range(3000)])
    for environment in told(server, authority, wallet.root.client("many", extensions=[names]), version):
        assert environment["SSL_CLIENT_SAN_DNS_99"] == "n99.test"
        assert sum(key.startswith("SSL_CLIENT_SAN_") for key in environment) == 100


@VERSIONS
@pytest.mark.parametrize(
    ("old", "new", "country"),
    [
        pytest.param(b"\x13\x02DE", b"\x13\x02D\xe9", "D%5CE9", id="letters that a PrintableString has not"),
        pytest.param(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03", "DE", id="version 4"),
    ],
)
def test_certificates_that_only_openssl_can_read(
    server: Server, authority: Authority, wallet: Wallet, version, old, new, country
) -> None:
    """Who cannot be named, is not let in. Whoever has issued it, the log says what can be said."""
    for signer, alert in ((wallet.root, "BAD_CERTIFICATE"), (wallet.stranger, "UNKNOWN_CA")):
        pair = patched(signer, "unnamed", old, new)
        found, status = refused(server, authority, pair, version)
        assert alert in found
        assert status == 403
        line = server.logged(f"serial number {serial_number(pair):X}")
        assert f"certificate of CN=unnamed,O=Clients,C={country}, issued by CN={signer.file.stem[:6]}" in line
        assert ("[Hint: it breaks the rules" in line) is (signer is wallet.root)
        with pytest.raises(ssl.SSLError, match="BAD_CERTIFICATE"):
            ask(server, client_context(authority.cert, pair, version), "generous.test")


@VERSIONS
def test_too_many_certificates(server: Server, authority: Authority, wallet: Wallet, version) -> None:
    """OpenSSL takes 100 KB of them. The alert arrives although the client has been sending all the time."""
    context = client_context(authority.cert, stuffed(wallet, 400_000), version)
    with pytest.raises(ssl.SSLError, match="ALERT_ILLEGAL_PARAMETER"):
        ask(server, context)
    server.logged("excessive message size")


@VERSIONS
def test_many_certificates_that_have_nothing_to_do_with_it(
    server: Server, authority: Authority, wallet: Wallet, version
) -> None:
    for environment in told(server, authority, stuffed(wallet, 80_000), version):
        assert environment["SSL_CLIENT_VERIFY"] == "SUCCESS"


def test_certificates_with_bytes_changed(server: Server, authority: Authority, wallet: Wallet) -> None:
    """In TLS 1.2 certificates travel in the clear. Whatever is changed in it, the client does not get in."""
    context = client_context(authority.cert, wallet.ok, V12)
    size = len(wallet.ok.certificate.public_bytes(Encoding.DER))
    for position in range(0, size, 7):
        with clients.connect(server.https) as sock:
            assert not _enters(sock, context, position), position
    assert clients.parse(clients.exchange(server.http, b"GET / HTTP/1.0\r\n\r\n")).status == 200


def _enters(sock: socket.socket, context: ssl.SSLContext, position: int) -> bool:
    """Shake hands, with a byte of our certificate changed on its way."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="require.test")
    while True:
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            sock.sendall(_changed(outgoing.read(), position))
            received = sock.recv(65536)
            if not received:
                return False
            incoming.write(received)
        except ssl.SSLError:
            return False
        else:
            return True


def _changed(flight: bytes, position: int) -> bytes:
    """The flight, with one byte changed in the certificate that its first record begins with, if it does."""
    if flight[:1] != b"\x16" or flight[5:6] != b"\x0b":
        return flight
    at = 5 + 4 + 3 + 3 + position
    return flight[:at] + bytes((flight[at] ^ 0x55,)) + flight[at + 1 :]


@VERSIONS
def test_memory_does_not_grow(server: Server, authority: Authority, wallet: Wallet, version) -> None:
    """Neither by what is refused, nor by what is let in."""
    strangers = client_context(authority.cert, stuffed(wallet, 90_000, signer=wallet.stranger), version)
    friends = client_context(authority.cert, stuffed(wallet, 90_000), version)
    (worker,) = server.workers()

    def visit(times: int) -> None:
        for _ in range(times):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                ask(server, strangers)
            with Talk(server.https, strangers, "locations.test") as talk:
                assert talk.get("/require").status == 403
            with Talk(server.https, friends, "locations.test") as talk:
                assert talk.get("/require").status == 200

    visit(10)
    before = processes.resident(worker)
    visit(40)
    assert processes.resident(worker) - before < 6 << 20


def patched(signer: Issuer, stem: str, old: bytes, new: bytes) -> Pair:
    """A client's certificate with other bytes in it than the library would put there."""
    key = ec_key()
    usage = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH])
    made = signer.issue(name(stem), key, signer, extensions=[usage])
    pair = write_pair(signer.folder, stem, [made], key)
    pair.cert.write_bytes(ssl.DER_cert_to_PEM_cert(resigned(made, signer, old, new)).encode())
    return pair


def serial_number(pair: Pair) -> int:
    """As openssl reads it, whatever else is in the certificate."""
    command = ["openssl", "x509", "-noout", "-serial", "-in", pair.cert]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("=")[1], 16)


def stuffed(wallet: Wallet, size: int, signer: Issuer | None = None) -> Pair:
    """A good certificate, followed by so many bytes of others."""
    pair = (signer or wallet.root).client(f"stuffed-{size}")
    filler = wallet.stranger.client("filler", name("filler", "x" * 60))
    count = size // len(filler.certificate.public_bytes(Encoding.DER))
    with pair.cert.open("ab") as file:
        file.write(filler.cert.read_bytes() * count)
    return pair
