"""Certificates that are renewed while the server runs: by SIGHUP, by itself, and not at all if they are wrong."""

from __future__ import annotations

import os
import signal
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Authority, Pair, ec_key, rsa_key
from blackbox.encrypted import PHRASE, TWO_HOSTS, Program, issue, put
from blackbox.hammer import hammering, secure
from blackbox.server import Server
from blackbox.until import until

WATCH = "SSLCertificateWatch on\n"


@pytest.fixture
def server(new_server, authority: Authority) -> Server:
    """one.test with an encrypted key, two.test with one that is not. Not started."""
    server = new_server("SSLPassPhraseDialog exec:conf/phrase\n" + TWO_HOSTS)
    server.write("page.txt", b"page")
    Program(server.root / "conf", f"echo {PHRASE}")
    issue(authority, server.root / "conf", "one")
    issue(authority, server.root / "conf", "two", phrase="")
    return server


def shown(server: Server, authority: Authority, name: str = "two.test") -> bytes:
    with clients.tls(server.https, clients.tls_context(authority.cert), name) as sock:
        return sock.getpeercert(binary_form=True)


def test_renewal_and_rollback_under_load(server, authority) -> None:
    server.start()
    context = clients.tls_context(authority.cert)
    folder = server.root / "conf"
    with hammering(secure(server.https, context), path="/page.txt", expect=b"page", clients=4) as seen:
        for turn in range(4):
            pair = issue(authority, folder, "two", phrase="" if turn % 2 else PHRASE)
            server.reload()
            assert shown(server, authority) == pair.der
            workers = server.workers()
            issue(authority, folder, "two", phrase="")
            put(folder / "two.key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n")
            refused = server.log().count("reload refused")
            server.signal(signal.SIGHUP)
            until(
                lambda before=refused: server.log().count("reload refused") > before, "the reload is refused"
            )
            served = seen.served
            until(lambda before=served: seen.served > before + 20 or seen.failures, "requests go on")
            assert server.workers() == workers
            assert shown(server, authority) == pair.der
    assert not seen.failures
    assert seen.served > 200


def empty(path: Path, _pair: Pair) -> None:
    put(path, b"")


def truncated(path: Path, _pair: Pair) -> None:
    put(path, path.read_bytes()[:100])


def a_certificate(path: Path, pair: Pair) -> None:
    put(path, pair.cert.read_bytes())


def another_key(path: Path, _pair: Pair) -> None:
    put(path, Path(path.with_name("other.key")).read_bytes())


def a_directory(path: Path, _pair: Pair) -> None:
    path.unlink()
    path.mkdir()


def garbage(path: Path, _pair: Pair) -> None:
    put(path, b"\0\xff garbage\n" * 40)


def a_pipe(path: Path, _pair: Pair) -> None:
    path.unlink()
    os.mkfifo(path)


Spoil = Callable[[Path, Pair], None]
SPOILT: list[tuple[Spoil, str]] = [
    (empty, "is empty"),
    (truncated, "is truncated"),
    (a_certificate, "holds a certificate, not a private key"),
    (another_key, "does not belong to the certificate"),
    (a_directory, "is a directory"),
    (garbage, "holds neither PEM nor DER"),
    (a_pipe, "is not a regular file"),
]


@pytest.mark.parametrize(("spoil", "reason"), SPOILT)
def test_a_spoilt_key_stops_a_start(server, authority, spoil: Spoil, reason: str) -> None:
    pair = issue(authority, server.root / "conf", "other", phrase="")
    spoil(server.root / "conf/two.key", pair)
    for arguments in (("-D", "FOREGROUND"), ("-t",)):
        done = server.run(*arguments)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"prefork-ssl: {server.place('conf/two.key')}: SSLCertificateKeyFile: ")
        assert reason in line
        assert line.endswith(")"), "the remedy"


@pytest.mark.parametrize(("spoil", "reason"), SPOILT)
def test_a_spoilt_key_stops_a_reload_and_nothing_else(server, authority, spoil: Spoil, reason: str) -> None:
    pair = issue(authority, server.root / "conf", "other", phrase="")
    server.start()
    before, workers = shown(server, authority), server.workers()
    spoil(server.root / "conf/two.key", pair)
    done = server.run("-k", "restart")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"{server.place('conf/two.key')}: SSLCertificateKeyFile: " in line
    for text in (line, server.log(), server.log("ssl_log")):
        assert reason in text
    assert "Traceback" not in server.log()
    assert server.workers() == workers
    assert shown(server, authority) == before


def test_unchanged_files_are_not_needed_any_more(server, authority) -> None:
    server.start()
    before = shown(server, authority)
    for name in ("one.crt", "one.key", "two.crt", "two.key"):
        (server.root / "conf" / name).rename(server.root / "conf" / f"away-{name}")
    server.reload()
    assert shown(server, authority) == before
    assert "what was read from it earlier stays in use" in server.log("ssl_log")


