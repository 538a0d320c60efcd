"""Clients that do not accept the certificate of their host, and say so with an alert: the line tells what is wrong with
it, and the directive that names it."""

from __future__ import annotations

import re
import ssl
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.conftest import _servers
from blackbox.server import Server
from blackbox.ssl_log import Line, last_line
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
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
    line = last_line(server, f"handshake failed: {alert}")
    assert re.fullmatch(r"127\.0\.0\.1:\d+", line.client)
    assert line.host == f"{name}:{server.https}"
    match = re.fullmatch(rf"the client does not accept SSLCertificateFile \S+/{name}\.crt: (.*)", line.hint)
    assert match, line.hint
    return match[1]


UNKNOWN_CA = "tlsv1 alert unknown ca"
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
            "tls alert certificate expired",
            r"it expired 3 days ago \(.*\): renew it, then reload",
        ),
        (
            "premature.test",
            "-CAfile ROOT",
            "tls alert bad certificate",
            r"it is not valid before .* UTC: check the clock, or wait before serving it",
        ),
        (
            "good.test",
            "-CAfile ROOT -attime 4000000000",
            "tls alert certificate expired",
            r"it is good until 20\d\d-\d\d-\d\d, so the clock of the client may be wrong",
        ),
        (
            "other-name.test",
            "-CAfile ROOT -verify_hostname other-name.test",
            "tls alert bad certificate",
            "it is for a.test, b.test, not for other-name.test that the client asked for: have it issued for this "
            "name, or give the name to the right host with ServerName or ServerAlias",
        ),
        (
            "for-clients.test",
            "-CAfile ROOT",
            "tls alert unsupported certificate",
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
    assert "it is self-signed" in hint(server, "self-signed.test", "tls alert bad certificate")


@pytest.mark.needs("chromium")
def test_chromium(server: Server, tmp_path: Path) -> None:
    page = clients.Chromium(tmp_path).dom(f"https://private.test:{server.https}/")
    assert "hello" not in page
    assert "it leads to the CA CN=Private Root" in hint(
        server, "private.test", "tls alert certificate unknown"
    )


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
