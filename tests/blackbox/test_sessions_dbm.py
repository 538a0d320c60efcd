"""The session cache in a file: what one of four workers has agreed with a client, all others resume."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.dbm_modules import borrow
from blackbox.resuming import REQUEST, V12, V13, SClient, Visitor
from blackbox.server import Server
from blackbox.until import until
from unit.ssl.issued import Issued, ca, write

CACHE = Path(sys.executable).with_name("prefork-ssl-cache")

CONFIGURATION = """\
StartServers 4
SSLSessionCache @cache
SSLSessionTickets @tickets
SSLLog logs/ssl_log
CustomLog logs/sessions "%P %{SSL_PROTOCOL}x %{SSL_SESSION_RESUMED}x"
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    CustomLog logs/sessions "%P %{SSL_PROTOCOL}x %{SSL_SESSION_RESUMED}x"
    @more
</VirtualHost>
"""


def launch(
    new, cache="dbm:logs/cache", tickets="off", more="", configuration=CONFIGURATION, **words
) -> Server:
    server = new(configuration, cache=cache, tickets=tickets, more=more, **words)
    server.write("index.html", b"<p>hello\n")
    return server.start()


@pytest.fixture
def server(new_server) -> Server:
    return launch(new_server)


def kill_all_workers(server: Server) -> None:
    """All at once; they are replaced."""
    before = server.workers()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(server.workers()) - set(before)) == 4, "all workers are new", 20)


def workers_that_resumed(server: Server) -> set[str]:
    lines = [line.split() for line in server.log("sessions").splitlines()]
    return {pid for pid, _, resumed in lines if resumed == "Resumed"}


# --- judged by openssl s_client ---


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("flag", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("tickets", ["off", "on"])
def test_every_visit_resumes(new_server, tmp_path: Path, flag: str, tickets: str) -> None:
    server = launch(new_server, tickets=tickets)
    client = SClient(server, tmp_path, flag)
    assert not client.visit()
    assert client.visits(16) == 16
    server.reload()
    assert client.visits(16) == 16
    kill_all_workers(server)
    assert client.visits(16) == 16
    assert len(workers_that_resumed(server)) > 2
    assert not server.log("error_log").count("session cache")


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("flag", ["-tls1_2", "-tls1_3"])
def test_no_secret_is_in_any_file(server: Server, tmp_path: Path, flag: str) -> None:
    client = SClient(server, tmp_path, flag)
    client.visit()
    secrets = {client.secret}
    for _ in range(3):
        client.visit()
        secrets.add(client.secret)
    files = [path for path in server.root.rglob("*") if path.is_file()]
    assert server.root / "logs/cache" in files
    for path in files:
        content = path.read_bytes()
        for secret in secrets:
            assert len(secret) >= 32
            assert secret not in content, path
            assert secret.hex().encode() not in content.lower(), path


# --- other clients ---


@pytest.mark.needs("curl")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("tickets", ["off", "on"])
def test_curl(new_server, authority: Authority, version: str, tickets: str) -> None:
    server = launch(new_server, tickets=tickets)
    urls = [f"https://localhost:{server.https}/?{number}" for number in range(17)]
    range_ = ("--tls-max", version, f"--tlsv{version}")
    done = clients.curl("--cacert", authority.cert, *range_, "--header", "Connection: close", *urls)
    assert done.stdout.count(b"hello") == 17, done.stderr
    until(lambda: len(server.log("sessions").splitlines()) == 17, "17 lines in the log")
    lines = [line.split()[1:] for line in server.log("sessions").splitlines()]
    assert lines == [[f"TLSv{version}", "Initial"]] + [[f"TLSv{version}", "Resumed"]] * 16


@pytest.mark.needs("gnutls-cli")
@pytest.mark.parametrize("priority", ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"])
@pytest.mark.parametrize("tickets", ["off", "on"])
def test_gnutls(new_server, authority: Authority, priority: str, tickets: str) -> None:
    server = launch(new_server, tickets=tickets)
    for _ in range(8):
        done = subprocess.run(
            [
                "gnutls-cli",
                "--resume",
                "--waitresumption",
                f"--x509cafile={authority.cert}",
                f"--priority={priority}",
                f"--port={server.https}",
                "localhost",
            ],
            input=REQUEST,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert b"*** This is a resumed session" in done.stdout, done.stdout + done.stderr


# --- every type ---


@pytest.fixture
def dbm_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gnu and ndbm for the server, borrowed if need be."""
    if folder := borrow(tmp_path / "modules"):
        tmp_path.chmod(0o755)
        for parent in list(tmp_path.parents)[:2]:
            parent.chmod(0o755)
        monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.usefixtures("dbm_modules")
