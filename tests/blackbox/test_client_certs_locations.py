"""Locations that ask for more than their host: renegotiation in TLS 1.2, post-handshake authentication in TLS 1.3."""

import contextlib
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair
from blackbox.client_certificates import Wallet
from blackbox.server import Server
from blackbox.talking import V12, V13, Talk, client_context, digest
from blackbox.until import until

VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])

CONFIGURATION = """\
LoadModule echo_module blackbox.echo:module
LoadModule authz_module
LoadModule auth_basic_module
StartServers 1
LogLevel ssl:info
CustomLog logs/verdicts "%{SSL_CLIENT_VERIFY}x %{SSL_CLIENT_S_DN_CN}x %{SSL_CIPHER}x %U %>s"
SSLCertificateFile @rsa_cert
SSLCertificateKeyFile @rsa_key
SSLCACertificateFile @ca
SSLCARevocationFile @crls
SSLCARevocationCheck chain
SSLOptions +StdEnvVars
SetHandler echo
<Location /files>
    SetHandler none
</Location>
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    <Location /require>
        SSLVerifyClient require
    </Location>
    <Location /require/deep>
        SSLVerifyDepth 2
    </Location>
    <Location /require/self>
        SSLVerifyDepth 0
    </Location>
    <Location /require/self/lazily>
        SSLOptions +OptRenegotiate
    </Location>
    <Location /deep-first>
        SSLVerifyClient require
        SSLVerifyDepth 2
    </Location>
    <Location /optional>
        SSLVerifyClient optional
    </Location>
    <Location /generous>
        SSLVerifyClient optional_no_ca
    </Location>
    <Location /small>
        SSLVerifyClient require
        SSLRenegBufferSize 1000
    </Location>
    <Location /none-held>
        SSLVerifyClient require
        SSLRenegBufferSize 0
    </Location>
    <Location /any-way>
        SSLVerifyClient require
        AuthType Basic
        AuthUserFile conf/users
        Require valid-user
        Satisfy any
    </Location>
    <Location /aes128>
        SSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256
    </Location>
    <Location /aes256>
        SSLCipherSuite ECDHE-RSA-AES256-GCM-SHA384
    </Location>
    <Location /any-aes/lazily>
        SSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384
        SSLOptions +OptRenegotiate
    </Location>
</VirtualHost>
<Directory @root/htdocs/folder>
    SSLVerifyClient require
    <Files public.txt>
        SSLVerifyClient none
    </Files>
</Directory>
<Files secret.txt>
    SSLVerifyClient require
</Files>
<VirtualHost *:@https>
    ServerName hasty.test
    SSLEngine on
    RequestReadTimeout handshake=1
    <Location /require>
        SSLVerifyClient require
    </Location>
</VirtualHost>
<VirtualHost *:@https>
    ServerName optional.test
    SSLEngine on
    SSLVerifyClient optional
    <Location /require>
        SSLVerifyClient require
    </Location>
</VirtualHost>
<VirtualHost *:@https>
    ServerName strict.test
    SSLEngine on
    SSLVerifyClient require
    <Location /self>
        SSLVerifyDepth 0
    </Location>
</VirtualHost>
<VirtualHost *:@http>
    ServerName localhost
    <Location /require>
        SSLVerifyClient require
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Iterator[Server]:
    tests = Path(__file__).resolve().parents[1]
    server = new_module_server(CONFIGURATION, ca=wallet.root.file, crls=wallet.crls)
    (server.root / "conf/users").write_text("joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")  # "secret"
    for path in ("folder/page.txt", "folder/public.txt", "secret.txt", "open.txt"):
        server.write(path, b"x")
    with mock.patch.dict(os.environ, PYTHONPATH=str(tests)):
        yield server.start()


@pytest.fixture
def talk(server: Server, authority: Authority, wallet: Wallet):
    """talk(pair, version, name=...): a connection."""
    with contextlib.ExitStack() as stack:

        def connect(
            pair: str | None, version: ssl.TLSVersion, name: str = "localhost", **more: object
        ) -> Talk:
            shown = getattr(wallet, pair) if pair else None
            session = more.pop("session", None)
            context = more.pop("context", None) or client_context(authority.cert, shown, version, **more)
            return stack.enter_context(Talk(server.https, context, name, session))

        yield connect


def finished(connection: Talk) -> bytes | None:
    """What the latest handshake or post-handshake authentication left: the client's Finished."""
    return connection.sock.get_channel_binding("tls-unique")


