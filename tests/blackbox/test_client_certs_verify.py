"""SSLVerifyClient of whole hosts: which certificates get through the handshake, and what is said of the others."""

import shutil
import ssl
import subprocess

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.client_certificates import Wallet
from blackbox.server import Server
from blackbox.until import until

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])

HOST = """\
<VirtualHost *:@https>
    ServerName {name}
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    {lines}
</VirtualHost>
"""

HOSTS = {
    "require.test": "SSLVerifyClient require",
    "optional.test": "SSLVerifyClient optional",
    "generous.test": "SSLVerifyClient optional_no_ca",
    "none.test": "SSLVerifyClient none",
    "deep.test": "SSLVerifyClient require\nSSLVerifyDepth 2",
    "shallow.test": "SSLVerifyClient require\nSSLVerifyDepth 0",
    "chain.test": "SSLVerifyClient require\nSSLVerifyDepth 3\nSSLCARevocationFile @crls\nSSLCARevocationCheck chain",
    "leaf.test": "SSLVerifyClient require\nSSLVerifyDepth 3\nSSLCARevocationFile @root_crl\nSSLCARevocationCheck leaf",
    "lenient.test": "SSLVerifyClient require\nSSLVerifyDepth 3\nSSLCARevocationFile @root_crl\n"
    "SSLCARevocationCheck chain no_crl_for_cert_ok",
}


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    hosts = "".join(HOST.format(name=name, lines=lines) for name, lines in HOSTS.items())
    server = new_module_server(
        'LogLevel ssl:info\nCustomLog logs/verdicts "%{SSL_CLIENT_VERIFY}x %{SSL_CLIENT_S_DN}x %v"\n' + hosts,
        ca=wallet.root.file,
        crls=wallet.crls,
        root_crl=wallet.folder / "Client-Root.crl",
    )
    server.write("index.html", b"hello\n")
    return server.start()


def context(authority: Authority, pair: Pair | None, version: ssl.TLSVersion = V13) -> ssl.SSLContext:
    made = clients.tls_context(authority.cert, least=version, most=version)
    made.check_hostname = False
    if pair:
        made.load_cert_chain(pair.cert, pair.key)
    return made


def refused(server: Server, made: ssl.SSLContext, name: str) -> str:
    """The alert that ends the handshake: in TLS 1.3 it comes when the client already believes to be done."""
    with pytest.raises(ssl.SSLError) as failure:
        ask(server, made, name)
    return failure.value.reason


def ask(server: Server, made: ssl.SSLContext, name: str, session: ssl.SSLSession | None = None) -> None:
    """Connect, and read the beginning of an answer. Raises SSLError."""
    with (
        clients.connect(server.https) as plain,
        made.wrap_socket(plain, server_hostname=name, session=session) as sock,
    ):
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        sock.recv(1)


@VERSIONS
@pytest.mark.parametrize(
    ("name", "pair", "alert"),
    [
        ("require.test", "ok", None),
        ("require.test", None, ("HANDSHAKE_FAILURE", "CERTIFICATE_REQUIRED")),
        ("require.test", "expired", "CERTIFICATE_EXPIRED"),
        ("require.test", "premature", "BAD_CERTIFICATE"),
        ("require.test", "for_servers", "UNSUPPORTED_CERTIFICATE"),
        ("require.test", "snake_oil", "UNKNOWN_CA"),
        ("require.test", "self_signed", "UNKNOWN_CA"),
        ("require.test", "deep", "UNKNOWN_CA"),
        ("optional.test", "ok", None),
        ("optional.test", None, None),
        ("optional.test", "expired", "CERTIFICATE_EXPIRED"),
        ("optional.test", "self_signed", "UNKNOWN_CA"),
        ("generous.test", None, None),
        ("generous.test", "ok", None),
        ("generous.test", "self_signed", None),
        ("generous.test", "snake_oil", None),
        ("generous.test", "expired", "CERTIFICATE_EXPIRED"),
        ("generous.test", "for_servers", "UNSUPPORTED_CERTIFICATE"),
        ("none.test", "expired", None),
        ("deep.test", "deep", None),
        ("deep.test", "without_chain", "UNKNOWN_CA"),
        ("deep.test", "deeper", "UNKNOWN_CA"),
        ("shallow.test", "ok", "UNKNOWN_CA"),
        ("chain.test", "ok", None),
        ("chain.test", "deeper", None),
        ("chain.test", "revoked", "CERTIFICATE_REVOKED"),
        ("leaf.test", "ok", None),
        ("leaf.test", "revoked", "CERTIFICATE_REVOKED"),
        ("leaf.test", "deep", "UNKNOWN"),
        ("lenient.test", "deep", None),
        ("lenient.test", "revoked", "CERTIFICATE_REVOKED"),
    ],
)
def test_who_gets_through(
    server: Server,
    authority: Authority,
    wallet: Wallet,
    version: ssl.TLSVersion,
    name: str,
    pair: str,
    alert: str,
) -> None:
    made = context(authority, getattr(wallet, pair) if pair else None, version)
    if alert is None:
        assert clients.tls_get(server.https, made, name=name).status == 200
    elif isinstance(alert, tuple):
        assert alert[version is V13] in refused(server, made, name)
    else:
        assert alert in refused(server, made, name)


