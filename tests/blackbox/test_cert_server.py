"""What prefork-ssl-cert makes, prefork-ssl serves: dummy certificates, those of an own CA, and those from ACME."""

import shlex
import subprocess
from pathlib import Path

import pytest
from blackbox.acme_server import AcmeServer
from blackbox.conftest import ServerFactory
from blackbox.desk import Desk
from blackbox.server import Server

pytestmark = pytest.mark.needs("openssl", "curl")

HOST = """\
<VirtualHost 127.0.0.1:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @cert
    SSLCertificateKeyFile @key
</VirtualHost>
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def ask(server: Server, ca: Path) -> str:
    """What curl, which trusts `ca`, gets from the server."""
    command = f"curl -sSf --cacert {ca} --resolve localhost:{server.https}:127.0.0.1 https://localhost:{server.https}/x"
    return subprocess.run(shlex.split(command), check=True, capture_output=True, text=True, timeout=20).stdout


def serve(new_server: ServerFactory, cert: Path, key: Path) -> Server:
    """A server with this certificate and a file /x."""
    server = new_server(HOST, cert=cert, key=key)
    server.write("x", b"hello")
    return server.start()


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_dummy(desk: Desk, new_server: ServerFactory, kind: str) -> None:
    desk.cert(f"dummy --cert a.crt --key a.key --host localhost --type {kind}")
    server = serve(new_server, desk / "a.crt", desk / "a.key")
    assert ask(server, desk / "a.crt") == "hello"


def test_a_certificate_of_an_own_ca(desk: Desk, new_server: ServerFactory) -> None:
    desk.cert("ca --cert ca.crt --key ca.key --subject /CN=CA --no-passphrase")
    desk.cert("key --out a.key --no-passphrase")
    desk.cert("request --key a.key --out a.csr --subject /CN=localhost")
    desk.cert("sign --ca-cert ca.crt --ca-key ca.key --request a.csr --out a.crt")
    server = serve(new_server, desk / "a.crt", desk / "a.key")
    assert ask(server, desk / "ca.crt") == "hello"
    assert "Problem" not in desk.cert(f"show localhost:{server.https} --ca-cert ca.crt")


def test_acme_through_the_webroot_of_the_running_server(desk: Desk, new_server: ServerFactory) -> None:
    desk.cert("ca --cert ca.crt --key ca.key --subject '/CN=ACME CA' --no-passphrase")
    desk.cert("dummy --cert acme.crt --key acme.key --host localhost")
    desk.cert("dummy --cert a.crt --key a.key --host localhost")
    desk.variables |= {"REQUESTS_CA_BUNDLE": "acme.crt", "NO_PROXY": "localhost"}
    server = serve(new_server, desk / "a.crt", desk / "a.key")
    ca = AcmeServer(desk / "ca.crt", desk / "ca.key", server.http)
    with ca.running(desk / "acme.crt", desk / "acme.key"):
        webroot = server.root / "htdocs"
        desk.cert(
            f"acme --directory {ca.directory} --host localhost --webroot {webroot} --cert a.crt --key a.key"
        )
    assert server.run("-k", "graceful").returncode == 0
    assert ask(server, desk / "ca.crt") == "hello"