# --- who is let in ---


@VERSIONS
@pytest.mark.parametrize(
    ("pair", "target", "status", "verdict"),
    [
        ("ok", "/require", 200, "SUCCESS"),
        (None, "/require", 403, None),
        ("revoked", "/require", 403, None),
        ("expired", "/require", 403, None),
        ("premature", "/require", 403, None),
        ("for_servers", "/require", 403, None),
        ("snake_oil", "/require", 403, None),
        ("self_signed", "/require", 403, None),
        ("deep", "/require", 403, None),
        ("deep", "/require/deep", 200, "SUCCESS"),
        ("deeper", "/require/deep", 403, None),
        ("ok", "/require/self", 403, None),
        ("ok", "/optional", 200, "SUCCESS"),
        (None, "/optional", 200, "NONE"),
        ("expired", "/optional", 403, None),
        ("self_signed", "/optional", 403, None),
        (None, "/generous", 200, "NONE"),
        ("ok", "/generous", 200, "SUCCESS"),
        ("self_signed", "/generous", 200, "GENEROUS"),
        ("expired", "/generous", 403, None),
        ("revoked", "/elsewhere", 200, "NONE"),
    ],
)
def test_who_is_let_in(talk, version, pair, target, status, verdict) -> None:
    answer = talk(pair, version).get(target)
    assert answer.status == status
    if status == 200:
        assert answer.told["environment"]["SSL_CLIENT_VERIFY"] == verdict
        shown = None if verdict == "NONE" else pair.replace("_", "-")
        assert answer.told["environment"].get("SSL_CLIENT_S_DN_CN") == shown


@VERSIONS
def test_a_page_that_says_why(talk, version) -> None:
    for pair, target, words in (
        (None, "/require", b"yours has sent none"),
        ("expired", "/require", b"certificate has expired"),
        ("deep", "/require", b"certificate chain too long"),
        ("revoked", "/require", b"certificate revoked"),
    ):
        assert words in talk(pair, version).get(target).body


def test_for_a_ca_that_is_not_known_there_is_no_crl(talk) -> None:
    """So where CRLs are looked into, nobody from such a CA is let in, however generous the place is."""
    answer = talk("snake_oil", V13).get("/generous")
    assert answer.status == 403
    assert b"unable to get certificate CRL" in answer.body


@VERSIONS
def test_the_identity_lasts_for_the_connection(talk, version) -> None:
    with talk("ok", version) as connection:
        assert connection.get("/before").told["environment"]["SSL_CLIENT_VERIFY"] == "NONE"
        for target in ("/require", "/require", "/after"):
            answer = connection.get(target)
            assert answer.told["environment"]["SSL_CLIENT_S_DN_CN"] == "ok"
            assert not answer.closes


@VERSIONS
def test_whoever_was_refused_is_nobody(talk, version) -> None:
    with talk("expired", version) as connection:
        assert connection.get("/require").status == 403
        told = connection.get("/after").told["environment"]
        assert "SSL_CLIENT_S_DN" not in told
        assert told["SSL_CLIENT_VERIFY"] == "FAILED:certificate has expired"


@VERSIONS
def test_asked_again_and_again(talk, version) -> None:
    """CVE-2019-0215: after a first refusal, the second request over the same connection got through."""
    with talk(None, version) as connection:
        for _ in range(3):
            answer = connection.get("/require")
            assert answer.status == 403
            assert not answer.closes


@VERSIONS
def test_an_optional_host_with_a_location_that_requires(talk, version) -> None:
    """CVE-2005-2700."""
    with talk(None, version, "optional.test") as connection:
        assert connection.get("/").status == 200
        assert connection.get("/require").status == 403
    with talk("ok", version, "optional.test") as connection:
        for target in ("/", "/require"):
            assert connection.get(target).told["environment"]["SSL_CLIENT_VERIFY"] == "SUCCESS"


