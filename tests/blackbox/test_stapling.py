"""OCSP stapling: openssl is the responder, and openssl s_client the client that asks for the staple."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from blackbox import clients, processes
from blackbox.authority import Authority, Pair, ec_key, rsa_key
from blackbox.http_proxy import Proxy
from blackbox.responder import Responder
from blackbox.server import Server
from blackbox.until import until
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

pytestmark = pytest.mark.needs("openssl")

ONE = """\
<VirtualHost *:@https>
    ServerName one.test
    SSLCertificateFile @one_cert
    SSLCertificateKeyFile @one_key
</VirtualHost>
"""
OTHERS = """\
<VirtualHost *:@https>
    ServerName both.test
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCertificateFile @ec_cert
    SSLCertificateKeyFile @ec_key
</VirtualHost>
<VirtualHost *:@https>
    ServerName none.test
    SSLUseStapling off
    SSLCertificateFile @one_cert
    SSLCertificateKeyFile @one_key
</VirtualHost>
"""
STAPLING = "SSLUseStapling on\nSSLLog logs/ssl_log\nSSLLogLevel trace\n"
IMPATIENT = (
    "SSLStaplingStandardCacheTimeout 1\nSSLStaplingErrorCacheTimeout 1\nSSLStaplingResponseTimeSkew 0\n"
)
ERRORS = "SSLStaplingReturnResponderErrors on\n"

Words = dict[str, object]
Answer = Callable[[bytes], bytes]


@pytest.fixture
def responder(authority: Authority) -> Iterator[Responder]:
    responder = Responder(authority)
    yield responder
    responder.end()


@pytest.fixture
def pairs(authority: Authority, responder: Responder) -> dict[str, Pair]:
    """Certificates that name the responder, each followed by its issuer's."""
    keys = {"one": (ec_key(), "one.test"), "rsa": (rsa_key(), "both.test"), "ec": (ec_key(), "both.test")}
    pairs = {}
    for name, (key, host) in keys.items():
        pairs[name] = pair = authority.issue(f"ocsp-{name}", [host], key, [responder.extension()])
        pair.cert.write_bytes(pair.cert.read_bytes() + authority.cert.read_bytes())
        responder.knows(pair)
    return pairs


@pytest.fixture
def words(pairs: dict[str, Pair]) -> Words:
    return {f"{name}_{part}": getattr(pair, part) for name, pair in pairs.items() for part in ("cert", "key")}


def staple(server: Server, authority: Authority, name: str = "one.test", *options: str) -> str:
    """What s_client tells of the staple: "successful good 1234ABCD", or "" if there is none. It checks signatures."""
    done = clients.s_client(
        server.https, "-status", "-servername", name, "-CAfile", authority.cert, *options, data=b"\n"
    )
    text = done.stdout.decode()
    assert "Verify return code: 0 (ok)" in text
    assert "OCSP response: no response sent" in text or "OCSP Response Status" in text
    patterns = (r"OCSP Response Status: (\w+)", r"Cert Status: (\w+)", r"Serial Number: (\w+)")
    found = [
        match[1]
        for pattern in patterns
        if (match := re.search(pattern, text.partition("Certificate chain")[0]))
    ]
    return " ".join(found)


def good(pair: Pair) -> str:
    serial = f"{pair.certificate.serial_number:X}"
    return f"successful good {serial.zfill(len(serial) + len(serial) % 2)}"


def made(authority: Authority, pair: Pair, begins: float, ends: float) -> bytes:
    """A good answer that holds between two times, in seconds from now."""
    now = datetime.now(UTC)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=pair.certificate,
        issuer=authority.certificate,
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now + timedelta(seconds=begins),
        next_update=now + timedelta(seconds=ends),
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, authority.certificate)
    key = load_pem_private_key(authority.key.read_bytes(), None)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def test_each_certificate_of_each_host_has_its_own(new_server, authority, responder, pairs, words) -> None:
    responder.start()
    server = new_server(STAPLING + ONE + OTHERS, **words).start()
    rsa, ec = ("-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"), ("-sigalgs", "ECDSA+SHA256")
    until(lambda: server.log("ssl_log").count("): good") == 3, "three answers")
    until(lambda: staple(server, authority), "a staple")
    for version in ("-tls1_2", "-tls1_3"):
        assert staple(server, authority, "one.test", version) == good(pairs["one"])
        assert staple(server, authority, "both.test", version, *rsa) == good(pairs["rsa"])
        assert staple(server, authority, "both.test", version, *ec) == good(pairs["ec"])
        assert staple(server, authority, "none.test", version) == ""
    # The workers asked nobody.
    assert responder.asked == 3