def test_what_is_strange_about_a_certificate_is_in_both_logs_at_start_and_reload(server, authority) -> None:
    text = TWO_HOSTS.replace("ServerName two.test", "ServerName two.test\nServerAlias www.two.test")
    server.configure(
        "SSLPassPhraseDialog exec:conf/phrase\n" + text + TWO_HOSTS.partition("</VirtualHost>")[2]
    )
    (server.root / "conf/two.key").chmod(0o644)
    server.start()
    said = [
        "the certificate is not for www.two.test, only for two.test, localhost",
        "two.key is readable by others than its owner (mode 0644)",
        "expires in 1 day",
        "is never reached",
    ]
    for times in (1, 2):
        for log in ("error_log", "ssl_log"):
            for text in said:
                until(
                    lambda log=log, text=text, times=times: server.log(log).count(text) >= times,
                    f"{text} in {log}",
                )
        server.reload()
    assert "chmod 400" in server.log()
    assert server.place("conf/two.crt") in server.log()


def test_what_would_be_served_is_listed(server, authority) -> None:
    done = server.run("-t", "-D", "DUMP_CERTS")
    assert done.returncode == 0
    for text in (f"one.test:{server.https}", "EC 256", "CN=two.test", "two.test, localhost", "1 day left"):
        assert text in done.stdout
    assert str(server.root / "conf/one.crt") in done.stdout
    assert "OCSP     none" in done.stdout


# --- SSLCertificateWatch ---


def test_a_changed_certificate_is_noticed(server, authority) -> None:
    server.configure(WATCH + TWO_HOSTS.replace("one", "two"))
    server.start()
    workers = set(server.workers())
    put(
        server.root / "conf/two.crt",
        issue(authority, server.root / "conf", "spare", phrase="").cert.read_bytes(),
    )
    line = server.logged("reload refused")
    assert "core:error" in line
    assert set(server.workers()) == workers
    pair = issue(authority, server.root / "conf", "two", phrase="")
    until(lambda: shown(server, authority) == pair.der, "the new certificate")
    assert server.log().count("reload refused") == 1
    assert "reloading, because of changes in" in server.log("ssl_log")


def test_without_the_directive_nothing_is_noticed(server, authority) -> None:
    server.start()
    before = shown(server, authority)
    issue(authority, server.root / "conf", "two", phrase="")
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert shown(server, authority) == before
        time.sleep(0.2)


def test_files_that_vanish_are_no_reason_to_reload(server, authority) -> None:
    server.configure(WATCH + TWO_HOSTS.replace("one", "two"))
    server.start()
    workers = server.workers()
    (server.root / "conf/two.key").unlink()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert server.workers() == workers
        time.sleep(0.2)
    pair = issue(authority, server.root / "conf", "two", phrase="")
    until(lambda: shown(server, authority) == pair.der, "the new certificate")


# --- session tickets ---


def resumed(
    server: Server, context: ssl.SSLContext, session: ssl.SSLSession | None
) -> tuple[bool, ssl.SSLSession]:
    with clients.connect(server.https) as raw:
        sock = context.wrap_socket(raw, server_hostname="two.test", session=session)
        sock.sendall(b"HEAD /page.txt HTTP/1.1\r\nHost: two.test\r\nConnection: close\r\n\r\n")
        clients.drain(sock)
        return bool(sock.session_reused), sock.session


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_ticket_keys_are_renewed_in_time_and_without_a_failed_request(server, authority, version) -> None:
    lines = server.configuration_file.read_text()
    server.configuration_file.write_text(lines + "SSLSessionTicketKeyLifetime 4s\n")
    server.start()
    context = clients.tls_context(authority.cert, least=version, most=version)
    _, session = resumed(server, context, None)
    assert resumed(server, context, session)[0]
    workers = set(server.workers())
    # A configuration that is half edited must not go into service just because tickets get new keys.
    server.configuration_file.write_text(lines + "SSLSessionTicketKeyLifetime soon\n")
    with hammering(secure(server.https, context), path="/page.txt", expect=b"page") as seen:
        until(lambda: server.workers() and not workers & set(server.workers()), "all workers are new")
    assert not seen.failures
    assert not resumed(server, context, session)[0]
    assert "new workers with new keys for session tickets" in server.log("ssl_log")
    assert "refused" not in server.log()


def test_tickets_off(server, authority) -> None:
    server.configuration_file.write_text(server.configuration_file.read_text() + "SSLSessionTickets off\n")
    server.start()
    old = clients.tls_context(authority.cert, most=ssl.TLSVersion.TLSv1_2)
    _, session = resumed(server, old, None)
    assert not session.has_ticket


def test_each_kind_of_key_can_be_renewed_by_itself(server, authority) -> None:
    text = TWO_HOSTS.replace(
        "conf/two.key", "conf/two.key\nSSLCertificateFile conf/rsa.crt\nSSLCertificateKeyFile conf/rsa.key"
    )
    server.configure("SSLPassPhraseDialog exec:conf/phrase\n" + text)
    folder = server.root / "conf"
    issue(authority, folder, "rsa", phrase="", key=rsa_key())
    server.start()
    rsa, ec = ("-sigalgs", "RSA-PSS+SHA256"), ("-sigalgs", "ECDSA+SHA256")

    def serial(*options: str) -> bytes:
        said = clients.s_client(server.https, "-servername", "two.test", *options, data=b"\n").stdout
        return said.partition(b"-----BEGIN CERTIFICATE-----")[2].partition(b"-----END")[0]

    before = serial(*rsa), serial(*ec)
    issue(authority, folder, "two", phrase="", key=ec_key())
    server.reload()
    assert serial(*rsa) == before[0]
    assert serial(*ec) != before[1]