@VERSIONS
@pytest.mark.parametrize(
    ("name", "pair", "verdict"),
    [
        ("require.test", "ok", "SUCCESS CN=ok,O=Clients,C=DE"),
        ("optional.test", None, "NONE -"),
        ("generous.test", "ok", "SUCCESS CN=ok,O=Clients,C=DE"),
        ("generous.test", "self_signed", "GENEROUS CN=self-signed,O=Clients,C=DE"),
        ("generous.test", "snake_oil", "GENEROUS CN=snake-oil,O=Snake Oil,C=DE"),
        ("none.test", "ok", "NONE -"),
    ],
)
def test_the_verdict(
    server: Server,
    authority: Authority,
    wallet: Wallet,
    version: ssl.TLSVersion,
    name: str,
    pair: str,
    verdict: str,
) -> None:
    """Also over a session that is resumed, in which no certificate is sent."""
    made = context(authority, getattr(wallet, pair) if pair else None, version)
    seen = server.log("verdicts").count(f"{verdict} {name}\n")
    session = None
    for resumed in (False, True):
        with (
            clients.connect(server.https) as plain,
            made.wrap_socket(plain, server_hostname=name, session=session) as sock,
        ):
            sock.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            assert clients.parse(clients.drain(sock)).status == 200
            assert sock.session_reused is resumed
            session = sock.session
    until(lambda: server.log("verdicts").count(f"{verdict} {name}\n") == seen + 2, "both requests are logged")


@pytest.mark.parametrize(
    ("name", "pair", "words"),
    [
        ("require.test", "expired", ("certificate has expired", "CN=expired", "CN=Client Root", "Hint:")),
        ("require.test", "snake_oil", ("unable to get local issuer", "CN=snake-oil", "CN=Stranger", "Hint:")),
        ("require.test", "deep", ("too long", "CN=Client Root", "SSLVerifyDepth")),
        ("chain.test", "revoked", ("revoked", "CN=revoked", "CN=Client Root", "Hint:")),
        ("require.test", None, ("client certificate missing", "Hint:")),
    ],
)
def test_what_the_log_says(
    server: Server, authority: Authority, wallet: Wallet, name: str, pair: str, words: tuple[str, ...]
) -> None:
    refused(server, context(authority, getattr(wallet, pair) if pair else None), name)
    line = server.logged(words[0])
    assert all(word in line for word in words)
    if pair and words[1].startswith("CN=" + pair.replace("_", "-")):
        assert f"{getattr(wallet, pair).certificate.serial_number:X}" in line


def test_clients_are_told_the_names_of_the_cas(server: Server, wallet: Wallet) -> None:
    request = b"GET / HTTP/1.1\r\nHost: none.test\r\nConnection: close\r\n\r\n"
    done = clients.s_client(server.https, "-servername", "require.test", "-tls1_2")
    assert "C = DE, O = Clients, CN = Client Root" in done.stdout.decode()
    done = clients.s_client(server.https, "-servername", "none.test", "-tls1_2", data=request)
    assert "No client certificate CA names sent" in done.stdout.decode()