def test_a_client_that_does_not_ask_gets_none(new_server, authority, responder, words) -> None:
    responder.start()
    server = new_server(STAPLING + ONE, **words).start()
    until(lambda: staple(server, authority), "a staple")
    done = clients.s_client(server.https, "-servername", "one.test", "-msg", data=b"\n")
    assert b"CertificateStatus" not in done.stdout


def test_a_good_answer_outlives_the_responder_and_reloads(
    new_server, authority, responder, pairs, words
) -> None:
    responder.start()
    server = new_server(STAPLING + IMPATIENT + ONE, **words).start()
    until(lambda: staple(server, authority) == good(pairs["one"]), "a staple")
    responder.stop()
    line = server.logged("cannot be asked: Connection refused; the good answer that is there is sent on")
    assert "ssl:warn" in line
    assert responder.url in line
    assert "Hint: " in line
    server.reload()
    assert staple(server, authority) == good(pairs["one"])
    asked = responder.asked
    responder.start()
    until(lambda: responder.asked > asked, "the responder is asked again")
    until(lambda: server.log("ssl_log").count("): good") > 1, "all is well again")
    assert server.log().count("Connection refused") == 1


def test_an_answer_is_sent_until_its_time_is_over(new_server, authority, responder, pairs, words) -> None:
    responder.answer = lambda _question: made(authority, pairs["one"], -10, 3)
    responder.start()
    server = new_server(STAPLING + IMPATIENT + ONE, **words).start()
    until(lambda: staple(server, authority) == good(pairs["one"]), "a staple")
    responder.answer = lambda _question: b"nonsense"
    server.logged("cannot be understood")
    until(lambda: staple(server, authority) == "", "no staple any more")
    assert "clients get no good answer" in server.logged("ssl:error")


def test_one_that_is_due_soon_is_asked_about_in_time(new_server, authority, responder, pairs, words) -> None:
    responder.answer = lambda _question: made(authority, pairs["one"], -10, 8)
    responder.start()
    server = new_server(STAPLING + "SSLStaplingResponseTimeSkew 0\n" + ONE, **words).start()
    until(lambda: responder.asked == 1, "asked")
    began = time.monotonic()
    until(lambda: responder.asked == 2, "asked again")
    assert 2 < time.monotonic() - began < 8
    assert staple(server, authority) == good(pairs["one"])


@pytest.mark.parametrize(("directive", "sent"), [("", ""), (ERRORS, "successful revoked")])
def test_revoked(new_server, authority, responder, pairs, words, directive: str, sent: str) -> None:
    responder.start()
    server = new_server(STAPLING + IMPATIENT + directive + ONE, **words).start()
    until(lambda: staple(server, authority) == good(pairs["one"]), "a staple")
    responder.knows(pairs["one"], revoked=True)
    line = server.logged("it says that the certificate is revoked")
    assert "ssl:error" in line
    assert "have a new one issued" in line
    until(
        lambda: (
            staple(server, authority).startswith(sent) and good(pairs["one"]) != staple(server, authority)
        ),
        sent,
    )
    assert sent or staple(server, authority) == ""


def test_through_a_proxy(new_server, authority, responder, pairs, words) -> None:
    responder.start()
    proxy = Proxy({"ocsp.invalid": responder.url.split("/")[2]}).start()
    more = f"SSLOCSPProxyURL {proxy.url}\nSSLStaplingForceURL http://ocsp.invalid/one\n"
    try:
        server = new_server(STAPLING + more + ONE, **words).start()
        until(lambda: staple(server, authority) == good(pairs["one"]), "a staple")
        assert proxy.asked == [("POST", "http://ocsp.invalid/one", "ocsp.invalid")]
    finally:
        proxy.end()


def outdated(authority: Authority, pairs: dict[str, Pair]) -> bytes:
    return made(authority, pairs["one"], -1000, -500)


def of_tomorrow(authority: Authority, pairs: dict[str, Pair]) -> bytes:
    return made(authority, pairs["one"], 86400, 90000)


def of_another(authority: Authority, pairs: dict[str, Pair]) -> bytes:
    return made(authority, pairs["ec"], -10, 100)


def try_later(_authority: Authority, _pairs: dict[str, Pair]) -> bytes:
    status = ocsp.OCSPResponseStatus.TRY_LATER
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("make", "reason", "sent"),
    [
        (outdated, "is outdated", "successful"),
        (of_tomorrow, "is one of the clocks wrong?", "successful"),
        (of_another, "is about another certificate", ""),
        (try_later, "it says try_later", "trylater"),
    ],
)
def test_answers_that_are_of_no_use(
    new_server, authority, responder, pairs, words, make: Callable[..., bytes], reason: str, sent: str
) -> None:
    responder.answer = lambda _question: make(authority, pairs)
    responder.start()
    server = new_server(STAPLING + ONE, **words).start()
    assert "clients get no good answer" in server.logged(reason)
    assert staple(server, authority) == ""
    server.configure(STAPLING + ERRORS + ONE)
    server.reload()
    until(lambda: server.log().count(reason) == 2, "asked again")
    until(lambda: staple(server, authority).partition(" ")[0] == sent, "what the responder said")