@VERSIONS
def test_what_the_handshake_brought_is_not_asked_for_again(talk, version) -> None:
    with talk("ok", version, "optional.test") as connection:
        connection.get("/")
        before = finished(connection)
        assert connection.get("/require").status == 200
        assert finished(connection) == before


@VERSIONS
def test_who_is_less_than_its_host_wants_has_to_leave(talk, version) -> None:
    with talk("ok", version, "strict.test") as connection:
        assert connection.get("/").status == 200
        answer = connection.get("/self")
        assert answer.status == 403
        assert answer.closes


@VERSIONS
def test_a_password_is_no_certificate(talk, version) -> None:
    """Satisfy any lets a password stand for rules of access, not for what TLS is asked to see to."""
    login = "Authorization: Basic am9lOnNlY3JldA=="
    assert talk(None, version).get("/any-way", login).status == 403
    assert talk("ok", version).get("/any-way").status == 200


@VERSIONS
@pytest.mark.parametrize(
    ("target", "asks"),
    [
        ("/folder/page.txt", True),
        ("/folder/", True),
        ("/folder/public.txt", False),
        ("/secret.txt", True),
        ("/open.txt", False),
        ("/%66older/page.txt", True),
        ("//folder/./page.txt", True),
        ("/open/../folder/page.txt", True),
    ],
)
def test_directories_and_files(talk, version, target: str, asks: bool) -> None:
    assert (talk(None, version).get(target).status == 403) is asks
    assert talk("ok", version).get(target).status == 200


def test_plain_http_does_not_get_around_it(server: Server) -> None:
    assert clients.get(server.http, "/require").status == 403
    assert clients.get(server.http, "/other").status == 200


# --- resumed sessions (in TLS 1.2, none of those that come out of a renegotiation) ---


def test_a_resumed_session_brings_the_certificate_along(talk, authority, wallet) -> None:
    context = client_context(authority.cert, wallet.ok, V13)
    with talk("ok", V13, context=context) as connection:
        connection.get("/require")
        connection.get("/require")
        session = connection.sock.session
    with talk("ok", V13, context=context, session=session) as connection:
        told = connection.get("/elsewhere").told["environment"]
        assert told["SSL_SESSION_RESUMED"] == "Resumed"
        assert told["SSL_CLIENT_VERIFY"] == "SUCCESS"
        assert connection.get("/require").status == 200


def test_a_bad_certificate_is_no_better_in_a_resumed_session(talk, authority, wallet) -> None:
    context = client_context(authority.cert, wallet.expired, V13)
    with talk("expired", V13, context=context) as connection:
        assert connection.get("/require").status == 403
        assert connection.get("/after").status == 200
        session = connection.sock.session
    with talk("expired", V13, context=context, session=session) as connection:
        told = connection.get("/elsewhere").told["environment"]
        assert told["SSL_SESSION_RESUMED"] == "Resumed"
        assert told["SSL_CLIENT_VERIFY"] == "FAILED:certificate has expired"
        assert "SSL_CLIENT_S_DN" not in told
        assert connection.get("/require").status == 403


def test_depth_is_looked_at_anew_in_a_resumed_session(talk, authority, wallet) -> None:
    """It was made where longer chains are good enough."""
    context = client_context(authority.cert, wallet.deep, V13)
    with talk("deep", V13, context=context) as connection:
        assert connection.get("/deep-first").status == 200
        assert connection.get("/require").status == 403
    with talk("deep", V13, context=context) as connection:
        assert connection.get("/deep-first").status == 200
        assert connection.get("/elsewhere").status == 200
        session = connection.sock.session
    with talk("deep", V13, context=context, session=session) as connection:
        assert connection.get("/elsewhere").told["environment"]["SSL_SESSION_RESUMED"] == "Resumed"
        assert connection.get("/require").status == 403


