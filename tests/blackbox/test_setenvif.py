"""Variables by what a request is like, and what they do: for clients of old, connections, logs and access."""

from __future__ import annotations

import socket
import ssl

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.server import Server
from blackbox.until import until

CONFIGURATION = """\
LoadModule setenvif_module
LoadModule env_module
LoadModule authz_module
LoadModule headers_module
SSLLog logs/ssl_log
SSLLogLevel info
LogFormat "%{User-Agent}i %>s %{mood}e %{site}e" short
CustomLog logs/moody short env=mood
CustomLog logs/others short env=!mood
BrowserMatch Sunny mood=good
SetEnv site main
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    CustomLog logs/moody short env=mood
    SetEnvIf User-Agent ".*MSIE.*" nokeepalive ssl-unclean-shutdown downgrade-1.0 force-response-1.0
    BrowserMatch Accurate ssl-accurate-shutdown nokeepalive
    BrowserMatch Downgraded downgrade-1.0
    BrowserMatch Single nokeepalive
    SetEnvIf SSL_PROTOCOL "^TLSv1\\.([23])$" minor=$1
    Header set X-Minor "%{minor}e" env=minor
    <Location /guarded>
        SetEnvIf X-Key "^open sesame$" let-in
        Require env let-in
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(CONFIGURATION)
    server.write("index.html", b"<p>hello\n")
    server.write("guarded/page.txt", b"gold\n")
    return server.start()


class Client:
    """A browser of this name, which asks for one page."""

    def __init__(
        self, server: Server, authority: Authority, agent: str, target: str = "/", *lines: str
    ) -> None:
        context = clients.tls_context(authority.cert)
        tcp = clients.connect(server.https, 30)
        self.sock = context.wrap_socket(tcp, server_hostname="localhost", suppress_ragged_eofs=False)
        head = "".join(
            f"{line}\r\n"
            for line in (f"GET {target} HTTP/1.1", "Host: localhost", f"User-Agent: {agent}", *lines)
        )
        self.sock.sendall(f"{head}\r\n".encode())

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self.sock.recv(size - len(data))
        return data


def head_and_rest(client: Client) -> tuple[str, bytes, bool]:
    """The head, what follows until the connection ends, and whether its end was announced (close_notify)."""
    data = b""
    with client.sock as sock:
        try:
            while piece := sock.recv(65536):
                data += piece
            announced = True
        except ssl.SSLEOFError:
            announced = False
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode(), rest, announced


def test_the_recipe_for_msie(server: Server, authority: Authority) -> None:
    head, body, announced = head_and_rest(Client(server, authority, "Mozilla/4.0 (compatible; MSIE 5.0)"))
    assert head.startswith("HTTP/1.0 200 OK\r\n")
    assert "\r\nConnection: close" in head
    assert body == b"<p>hello\n"
    assert not announced
    until(lambda: "connection closed (unclean)" in server.log("ssl_log"), "it is logged", 20)


def test_others_get_what_they_are_used_to(server: Server, authority: Authority) -> None:
    client = Client(server, authority, "Modern", "/", "Connection: close")
    head, body, announced = head_and_rest(client)
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert body == b"<p>hello\n"
    assert announced


def test_an_accurate_end_waits_for_the_client_s(server: Server, authority: Authority) -> None:
    client = Client(server, authority, "Accurate")
    with client.sock as sock:
        while sock.recv(65536):
            pass
        # The server has said close_notify and still listens: ours gets there, and the end is no reset.
        tcp = sock.unwrap()
        assert tcp.recv(100) == b""
    until(lambda: "connection closed (accurate)" in server.log("ssl_log"), "it is logged", 20)


def test_an_accurate_end_does_not_wait_for_ever(server: Server, authority: Authority) -> None:
    client = Client(server, authority, "Accurate-but-silent")
    with client.sock as sock:
        while sock.recv(65536):
            pass
        with socket.socket(fileno=sock.detach()) as tcp:
            tcp.settimeout(20)
            assert tcp.recv(100) == b""


def test_no_connection_is_kept(server: Server, authority: Authority) -> None:
    head, _, announced = head_and_rest(Client(server, authority, "Single"))
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "\r\nConnection: close" in head
    assert announced


def test_the_rules_of_http_1_0_keep_a_connection_for_those_who_ask(
    server: Server, authority: Authority
) -> None:
    head, _, _ = head_and_rest(Client(server, authority, "Downgraded"))
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert "\r\nConnection: close" in head
    client = Client(server, authority, "Downgraded", "/", "Connection: keep-alive")
    with client.sock as sock:
        assert b"\r\nConnection: keep-alive\r\n" in sock.recv(65536)


@pytest.mark.needs("curl")
def test_access_by_variables_of_a_section(server: Server, authority: Authority) -> None:
    url = f"https://localhost:{server.https}/guarded/page.txt"
    ask = ("--cacert", authority.cert, "--write-out", "%{http_code}", "--output", "/dev/null", url)
    assert clients.curl(*ask).stdout == b"403"
    assert clients.curl("--header", "X-Key: open sesame", *ask).stdout == b"200"
    assert clients.curl("--header", "let-in: 1", *ask).stdout == b"403"


def test_variables_of_the_server_are_attributes(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert)
    reply = clients.tls_get(server.https, context)
    with clients.tls(server.https, context) as sock:
        version = sock.version()
    assert reply.headers["x-minor"] == version.removeprefix("TLSv1.")


def test_logs_by_variables(server: Server) -> None:
    clients.get(server.http, "/", "User-Agent: Sunny")
    clients.get(server.http, "/", "User-Agent: Rainy")
    until(lambda: "Sunny 200 good main\n" in server.log("moody"), "who is in a good mood", 20)
    until(lambda: "Rainy 200 - main\n" in server.log("others"), "the others", 20)
    assert "Rainy" not in server.log("moody")
    assert "Sunny" not in server.log("others")


def test_mistakes_are_told_with_their_line(new_server) -> None:
    server = new_server(
        "LoadModule setenvif_module\n"
        "LoadModule env_module\n"
        "SetEnvIf User-Agent ( bad\n"
        "SetEnvIfExpr \"%{NO_SUCH_THING} == 'x'\" bad\n"
        "SetEnv A=b\n"
    )
    told = server.run("-t")
    assert told.returncode == 1
    for directive, remedy in (("SetEnvIf", "regular expression"), ("SetEnv", "stands before the value")):
        place = server.place(f"{directive} ")
        assert any(place in line and remedy in line for line in told.stderr.splitlines()), told.stderr
    corrected = (
        server.configuration_file.read_text()
        .replace("SetEnvIf User-Agent ( bad\n", "")
        .replace("SetEnv A=b\n", "")
    )
    server.configuration_file.write_text(corrected)
    told = server.run("-t")
    assert told.returncode == 1
    assert "NO_SUCH_THING" in told.stderr