def test_a_responder_that_is_down_from_the_start(new_server, authority, responder, words) -> None:
    server = new_server(STAPLING + ERRORS + ONE, **words).start()
    server.logged("Connection refused; clients get no good answer")
    assert staple(server, authority) == ""
    server.configure(STAPLING + ERRORS + "SSLStaplingFakeTryLater on\n" + ONE)
    server.reload()
    until(lambda: staple(server, authority) == "trylater", "a made-up answer")


def helper(server: Server) -> int:
    """The process id of the helper program."""
    asking = [pid for pid in processes.children(server.pid) if "OCSP" in processes.title(pid)]
    return asking[0] if asking else 0


def test_a_responder_that_hangs_holds_up_nobody(new_server, authority, responder, words) -> None:
    responder.hold.set()
    responder.start()
    server = new_server(STAPLING + "SSLStaplingResponderTimeout 2\n" + ONE, **words)
    server.write("page.txt", b"page")
    server.start()
    pid = until(lambda: helper(server), "the helper")
    until(lambda: responder.asked, "the responder is asked")
    context = clients.tls_context(authority.cert)
    assert clients.tls_get(server.https, context, "/page.txt", "one.test").body == b"page"
    server.reload()
    assert clients.tls_get(server.https, context, "/page.txt", "one.test").body == b"page"
    assert processes.alive(pid)
    server.logged("it does not answer within 2 s")
    until(lambda: not processes.alive(pid), "the helper has ended")


def test_the_helper_has_no_rights_and_no_secrets_and_ends_with_the_master(
    new_server, responder, words, monkeypatch
) -> None:
    monkeypatch.setenv("SECRET", "xyzzy")
    responder.hold.set()
    responder.start()
    server = new_server(STAPLING + ONE, **words).start()
    pid = until(lambda: responder.asked and helper(server), "the helper is at work")
    status = Path(f"/proc/{pid}/status").read_text()
    if os.geteuid() == 0:
        assert re.search(r"^Uid:\t(\d+)\t\1\t\1\t\1$", status, re.MULTILINE)[1] != "0"
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    assert b"xyzzy" not in Path(f"/proc/{pid}/environ").read_bytes()
    ports = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert not any(str(server.root / "logs") in port for port in ports if "console" not in port)
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not processes.alive(pid), "the helper has ended")


def test_a_responder_of_ones_own_choice(new_server, authority, responder, rsa_pair) -> None:
    server = new_server(
        f"{STAPLING}SSLStaplingForceURL {responder.url}\n" + ONE.replace("one", "rsa"),
        rsa_cert=(chained := rsa_pair.cert.with_name("chained.crt")),
    )
    chained.write_bytes(rsa_pair.cert.read_bytes() + authority.cert.read_bytes())
    responder.knows(rsa_pair)
    responder.start()
    server.start()
    until(lambda: staple(server, authority, "rsa.test") == good(rsa_pair), "a staple")


def test_what_is_missing_is_told(new_server, authority, responder, rsa_pair) -> None:
    server = new_server(STAPLING + ONE.replace("one", "rsa"))
    done = server.run("-t")
    assert done.returncode == 0
    assert "names no OCSP responder" in done.stderr
    server.configure(f"{STAPLING}SSLStaplingForceURL {responder.url}\n" + ONE.replace("one", "rsa"))
    done = server.run("-t")
    assert "is not followed by its issuer's certificate" in done.stderr
    assert server.place("SSLUseStapling") in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "SSLUseStapling perhaps",
        "SSLStaplingForceURL https://ocsp.example.com/",
        "SSLStaplingForceURL ocsp.example.com",
        "SSLStaplingResponseMaxAge -2",
        "SSLStaplingResponderTimeout soon",
    ],
)
def test_mistakes_have_their_line(new_server, line: str) -> None:
    server = new_server(line + "\n")
    done = server.run("-t")
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert f"{server.place(line)}: {line.partition(' ')[0]}" in said


def test_apaches_directives_are_accepted(new_server) -> None:
    server = new_server(
        "SSLStaplingCache shmcb:logs/stapling(128000)\nSSLStaplingResponseMaxAge -1\n"
        "SSLStaplingReturnResponderErrors off\nSSLStaplingFakeTryLater off\n" + ONE.replace("one", "rsa")
    )
    assert server.run("-t").returncode == 0
