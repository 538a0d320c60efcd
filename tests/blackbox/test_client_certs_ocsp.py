"""SSLOCSPEnable: the CA is asked about clients, by a program of its own, while others are served."""

import os
import signal
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pexpect
import pytest
from blackbox import processes
from blackbox.authority import Authority, Pair
from blackbox.client_certificates import Issuer, name, resigned
from blackbox.http_proxy import Proxy
from blackbox.responder import Responder
from blackbox.server import Server
from blackbox.talking import V12, V13, Talk, client_context
from blackbox.until import until
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp

pytestmark = pytest.mark.needs("openssl")
VERSIONS = pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])

COMMON = """\
LoadModule echo_module blackbox.echo:module
StartServers 1
LogLevel ssl:info
SSLEngine off
SetHandler echo
SSLOptions +StdEnvVars
SSLCertificateFile @rsa_cert
SSLCertificateKeyFile @rsa_key
SSLCACertificateFile @ca
SSLVerifyDepth 2
"""
HOST = """\
<VirtualHost *:@https>
    ServerName {name}.test
    SSLEngine on
    {lines}
</VirtualHost>
"""
ON = "SSLVerifyClient optional\nSSLOCSPEnable on\n"
AHEAD = ON + "SSLOCSPUseRequestNonce off\n"
HOSTS = {
    "on": ON,
    "leaf": "SSLVerifyClient optional\nSSLOCSPEnable leaf",
    "lenient": "SSLVerifyClient optional\nSSLOCSPEnable on no_ocsp_for_cert_ok",
    "off": "SSLVerifyClient optional\nSSLOCSPEnable off",
    "location": "SSLOCSPEnable leaf\n<Location /require>\nSSLVerifyClient require\n</Location>",
    "document": ON + "ErrorDocument 403 /sorry",
    "hasty": ON + "SSLOCSPResponderTimeout 1",
    "default": ON + "SSLOCSPDefaultResponder @responder",
    "override": ON + "SSLOCSPDefaultResponder @responder\nSSLOCSPOverrideResponder on",
    "ahead": AHEAD,
    "believing": AHEAD + "SSLOCSPResponderCertificateFile @stranger",
    "careless": AHEAD + "SSLOCSPNoverify on",
    "proxied": ON + "SSLOCSPProxyURL @proxy",
    "young": AHEAD + "SSLOCSPResponseMaxAge 3600",
    "young-by-other-clocks": AHEAD + "SSLOCSPResponseMaxAge 3600\nSSLOCSPResponseTimeSkew 2d",
}
TESTS = mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[1]))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("ocsp"), name("OCSP Root"))


@pytest.fixture(scope="module")
def stranger(root: Issuer) -> Issuer:
    """Not one of those who are authorised."""
    return Issuer(root.folder, name("OCSP Stranger"))


def responder_of(issuer: Issuer) -> Responder:
    key = issuer.folder / f"{issuer.file.stem}.key"
    key.write_bytes(issuer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Responder(Pair(issuer.file, key))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def only_responder(root: Issuer) -> Iterator[Responder]:
    made = responder_of(root)
    yield made.start()
    made.end()


@pytest.fixture
def responder(only_responder: Responder) -> Iterator[Responder]:
    """Answers for the root."""
    only_responder.asked = 0
    yield only_responder
    only_responder.hold.clear()
    only_responder.answer = only_responder.openssl


@pytest.fixture(scope="module")
def only_proxy(only_responder: Responder) -> Iterator[Proxy]:
    made = Proxy({"ocsp.invalid": only_responder.url.split("/")[2]})
    yield made.start()
    made.end()


@pytest.fixture
def proxy(only_proxy: Proxy) -> Proxy:
    """The only one who knows where http://ocsp.invalid is."""
    only_proxy.asked.clear()
    return only_proxy


@pytest.fixture
def known(root: Issuer, responder: Responder) -> Callable[..., Pair]:
    """known(stem, revoked=...): a new client of which the responder knows."""

    def make(stem: str, *, revoked: bool = False, named: bool = True) -> Pair:
        pair = root.client(stem, extensions=[responder.extension()] if named else [])
        responder.knows(pair, revoked=revoked)
        return pair

    return make


def naming(url: str) -> x509.ExtensionType:
    """What names a responder in a certificate."""
    place = x509.UniformResourceIdentifier(url)
    access = x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP, place)
    return x509.AuthorityInformationAccess([access])


def configuration(**hosts: str) -> str:
    return COMMON + "".join(HOST.format(name=name, lines=lines) for name, lines in hosts.items())


