"""Three workers, two virtual hosts told apart by SNI, files of all sizes: fetched byte for byte by every client."""

import hashlib
import random

import pytest
import requests
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.configurations import TWO_HOSTS
from blackbox.server import Server

SIZES = {"empty.bin": 0, "one.bin": 1, "record.bin": 16384, "over.bin": 16385, "big.bin": 3_000_001}
FILES = {name: random.Random(name).randbytes(size) for name, size in SIZES.items()}


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server("StartServers 3\n" + TWO_HOSTS)
    for host in ("rsa", "ecdsa"):
        server.write(
            f"{host}/index.html", f"<!DOCTYPE html><title>{host}</title><p>This is {host}.\n".encode()
        )
        for name, content in FILES.items():
            server.write(f"{host}/{name}", host.encode() * bool(content) + content)
    return server.start()


def content(host: str, name: str) -> bytes:
    return host.encode() * bool(FILES[name]) + FILES[name]


@pytest.mark.needs("curl")
@pytest.mark.parametrize("host", ["rsa", "ecdsa"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_curl_gets_every_file(server: Server, authority: Authority, scheme: str, host: str) -> None:
    port = server.ports[scheme].number
    for name in FILES:
        done = clients.curl(
            *("--cacert", authority.cert),
            *("--resolve", f"{host}.test:{port}:127.0.0.1"),
            *("--fail", f"{scheme}://{host}.test:{port}/{name}"),
        )
        assert done.returncode == 0, done.stderr
        assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(content(host, name)).digest()


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("host", ["rsa", "ecdsa"])
def test_openssl_verifies_and_gets_a_file(
    server: Server, authority: Authority, host: str, version: str
) -> None:
    done = clients.s_client(
        server.https,
        *("-servername", f"{host}.test", "-verify_hostname", f"{host}.test", "-verify_return_error"),
        *("-CAfile", authority.cert, version, "-quiet"),
        data=f"GET /record.bin HTTP/1.1\r\nHost: {host}.test\r\nConnection: close\r\n\r\n".encode(),
    )
    reply = clients.parse(done.stdout)
    assert reply.status == 200
    assert reply.body == content(host, "record.bin")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_requests_keeps_one_connection(server: Server, authority: Authority, scheme: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(authority.cert)
        for name in FILES:
            # The address leads to the host that comes first.
            reply = session.get(f"{scheme}://127.0.0.1:{server.ports[scheme]}/{name}", timeout=10)
            assert reply.status_code == 200
            assert reply.content == content("rsa", name)
        pool = session.get_adapter(f"{scheme}://").poolmanager.pools
        assert [pool[key].num_connections for key in pool.keys()] == [1]  # noqa: SIM118 (not a mapping)


def test_the_certificate_follows_the_name(
    server: Server, authority: Authority, rsa_pair: Pair, ecdsa_pair: Pair
):
    context = clients.tls_context(authority.cert)
    presented = {}
    for name in ("rsa.test", "www.rsa.test", "ecdsa.test", "localhost"):
        with clients.tls(server.https, context, name) as sock:
            presented[name] = sock.getpeercert(binary_form=True)
    rsa, ecdsa = rsa_pair.der, ecdsa_pair.der
    assert presented == {"rsa.test": rsa, "www.rsa.test": rsa, "ecdsa.test": ecdsa, "localhost": rsa}


def test_all_three_workers_serve(server: Server) -> None:
    assert len(server.workers()) == 3


@pytest.mark.needs("chromium")
def test_a_browser_shows_the_pages(server: Server, rsa_pair: Pair, ecdsa_pair: Pair, tmp_path) -> None:
    browser = clients.Chromium(tmp_path, rsa_pair, ecdsa_pair)
    assert "This is ecdsa." in browser.dom(f"https://ecdsa.test:{server.https}/")
    assert "This is rsa." in browser.dom(f"http://www.rsa.test:{server.http}/")
    picture = tmp_path / "page.png"
    browser.screenshot(f"https://rsa.test:{server.https}/", picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