@pytest.mark.needs("openssl")
def test_directories_with_hashes_for_names(new_server, authority: Authority, wallet: Wallet) -> None:
    """CAs, CRLs and the names that clients are told; also by the name that SSLCADNRequestFile had in mod_ssl 2.0."""
    lines = """\
SSLVerifyClient require
SSLVerifyDepth 2
SSLCACertificatePath conf/cas
SSLCARevocationPath conf/crls
SSLCARevocationCheck chain
SSLCACertificateReqFile @stranger
SSLCADNRequestPath conf/cas
"""
    host = HOST.format(name="paths.test", lines=lines).replace("SSLCACertificateFile @ca\n", "")
    server = new_server(host, stranger=wallet.stranger.file)
    middle = wallet.middle.file
    for folder, files in (
        ("cas", (wallet.root.file, middle)),
        ("crls", (wallet.folder / "Client-Root.crl", middle.with_suffix(".crl"))),
    ):
        place = server.root / "conf" / folder
        place.mkdir()
        for file in files:
            shutil.copy(file, place / f"{file.stem}.pem")
        subprocess.run(["openssl", "rehash", place], check=True, capture_output=True)
    server.start()
    for version in (V12, V13):
        for pair in (wallet.ok, wallet.without_chain):
            ask(server, context(authority, pair, version), "paths.test")
        assert "REVOKED" in refused(server, context(authority, wallet.revoked, version), "paths.test")
    told = clients.s_client(server.https, "-servername", "paths.test", "-tls1_2").stdout.decode()
    for each in ("O = Clients, CN = Client Root", "CN = Client Middle", "O = Snake Oil, CN = Stranger"):
        assert each in told


def test_no_session_of_a_weaker_policy_opens_a_stronger_one(
    server: Server, authority: Authority, wallet: Wallet
) -> None:
    """The hosts have the same certificate; the client has none of its own."""
    for version in (V12, V13):
        made = context(authority, None, version)
        with clients.tls(server.https, made, "none.test") as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: none.test\r\nConnection: close\r\n\r\n")
            clients.drain(sock)
            session = sock.session
        with pytest.raises(ssl.SSLError):
            ask(server, made, "require.test", session)


def test_and_no_request_either(server: Server, authority: Authority) -> None:
    """CVE-2025-23048, without a session: the connection is made to the weaker host, the request to the stronger one."""
    with clients.tls(server.https, context(authority, None), "none.test") as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: require.test\r\nConnection: close\r\n\r\n")
        assert clients.parse(clients.drain(sock)).status == 421


@VERSIONS
def test_the_verdict_in_another_worker(
    new_server, authority: Authority, wallet: Wallet, version: ssl.TLSVersion
) -> None:
    """Sessions in a cache that all workers share bring along what was found out when they were made."""
    lines = "SSLSessionTickets off\n{}"
    hosts = HOST.format(name="generous.test", lines=lines.format(HOSTS["generous.test"]))
    hosts += HOST.format(name="require.test", lines=lines.format(HOSTS["require.test"]))
    logs = 'SSLSessionCache dbm:logs/sessions\nCustomLog logs/x "%{SSL_CLIENT_VERIFY}x %{SSL_SESSION_RESUMED}x %P"\n'
    server = new_server(logs + "SSLEngine off\nStartServers 3\n" + hosts, ca=wallet.root.file).start()
    for pair, name in ((wallet.self_signed, "generous.test"), (wallet.ok, "require.test")):
        made = context(authority, pair, version)
        session = None
        for _ in range(12):
            with (
                clients.connect(server.https) as plain,
                made.wrap_socket(plain, server_hostname=name, session=session) as sock,
            ):
                sock.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                clients.drain(sock)
                session = sock.session
    until(lambda: len(server.log("x").splitlines()) == 24, "all requests are logged")
    lines = server.log("x").splitlines()
    assert {line.split()[0] for line in lines[:12]} == {"GENEROUS"}
    assert {line.split()[0] for line in lines[12:]} == {"SUCCESS"}
    assert len({line.split()[2] for line in lines if "Resumed" in line}) > 1