@pytest.fixture(scope="module")
def server(
    new_module_server, root: Issuer, stranger: Issuer, only_responder: Responder, only_proxy: Proxy
) -> Server:
    words = {
        "ca": root.file,
        "stranger": stranger.file,
        "responder": only_responder.url,
        "proxy": only_proxy.url,
    }
    with TESTS:
        return new_module_server(configuration(**HOSTS), **words).start()


@pytest.fixture
def visit(authority: Authority):
    """visit(server, pair): status, and verdict or page."""

    def go(server: Server, pair: Pair | None, host: str = "on", version=V13, target: str = "/"):
        with Talk(server.https, client_context(authority.cert, pair, version), f"{host}.test") as talk:
            answer = talk.get(target)
            if answer.status != 200:
                return answer.status, answer.body.decode()
            return 200, answer.told["environment"]["SSL_CLIENT_VERIFY"]

    return go


GOOD = (200, "SUCCESS")


@VERSIONS
def test_good_and_revoked(server, visit, known, version) -> None:
    bad = known("bad", revoked=True)
    assert visit(server, known("good"), version=version) == GOOD
    status, page = visit(server, bad, version=version)
    assert status == 403
    assert "certificate revoked" in page
    assert visit(server, None, version=version) == (200, "NONE")
    line = server.logged("asked about a client: revoked")
    assert "CN=bad" in line
    assert "serial number" in line


@VERSIONS
def test_a_location_that_asks(server, visit, known, version) -> None:
    for pair, status in ((known("good"), 200), (known("bad", revoked=True), 403), (None, 403)):
        assert visit(server, pair, "location", version, "/require")[0] == status


def test_who_is_revoked_is_refused_everything(server, known, authority: Authority) -> None:
    context = client_context(authority.cert, known("bad", revoked=True), V13)
    with Talk(server.https, context, "document.test") as talk:
        answer = talk.get("/")
        assert answer.status == 403
        assert answer.closes
        assert b"SSL_CLIENT_S_DN" not in answer.body


def test_answers_are_remembered(server, visit, known, responder: Responder) -> None:
    pair = known("good")
    assert [visit(server, pair) for _ in range(4)] == [GOOD] * 4
    assert responder.asked == 1


@VERSIONS
def test_sessions_are_not_resumed(server, known, authority: Authority, version) -> None:
    """Each connection brings the whole chain, and is asked about anew."""
    context = client_context(authority.cert, known("good"), version)
    session = None
    for _ in range(2):
        with Talk(server.https, context, "on.test", session) as talk:
            told = talk.get("/").told["environment"]
            assert told["SSL_SESSION_RESUMED"] == "Initial"
            assert told["SSL_CLIENT_VERIFY"] == "SUCCESS"
            session = talk.sock.session


def test_whoever_is_not_known_is_not_let_in(server, visit, root: Issuer, responder: Responder) -> None:
    status, page = visit(server, root.client("unknown", extensions=[responder.extension()]))
    assert status == 403
    assert "its CA does not know it" in page


def test_nor_anybody_while_the_responder_is_gone(server, visit, known, responder: Responder) -> None:
    pair = known("good")
    before = server.log().count("they are not let in")
    responder.stop()
    for _ in range(3):
        status, page = visit(server, pair)
        assert status == 403
        assert "could not be found out" in page
    until(lambda: server.log().count("they are not let in") == before + 1, "it is told, once")
    responder.start()
    until(lambda: visit(server, pair) == GOOD, "the responder is asked again", 15)