@pytest.mark.parametrize("kind", ["lmdb", "gnu", "sqlite3", "ndbm", "dumb"])
def test_each_type(new_server, authority: Authority, kind: str) -> None:
    server = new_server(CONFIGURATION, cache=f"dbm={kind}:logs/cache", tickets="off", more="")
    server.write("index.html", b"<p>hello\n")
    checked = server.run("-t")
    if "cannot be used" in checked.stderr:
        pytest.skip(checked.stderr)
    server.start()
    for version in (V12, V13):
        visitor = Visitor(server, authority, version)
        visitor.visit()
        assert visitor.visits(12) == 12
    files = [path for path in (server.root / "logs").glob("cache*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    if os.geteuid() == 0:
        assert {path.owner() for path in files} == {"nobody"}


def test_the_size_of_apaches_memory_cache(new_server, authority: Authority) -> None:
    server = launch(new_server, cache="shmcb:logs/cache(600000)")
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    assert visitor.visits(8) == 8
    assert (server.root / "logs/cache").stat().st_size == 147 * 4096


# --- without ---


def test_none_is_none(new_server, authority: Authority) -> None:
    server = launch(new_server, cache="none")
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    assert visitor.session is not None
    assert visitor.session.id == b""
    assert visitor.visits(8) == 0


def test_nonenotnull_gives_an_id_for_nothing(new_server, authority: Authority) -> None:
    server = launch(new_server, cache="nonenotnull")
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    assert visitor.session is not None
    assert len(visitor.session.id) == 32
    assert visitor.visits(8) == 0


# --- what must not be resumed ---


HOSTS = """\
StartServers 4
SSLSessionCache dbm:logs/cache
SSLSessionTickets @tickets
SSLCACertificateFile @ca
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
</VirtualHost>
<VirtualHost *:@https>
    ServerName rsa.test
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLVerifyClient require
</VirtualHost>
"""


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("tickets", ["off", "on"])
def test_a_strict_host_stays_shut(new_server, authority: Authority, version, tickets: str) -> None:
    """With a session of a host that asks for no certificate, of the same certificate and address."""
    server = launch(new_server, configuration=HOSTS, tickets=tickets, ca=authority.cert)
    lax = Visitor(server, authority, version)
    lax.visit()
    assert lax.visit()
    for _ in range(8):
        with pytest.raises(OSError, match=r"(?i)certificate.required|handshake.failure|reset|EOF"):
            _visit_strict(server, lax)
    assert lax.visit()


def _visit_strict(server: Server, lax: Visitor) -> None:
    sock = clients.connect(server.https)
    with lax.context.wrap_socket(sock, server_hostname="rsa.test", session=lax.session) as tls:
        assert not tls.session_reused
        tls.sendall(REQUEST)
        if not tls.recv(100):
            raise EOFError


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_a_session_stays_with_its_host(new_server, authority: Authority, version) -> None:
    """Another host of the same certificate, with the same settings, refuses it."""
    server = launch(new_server, configuration=HOSTS.replace("SSLVerifyClient require", ""), ca=authority.cert)
    visitor = Visitor(server, authority, version)
    visitor.visit()
    for _ in range(8):
        sock = clients.connect(server.https)
        with visitor.context.wrap_socket(sock, server_hostname="rsa.test", session=visitor.session) as tls:
            assert not tls.session_reused
            tls.sendall(REQUEST.replace(b"localhost", b"rsa.test"))
            assert clients.drain(tls).startswith(b"HTTP/1.1 200")
    counters = cache(server, "stat", json_output=True)["counters"]
    assert (counters["hits"], counters["refused"]) == (0, 8)
    assert visitor.visits(8) == 8


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_with_its_certificate_a_client_is_resumed_there(
    new_server, authority: Authority, tmp_path: Path, version
) -> None:
    clients_ca = ca("Clients")
    person = Issued("somebody", None, clients_ca)
    write(tmp_path / "ca.crt", clients_ca.pem)
    write(tmp_path / "somebody.pem", person.key_pem() + person.pem)
    server = launch(new_server, configuration=HOSTS, tickets="off", ca=tmp_path / "ca.crt")
    visitor = Visitor(server, authority, version, "rsa.test")
    visitor.context.load_cert_chain(tmp_path / "somebody.pem")
    visitor.visit()
    assert visitor.visits(8) == 8


def test_a_session_of_tls13_is_used_once(server: Server, authority: Authority) -> None:
    visitor = Visitor(server, authority, V13)
    visitor.visit()
    first = visitor.session
    assert visitor.visit()
    for _ in range(8):
        visitor.session = first
        assert not visitor.visit()


def test_time_is_over(new_server, authority: Authority) -> None:
    server = launch(new_server, more="SSLSessionCacheTimeout 1")
    visitor = Visitor(server, authority, V12)
    # On a busy machine a visit may take longer than a session lasts.
    until(visitor.visit, "a session is resumed")
    time.sleep(2.1)  # OpenSSL counts whole seconds
    assert not visitor.visit()
    until(visitor.visit, "the new session is resumed")


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_an_unclean_end_loses_nothing(server: Server, authority: Authority, version) -> None:
    """Not even a reset in the middle of the answer."""
    visitor = Visitor(server, authority, version)
    visitor.visit()
    for _ in range(8):
        sock = clients.connect(server.https)
        with visitor.context.wrap_socket(sock, server_hostname="localhost", session=visitor.session) as tls:
            assert tls.session_reused
            tls.sendall(REQUEST)
            tls.recv(5)
            visitor.session = tls.session
            tls.setsockopt(clients.socket.SOL_SOCKET, clients.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert visitor.visit()


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_a_connection_that_breaks_takes_its_session_along(
    server: Server, authority: Authority, version
) -> None:
    """RFC 5246 section 7.2.2, for all workers."""
    visitor = Visitor(server, authority, version)
    visitor.visit()
    if version == V12:
        assert visitor.visits(8) == 8
    sock = clients.connect(server.https)
    tls = visitor.context.wrap_socket(sock, server_hostname="localhost", session=visitor.session)
    tls.sendall(REQUEST.replace(b"close", b"keep-alive"))
    assert tls.recv(16)
    assert tls.session_reused
    visitor.session = tls.session
    with clients.socket.socket(fileno=tls.detach()) as raw:
        raw.settimeout(10)
        raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        clients.drain(raw)
    for _ in range(4):
        session, visitor.session = visitor.session, visitor.session
        assert not visitor.visit()
        visitor.session = session


# --- the life of the cache ---


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("tickets", ["off", "on"])
def test_workers_that_come_and_go(new_server, authority: Authority, version, tickets: str) -> None:
    configuration = CONFIGURATION.replace("StartServers 4", "StartServers 4\nMaxConnectionsPerChild 3")
    server = launch(new_server, configuration=configuration, tickets=tickets)
    first = set(server.workers())
    visitor = Visitor(server, authority, version)
    visitor.visit()
    until(lambda: visitor.visits(1) and not first & set(server.workers()), "all workers are new", 40)
    assert visitor.visits(16) == 16


def test_it_starts_empty_after_a_stop(new_server, authority: Authority) -> None:
    server = launch(new_server)
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    assert server.stop() == 0
    server.start()
    assert not visitor.visit()
    assert visitor.visit()


def test_a_reload_that_moves_it(new_server, authority: Authority) -> None:
    server = launch(new_server)
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    text = server.configuration_file.read_text()
    server.configuration_file.write_text(text.replace("dbm:logs/cache", "dbm=sqlite3:logs/other"))
    server.reload()
    visitor.visit()
    assert visitor.visits(8) == 8
    until(lambda: not list((server.root / "logs").glob("cache*[!x]")), "the old files are gone")


def test_one_process_alone(new_server, authority: Authority) -> None:
    server = new_server(CONFIGURATION, cache="dbm:htdocs/cache", tickets="off", more="")
    server.write("index.html", b"<p>hello\n")
    (server.root / "htdocs").chmod(0o777)
    with server.console.open("ab") as console:
        process = subprocess.Popen(server.command("-X"), stdout=console, stderr=console)
    try:
        until(server.ports["https"].listening, "it listens", 20)
        visitor = Visitor(server, authority, V12)
        visitor.visit()
        assert visitor.visits(4) == 4
        assert (server.root / "htdocs/cache").is_file()
    finally:
        process.terminate()
        process.wait(10)


def test_expired_sessions_are_swept(new_server, authority: Authority) -> None:
    server = launch(new_server, more="SSLSessionCacheTimeout 1")
    for _ in range(10):
        Visitor(server, authority, V12).visit()
    # Some may be gone already.
    assert cache(server, "stat", json_output=True)["counters"]["stored"] == 10
    until(lambda: cache(server, "stat", json_output=True)["entries"] == 0, "they are gone", 60)


# --- prefork-ssl-cache ---


def cache(server: Server, command: str, *, json_output: bool = False):
    """What prefork-ssl-cache says."""
    done = subprocess.run(
        [
            *(CACHE, "-d", server.root, "-f", server.configuration_file, command),
            *(["--json"] if json_output else []),
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if json_output else done.stdout


def test_what_is_in_it(server: Server, authority: Authority) -> None:
    visitors = [Visitor(server, authority, version) for version in (V12, V13)]
    for visitor in visitors:
        visitor.visit()
        assert visitor.visit()
    until(lambda: cache(server, "stat", json_output=True)["counters"]["removed"] == 1, "all is written")
    facts = cache(server, "stat", json_output=True)
    assert (
        facts["entries"] == 3
    )  # one of TLS 1.2; of TLS 1.3 the second of two, and the one that came with the visit
    assert (facts["counters"]["hits"], facts["counters"]["misses"]) == (2, 0)
    assert facts["counters"]["stored"] == 4
    told = cache(server, "stat")
    assert re.search(r"^entries +3$", told, re.MULTILINE)
    assert re.search(r"^hits +2 \(100%\)$", told, re.MULTILINE)
    listed = cache(server, "list")
    assert listed.count("TLSv1.3") == 2
    assert listed.count("TLSv1.2") == 1
    assert visitors[0].session is not None
    assert visitors[0].session.id.hex().upper() in listed
    assert f"localhost:{server.https}" in listed


def test_purging_is_for_all_workers_at_once(server: Server, authority: Authority) -> None:
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    assert visitor.visits(12) == 12
    session = visitor.session
    assert "1 session removed" in cache(server, "purge")
    for _ in range(8):
        visitor.session = session
        assert not visitor.visit()
    assert cache(server, "purge").startswith("8 sessions")


def test_a_server_that_does_not_run(new_server) -> None:
    server = new_server(CONFIGURATION, cache="dbm:logs/cache", tickets="off", more="")
    done = subprocess.run(
        [CACHE, "-d", server.root, "-f", server.configuration_file, "stat"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "mutex" in done.stderr


def test_a_server_without_a_cache(new_server) -> None:
    server = new_server(CONFIGURATION, cache="none", tickets="off", more="")
    done = subprocess.run(
        [CACHE, "-d", server.root, "-f", server.configuration_file, "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert (
        done.stderr
        == "prefork-ssl-cache: workers share no session cache: SSLSessionCache is not set, or none\n"
    )
