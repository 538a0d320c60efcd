"""Which host answers over which connection, who may name none, and what clients may not say of themselves."""

import json
import os
import ssl
from pathlib import Path
from unittest import mock

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.client_certificates import Wallet
from blackbox.server import Server
from blackbox.talking import V12, V13, Talk, client_context

COMMON = """\
LoadModule echo_module blackbox.echo:module
LogLevel ssl:info
SetHandler echo
SSLEngine off
SSLCertificateFile @rsa_cert
SSLCertificateKeyFile @rsa_key
SSLCACertificateFile @ca
"""
HOST = "<VirtualHost *:@https>\nServerName {name}\nSSLEngine on\n{lines}\n</VirtualHost>\n"


@pytest.fixture
def start(new_server, wallet: Wallet):
    """start(text, name=lines...): a server with these hosts."""

    def begin(text: str, **hosts: str) -> Server:
        blocks = (HOST.format(name=f"{name}.test", lines=lines) for name, lines in hosts.items())
        server = new_server(
            COMMON + text + "".join(blocks), ca=wallet.root.file, stranger=wallet.stranger.file
        )
        with mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[1])):
            return server.start()

    return begin


@pytest.fixture
def context(authority: Authority) -> ssl.SSLContext:
    return client_context(authority.cert, None, V13)


def status(server: Server, context: ssl.SSLContext, connected: str | None, asked: str) -> int:
    """Of a request for one host over a connection to another."""
    with (
        clients.connect(server.https) as plain,
        context.wrap_socket(plain, server_hostname=connected) as sock,
    ):
        field = f"Host: {asked}\r\n" if asked else ""
        version = "1.1" if asked else "1.0"
        sock.sendall(f"GET / HTTP/{version}\r\n{field}Connection: close\r\n\r\n".encode())
        return clients.parse(clients.drain(sock)).status


DIFFERENT = {
    "one": "",
    "same": "",
    "older": "SSLProtocol TLSv1.2 +TLSv1.3\nSSLHonorCipherOrder on",
    "clients": "SSLVerifyClient optional",
    "locations": "<Location /x>\nSSLVerifyClient require\n</Location>",
    "require": "SSLVerifyClient require",
}


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ("", {"one", "same"}),
        ("secure", {"one", "same"}),
        ("strict", {"one"}),
        ("authonly", {"one", "same", "older", "locations"}),
        ("insecure", {"one", "same", "older", "locations", "clients"}),
    ],
)
def test_what_hosts_must_have_in_common(start, context, policy: str, allowed: set[str]) -> None:
    server = start(f"SSLVHostSNIPolicy {policy}\n" if policy else "", **DIFFERENT)
    refused = (
        403 if policy == "insecure" else 421
    )  # whoever must have a certificate, must have it in any case
    for name in DIFFERENT:
        expected = 200 if name in allowed else refused
        assert status(server, context, "one.test", f"{name}.test") == expected, name


def test_the_policy_is_one_for_the_whole_server(new_server) -> None:
    done = new_server(HOST.format(name="a.test", lines="SSLVHostSNIPolicy strict")).run("-t")
    assert done.returncode == 1
    assert "SSLVHostSNIPolicy" in done.stderr


def test_clients_that_name_no_host(start, context) -> None:
    server = start("", one="", two="")
    assert status(server, context, None, "one.test") == 200
    assert status(server, context, None, "two.test") == 200
    assert status(server, context, "one.test", "") == 400
    assert status(server, context, None, "") == 200


@pytest.mark.parametrize(("strict", "refused"), [("one", {"one", "two"}), ("two", {"two"})])
def test_clients_must_name_a_host(start, context, strict: str, refused: set[str]) -> None:
    lines = {name: "SSLStrictSNIVHostCheck on" if name == strict else "" for name in ("one", "two")}
    server = start("", **lines)
    for name in ("one", "two"):
        assert status(server, context, None, f"{name}.test") == (403 if name in refused else 200)
        assert status(server, context, f"{name}.test", f"{name}.test") == 200


def test_where_there_is_one_host_it_needs_no_name(start, context) -> None:
    server = start("", only="SSLStrictSNIVHostCheck on")
    assert status(server, context, None, "only.test") == 200


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_another_hosts_location_believes_its_own_cas_only(
    start, authority: Authority, wallet: Wallet, version: ssl.TLSVersion
) -> None:
    """Over a connection to a host that believes others, whatever the policy says."""
    server = start(
        "SSLVHostSNIPolicy insecure\n",
        one="SSLCACertificateFile @stranger\n<Location /x>\nSSLVerifyClient require\n</Location>",
        two="<Location /x>\nSSLVerifyClient require\n</Location>",
    )
    with Talk(server.https, client_context(authority.cert, wallet.snake_oil, version), "one.test") as talk:
        assert talk.get("/x").status == 200
        talk.name = "two.test"
        assert talk.get("/x").status == 403
        assert talk.get("/").status == 200


def test_an_error_document_where_everybody_needs_a_certificate(start) -> None:
    """CVE-2005-3357: plain HTTP on the TLS port, ErrorDocument 400, and a certificate demanded everywhere."""
    server = start(
        "ErrorDocument 400 /sorry.html\n",
        one="<Location />\nSSLVerifyClient require\n</Location>\n<Location /sorry.html>\nSetHandler none\n</Location>",
    )
    server.write("sorry.html", b"so sorry\n")
    for _ in range(3):
        reply = clients.parse(clients.exchange(server.https, b"GET / HTTP/1.1\r\nHost: one.test\r\n\r\n"))
        assert (reply.status, reply.body) == (400, b"so sorry\n")


def test_nobody_pretends_to_have_a_certificate(start, context) -> None:
    server = start("SSLOptions +StdEnvVars\n", one="")
    forged = [
        "SSL-Client-Verify: SUCCESS",
        "SSL_CLIENT_VERIFY: SUCCESS",
        "ssl_client-s_dn: CN=admin",
        "SSL-CLIENT-S-DN-CN: admin",
        "HTTPS: on",
        "Https-Keysize: 256",
        "SSLEAY-VERSION: 1",
        "X-SSL-Client: mine",
        "Sslike: fine",
    ]
    for port, made in ((server.https, context), (server.http, None)):
        for _ in range(2):
            if made:
                with Talk(port, made, "one.test") as talk:
                    told = talk.get("/", *forged).told
            else:
                told = json.loads(clients.get(port, "/", *forged).body)
            names = {name for name in told["headers"] if "ssl" in name or "http" in name}
            assert names == {"x-ssl-client", "sslike"}
            assert told["environment"].get("SSL_CLIENT_VERIFY") in (None, "NONE")