def test_others_are_served_while_a_responder_thinks(server, visit, known, responder: Responder) -> None:
    """There is only one worker."""
    pair = known("good")
    found: list[tuple[int, str]] = []
    responder.hold.set()
    waiting = [threading.Thread(target=lambda: found.append(visit(server, pair))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    until(lambda: responder.asked, "the responder is asked")
    for _ in range(5):
        assert visit(server, None) == (200, "NONE")
    assert not found
    responder.hold.clear()
    for thread in waiting:
        thread.join(10)
    assert found == [GOOD] * 3
    assert responder.asked == 1


def test_a_responder_that_takes_too_long(server, visit, known, responder: Responder) -> None:
    responder.hold.set()
    assert visit(server, known("good"), "hasty")[0] == 403
    server.logged("does not answer within 1 s")


def test_certificates_that_name_no_responder(server, visit, known) -> None:
    good, bad = known("good", named=False), known("bad", named=False, revoked=True)
    status, page = visit(server, good)
    assert status == 403
    assert "nobody is known whom to ask" in page
    assert "SSLOCSPDefaultResponder" in server.logged("none is known")
    assert visit(server, good, "lenient") == visit(server, bad, "lenient") == GOOD
    assert visit(server, good, "default") == GOOD
    assert visit(server, bad, "default")[0] == 403


def test_a_responder_for_all(server, visit, root: Issuer, responder: Responder) -> None:
    pair = root.client("good", extensions=[naming("http://127.0.0.1:1/")])
    responder.knows(pair)
    assert visit(server, pair, "default")[0] == 403
    assert visit(server, pair, "override") == GOOD


def test_a_proxy_on_the_way_to_responders(
    server, visit, root: Issuer, responder: Responder, proxy: Proxy
) -> None:
    url = "http://ocsp.invalid/ocsp"
    good, bad = (root.client(stem, extensions=[naming(url)]) for stem in ("good", "bad"))
    responder.knows(good)
    responder.knows(bad, revoked=True)
    assert visit(server, good)[0] == 403
    assert visit(server, good, "proxied") == GOOD
    status, page = visit(server, bad, "proxied")
    assert status == 403
    assert "certificate revoked" in page
    assert proxy.asked == [("POST", url, "ocsp.invalid")] * 2


def test_a_proxy_that_does_not_help(server, visit, root: Issuer, proxy: Proxy) -> None:
    assert (
        visit(server, root.client("lost", extensions=[naming("http://lost.invalid/")]), "proxied")[0] == 403
    )
    server.logged(f"the proxy {proxy.url} answers 502")


def test_the_whole_chain_or_the_leaf(server, visit, root: Issuer) -> None:
    """Nobody can be asked about the intermediate, whose certificate names no responder."""
    middle = Issuer(root.folder, name("OCSP Middle"), root)
    own = responder_of(middle)
    try:
        pair = middle.client("below", extensions=[own.start().extension()])
        own.knows(pair)
        found = {host: visit(server, pair, host)[0] for host in ("leaf", "on", "lenient")}
        assert found == {"leaf": 200, "on": 403, "lenient": 200}
        assert own.asked == 1
    finally:
        own.end()


def test_a_ca_that_only_openssl_can_read(server, visit, root: Issuer, responder: Responder) -> None:
    """There is no version 4 of certificates."""
    odd = Issuer(root.folder, name("OCSP Odd"), root)
    pair = odd.client("below-odd", extensions=[responder.extension()], chain=False)
    responder.knows(pair)
    der = resigned(odd.certificate, root, b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03")
    with pair.cert.open("a") as file:
        file.write(ssl.DER_cert_to_PEM_cert(der))
    status, page = visit(server, pair)
    assert status == 403
    assert "one of its CAs breaks the rules" in page
    assert "Traceback" not in server.log()


def without_nonce(responder: Responder, root: Issuer, pair: Pair, signer: Issuer | None = None) -> None:
    """Let the responder say that the certificate is good, whatever the question was."""
    now = pair.certificate.not_valid_before_utc
    who = signer or root
    builder = ocsp.OCSPResponseBuilder().add_response(
        pair.certificate,
        root.certificate,
        hashes.SHA1(),
        ocsp.OCSPCertStatus.GOOD,
        now,
        pair.certificate.not_valid_after_utc,
        None,
        None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, who.certificate)
    answer = builder.certificates([who.certificate]).sign(who.key, hashes.SHA256()).public_bytes(Encoding.DER)
    responder.answer = lambda _question: answer


def test_answers_made_ahead_of_time(server, visit, known, root: Issuer, responder: Responder) -> None:
    pair = known("good")
    without_nonce(responder, root, pair)
    assert visit(server, pair)[0] == 403
    assert "SSLOCSPUseRequestNonce off" in server.logged("does not repeat the nonce")
    assert visit(server, pair, "ahead") == GOOD


def test_answers_signed_by_somebody_else(server, visit, known, root, stranger, responder: Responder) -> None:
    pair = known("good")
    without_nonce(responder, root, pair, stranger)
    assert visit(server, pair, "ahead")[0] == 403
    assert "SSLOCSPResponderCertificateFile" in server.logged("did not authorise")
    assert visit(server, pair, "believing") == GOOD
    assert visit(server, pair, "careless") == GOOD


def test_answers_that_are_too_old(server, visit, known, root: Issuer, responder: Responder) -> None:
    pair = known("good")
    without_nonce(responder, root, pair)
    assert visit(server, pair, "young")[0] == 403
    assert visit(server, pair, "young-by-other-clocks") == GOOD


# --- the program that asks ---


def is_helper(pid: int) -> bool:
    return "asking about clients" in processes.title(pid)


def helper(server: Server) -> int | None:
    return next(filter(is_helper, processes.children(server.pid)), None)


def test_the_program_that_asks_is_started_anew(server, visit, known) -> None:
    first = until(lambda: helper(server), "it runs", 20)
    os.kill(first, signal.SIGKILL)
    until(lambda: helper(server) not in (None, first), "another one runs")
    assert visit(server, known("second")) == GOOD
    server.logged("has ended with status -9")


def test_it_survives_reloads_and_ends_with_the_master(new_server, root: Issuer, visit, known) -> None:
    with TESTS:
        server = new_server(configuration(on=ON), ca=root.file).start()
    assert visit(server, known("first")) == GOOD
    first = helper(server)
    server.reload()
    assert visit(server, known("second")) == GOOD
    assert helper(server) == first
    assert first is not None
    server.stop()
    until(lambda: not processes.alive(first), "it has ended")


def test_a_server_without_a_master_has_one_too(new_server, root: Issuer, visit, known) -> None:
    server = new_server(configuration(on=ON), ca=root.file)
    with TESTS:
        alone = subprocess.Popen(server.command("-X"), stdin=subprocess.DEVNULL)
    try:
        until(server.ports["https"].listening, "it accepts connections", 20)
        assert visit(server, known("good")) == GOOD
        assert visit(server, known("bad", revoked=True))[0] == 403
        helpers = processes.children(alone.pid)
    finally:
        alone.terminate()
        alone.wait(10)
    until(lambda: not any(map(processes.alive, helpers)), "the program that asks has ended")


def test_a_server_without_a_master_starts_it_anew_too(new_server, root: Issuer, visit, known) -> None:
    # Another user may not be able to read the Python that the tests run with.
    user = "User root\nGroup root\n" if os.geteuid() == 0 else ""
    server = new_server(user + configuration(on=ON), ca=root.file)
    with TESTS:
        alone = subprocess.Popen(server.command("-X"), stdin=subprocess.DEVNULL)
    try:
        until(server.ports["https"].listening, "it accepts connections", 20)
        assert visit(server, known("first")) == GOOD
        (first,) = filter(is_helper, processes.children(alone.pid))
        os.kill(first, signal.SIGKILL)
        until(lambda: another_helper(alone.pid, first), "another one runs", 20)
        server.logged("has ended with status -9")
        assert visit(server, known("second")) == GOOD
    finally:
        alone.terminate()
        alone.wait(10)


def another_helper(pid: int, first: int) -> bool:
    return any(is_helper(child) and child != first for child in processes.children(pid))


@pytest.mark.parametrize("flags", [("-X",), ("-D", "FOREGROUND")], ids=["alone", "foreground"])
def test_ctrl_c_ends_it_with_the_server_only(new_server, root: Issuer, flags) -> None:
    server = new_server(configuration(on=ON), ca=root.file)
    program, *arguments = server.command(*flags)
    with TESTS:
        terminal = pexpect.spawn(program, arguments, timeout=20)
    try:
        until(server.ports["https"].listening, "it accepts connections", 20)
        until(lambda: any(map(is_helper, processes.children(terminal.pid))), "the program that asks runs", 20)
        helpers = list(filter(is_helper, processes.children(terminal.pid)))
        terminal.sendintr()
        assert b"Traceback" not in terminal.read()
        until(lambda: not any(map(processes.alive, helpers)), "the program that asks has ended")
    finally:
        terminal.close(force=True)


def test_where_nobody_is_asked_there_is_no_such_program(new_server, root: Issuer, visit, known) -> None:
    with TESTS:
        server = new_server(configuration(off=HOSTS["off"]), ca=root.file).start()
    assert visit(server, known("bad", revoked=True), "off") == GOOD
    assert helper(server) is None


def test_lines_that_make_no_sense(new_server, root: Issuer) -> None:
    lines = (
        "SSLOCSPEnable maybe",
        "SSLOCSPEnable on whatever",
        "SSLOCSPDefaultResponder ftp://x",
        "SSLOCSPResponseTimeSkew long",
        "SSLOCSPProxyURL proxy.example.com:3128",
    )
    with TESTS:
        done = new_server(configuration(on=ON + "\n".join(lines)), ca=root.file).run("-t")
    assert done.returncode == 1
    for line in lines:
        assert line.split()[0] in done.stderr