@VERSIONS
def test_no_older_session_takes_the_place_of_an_answer(talk, version, authority, wallet) -> None:
    """Neither one without a certificate, nor one that has been renegotiated."""
    context = client_context(authority.cert, wallet.ok, version)
    session = None
    for _ in range(3):
        with talk("ok", version, context=context, session=session) as connection:
            told = connection.get("/require").told["environment"]
            assert told["SSL_CLIENT_VERIFY"] == "SUCCESS"
            connection.get("/elsewhere")
            session = connection.sock.session


# --- bodies ---


@VERSIONS
@pytest.mark.parametrize("size", [1, 10000, 60000, 131072])
def test_a_body_comes_through(talk, version, size: int) -> None:
    body = os.urandom(size)
    with talk("ok", version) as connection:
        for _ in range(2):
            told = connection.post("/require", body).told
            assert (told["length"], told["digest"]) == (size, digest(body))
            assert told["environment"]["SSL_CLIENT_S_DN_CN"] == "ok"


@VERSIONS
def test_so_does_a_chunked_one(talk, version) -> None:
    with talk("ok", version) as connection:
        connection.send("/require", "Transfer-Encoding: chunked", method="POST")
        connection.sock.sendall(b"5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n")
        told = connection.read("POST").told
        assert told["digest"] == digest(b"helloyou")
        assert connection.get("/after").status == 200


@VERSIONS
@pytest.mark.parametrize(
    ("target", "size", "status"),
    [
        ("/require", 131073, 413),
        ("/small", 1000, 200),
        ("/small", 1001, 413),
        ("/none-held", 1, 413),
        ("/none-held", 0, 200),
    ],
)
def test_a_body_that_is_too_long_to_be_held(talk, version, target: str, size: int, status: int) -> None:
    assert talk("ok", version).post(target, b"x" * size).status == status


@VERSIONS
def test_a_chunked_one_that_is_too_long(talk, version) -> None:
    with talk("ok", version) as connection:
        connection.send("/small", "Transfer-Encoding: chunked", method="POST")
        connection.sock.sendall(b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n")
        assert connection.read("POST").status == 413


@VERSIONS
def test_once_the_client_is_known_bodies_are_not_held(talk, version) -> None:
    with talk("ok", version) as connection:
        assert connection.get("/small").status == 200
        body = os.urandom(300000)
        assert connection.post("/small", body).told["digest"] == digest(body)


@VERSIONS
def test_who_waits_before_sending_is_asked_first(talk, version) -> None:
    body = os.urandom(500000)
    with talk("ok", version) as connection:
        connection.send("/small", "Expect: 100-continue", f"Content-Length: {len(body)}", method="POST")
        while not (interim := connection.sock.recv(4096)):
            pass
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sock.sendall(body)
        told = connection.read("POST").told
        assert (told["digest"], told["environment"]["SSL_CLIENT_S_DN_CN"]) == (digest(body), "ok")


@VERSIONS
def test_who_should_wait_and_does_not(talk, version) -> None:
    """The body is on its way while the client is asked."""
    body = os.urandom(20000)
    with talk("ok", version) as connection:
        connection.send("/require", "Expect: 100-continue", method="POST", body=body)
        told = connection.read("POST").told
        assert told["digest"] == digest(body)
        assert told["environment"]["SSL_CLIENT_S_DN_CN"] == "ok"


# --- ciphers (TLS 1.2) ---


def test_ciphers_of_a_location(talk) -> None:
    with talk(None, V12) as connection:
        for target, cipher in (
            ("/aes256", "ECDHE-RSA-AES256-GCM-SHA384"),
            ("/aes128", "ECDHE-RSA-AES128-GCM-SHA256"),
            ("/aes256", "ECDHE-RSA-AES256-GCM-SHA384"),
            ("/", "ECDHE-RSA-AES256-GCM-SHA384"),
        ):
            assert connection.get(target).told["environment"]["SSL_CIPHER"] == cipher
            assert connection.sock.cipher()[0] == cipher


@pytest.mark.parametrize("size", [8, 8000, 60000])
def test_bodies_and_ciphers(talk, size: int) -> None:
    """PR 12355: bodies of POST requests through changes of the cipher."""
    body = os.urandom(size)
    with talk(None, V12) as connection:
        for target in ("/aes128", "/aes256", "/aes128"):
            assert connection.post(target, body).told["digest"] == digest(body)


def test_a_client_without_that_cipher(talk, authority: Authority) -> None:
    context = client_context(authority.cert, None, V12)
    context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    with talk(None, V12, context=context) as connection:
        connection.send("/aes128")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            connection.read()


def test_in_tls_1_3_there_are_no_ciphers_to_agree_on(talk) -> None:
    with talk(None, V13) as connection:
        for target in ("/aes128", "/aes256"):
            assert connection.get(target).told["environment"]["SSL_CIPHER"] == "TLS_AES_256_GCM_SHA384"


def test_ciphers_and_certificates_go_together(talk) -> None:
    with talk("ok", V12) as connection:
        assert connection.get("/require").status == 200
        told = connection.get("/aes128").told["environment"]
        assert (told["SSL_CIPHER"], told["SSL_CLIENT_S_DN_CN"]) == ("ECDHE-RSA-AES128-GCM-SHA256", "ok")


def test_whoever_was_refused_may_still_agree_on_ciphers(talk) -> None:
    with talk("expired", V12) as connection:
        assert connection.get("/require").status == 403
        told = connection.get("/aes128").told["environment"]
        assert told["SSL_CIPHER"] == "ECDHE-RSA-AES128-GCM-SHA256"
        assert told["SSL_CLIENT_VERIFY"] == "FAILED:certificate has expired"


# --- OptRenegotiate ---


def test_a_cipher_that_is_good_enough_stays(talk) -> None:
    with talk(None, V12) as connection:
        connection.get("/")
        before = finished(connection)
        assert connection.get("/any-aes/lazily").status == 200
        assert finished(connection) == before
        connection.get("/aes128")
        assert finished(connection) != before


def test_a_known_certificate_is_looked_at_again(talk) -> None:
    with talk("deep", V12) as connection:
        assert connection.get("/deep-first").status == 200
        before = finished(connection)
        assert connection.get("/require/self/lazily").status == 403
        assert finished(connection) != before  # it was not good enough, and so was asked for another one


# --- clients that cannot, or will not ---


def test_a_client_without_post_handshake_authentication(server: Server, talk) -> None:
    with talk("ok", V13, later=False) as connection:
        answer = connection.get("/require")
        assert answer.status == 403
        assert b"does not do post-handshake authentication" in answer.body
        assert "SSLVerifyClient optional" in server.logged("does not do post-handshake authentication")
        assert not answer.closes
        assert connection.get("/optional").told["environment"]["SSL_CLIENT_VERIFY"] == "NONE"


@VERSIONS
def test_a_client_that_does_not_answer(server: Server, talk, version) -> None:
    """It waits for its response, and reads nothing before that comes. Should it answer later, nobody listens."""
    before = server.log("verdicts").count("/require 403")
    with talk("ok", version, "hasty.test") as connection:
        connection.send("/require")
        until(lambda: server.log("verdicts").count("/require 403") > before, "it is refused")
        server.logged("the client was asked, and did not answer in time")
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            connection.send("/too-late")
            while connection.sock.recv(4096):
                pass
    assert "/too-late" not in server.log("verdicts")


def test_a_client_that_does_not_renegotiate(
    server: Server, talk, authority: Authority, wallet: Wallet
) -> None:
    context = client_context(authority.cert, wallet.ok, V12)
    context.options |= ssl.OP_NO_RENEGOTIATION
    with talk("ok", V12, context=context) as connection:
        connection.send("/require")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            connection.read()
    until(lambda: "/require 403" in server.log("verdicts"), "the refusal is logged")


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("target", ["/require", "/"])
def test_clients_must_not_renegotiate(server: Server, wallet: Wallet, target: str) -> None:
    """Not even in a host that does so itself; openssl's R asks for it."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}", "-servername", "localhost"]
    command += ["-tls1_2", "-cert", wallet.ok.cert, "-key", wallet.ok.key, "-crlf"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as client:
        assert client.stdin
        assert client.stdout
        lines = iter(client.stdout.readline, b"")
        next(line for line in lines if b"Extended master secret" in line)
        client.stdin.write(f"GET {target} HTTP/1.1\nHost: localhost\n\n".encode())
        client.stdin.flush()
        next(line for line in lines if b"HTTP/1.1 200" in line)
        client.stdin.write(b"R\n")
        client.stdin.flush()
        assert any(b"no renegotiation" in line for line in lines)


@pytest.mark.parametrize("target", ["/require", "/aes128"])
def test_pipelined_requests_do_not_outlive_the_renegotiation(talk, target: str) -> None:
    """CVE-2009-3555: what came before a renegotiation must not be answered to whoever is there afterwards."""
    with talk("ok", V12) as connection:
        one = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sock.sendall((one + one).encode())
        answer = connection.read()
        assert answer.status == 200
        assert answer.closes
        assert connection.sock.recv(1) == b""


def test_nor_after_a_question_in_tls_1_3(talk) -> None:
    with talk("ok", V13) as connection:
        one = b"GET /require HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sock.sendall(one + one)
        answer = connection.read()
        assert (answer.status, answer.closes) == (200, True)


@VERSIONS
def test_nor_do_requests_that_come_before_the_answer(server, authority, wallet, version) -> None:
    """The question has been asked, and the client sends another request first, still as the one it was."""
    context = client_context(authority.cert, wallet.ok, version)
    request = b"GET /require HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with clients.connect(server.https) as sock:
        client = MemoryClient(context, sock)
        client.until_done(client.tls.do_handshake)
        client.say(request)
        question = sock.recv(65536)
        client.say(request)
        client.incoming.write(question)
        received = client.until_done(client.read_all)
    assert received.count(b"HTTP/1.1 200") == 1
    assert b"\r\nConnection: close\r\n" in received


class MemoryClient:
    """A client that sends and receives when it is told to."""

    def __init__(self, context: ssl.SSLContext, sock: socket.socket) -> None:
        self.incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self._outgoing, server_hostname="localhost")
        self._sock = sock
        self._received = b""

    def say(self, data: bytes) -> None:
        self.tls.write(data)
        self._sock.sendall(self._outgoing.read())

    def read_all(self) -> bytes:
        """Everything, until close_notify."""
        while data := self.tls.read(65536):
            self._received += data
        return self._received

    def until_done(self, step):
        """Call it, and send and receive as it needs."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._sock.sendall(self._outgoing.read())
                self.incoming.write(self._sock.recv(65536))
            else:
                self._sock.sendall(self._outgoing.read())
                return done


@VERSIONS
def test_pipelined_requests_are_fine_otherwise(talk, version) -> None:
    with talk("ok", version) as connection:
        connection.get("/require")
        one = b"GET /require HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sock.sendall(one + one)
        assert [connection.read().status for _ in range(2)] == [200, 200]
        assert connection.get("/require").status == 200


# --- other programs ---


@pytest.mark.needs("curl")
@pytest.mark.parametrize("version", ["--tls-max 1.2", "--tlsv1.3"])
def test_curl(server: Server, authority: Authority, wallet: Wallet, version: str) -> None:
    url = f"https://localhost:{server.https}/require"
    common = [
        "--cacert",
        authority.cert,
        *version.split(),
        "--write-out",
        "%{http_code}",
        "--output",
        "/dev/null",
    ]
    shown = ["--cert", wallet.ok.cert, "--key", wallet.ok.key]
    assert clients.curl(*common, url).stdout == b"403"
    assert clients.curl(*common, *shown, url).stdout == b"200"
    for size in (100_000, 3_000_000):  # with the larger one, curl waits for "100 Continue"
        body = os.urandom(size)
        assert clients.curl(*common, *shown, "--data-binary", "@-", url, data=body).stdout == b"200"


@pytest.mark.needs("chromium")
def test_a_browser_is_told_why(server: Server, rsa_pair: Pair, tmp_path: Path) -> None:
    """Chromium speaks TLS 1.3, and cannot be asked for a certificate after the handshake."""
    browser = clients.Chromium(tmp_path, rsa_pair)
    page = browser.dom(f"https://localhost:{server.https}/require")
    assert "cannot be asked who you are" in page
    assert "post-handshake authentication" in page
