"""Reload under load: no request fails, or nothing changes at all."""

import itertools
import signal
import ssl

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST, TWO_HOSTS
from blackbox.hammer import hammering, plain, secure
from blackbox.ports import ReservedPort
from blackbox.server import Server
from blackbox.until import until

BODY = b"0123456789abcdef" * 1024


@pytest.fixture
def server(new_server) -> Server:
    server = new_server("StartServers 3\nMaxKeepAliveRequests 0\n" + ONE_HOST)
    server.write("page.txt", BODY)
    return server.start()


def test_no_request_fails_while_hangups_arrive(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert)
    generations = [set(server.workers())]
    with hammering(plain(server.http), secure(server.https, context), path="/page.txt", expect=BODY) as seen:
        for _ in range(6):
            served = seen.served
            server.reload(seconds=30)
            until(lambda: len(server.workers()) == 3, "three workers")
            until(lambda before=served: seen.served > before + 20 or seen.failures, "requests go on")
            generations.append(set(server.workers()))
    assert not seen.failures
    for before, after in itertools.pairwise(generations):
        assert not before & after
    assert "Traceback" not in server.log()


def test_hangups_in_a_burst_are_survived(server: Server, authority: Authority) -> None:
    context = clients.tls_context(authority.cert)
    with hammering(plain(server.http), secure(server.https, context), path="/page.txt", expect=BODY) as seen:
        for _ in range(20):
            server.signal(signal.SIGHUP)
        server.reload(seconds=30)
        until(lambda: len(server.workers()) == 3, "three workers and no more", 30)
    assert not seen.failures
    assert seen.served


def test_a_long_answer_is_finished_by_the_old_worker(server: Server) -> None:
    content = b"x" * 20_000_000
    server.write("long.bin", content)
    with clients.connect(server.http) as sock:
        sock.sendall(b"GET /long.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        start = sock.recv(1000)
        old = set(server.workers())
        server.signal(signal.SIGHUP)
        until(lambda: len(set(server.workers()) - old) == 3, "three new workers")
        reply = clients.parse(start + clients.drain(sock))
    assert reply.body == content
    until(lambda: not set(server.workers()) & old, "the old workers have gone")


def test_idle_connections_are_closed_and_not_waited_for(new_server, authority: Authority) -> None:
    server = new_server("KeepAliveTimeout 100\n" + ONE_HOST)
    server.write("page.txt", BODY)
    server.start()
    with clients.tls(server.https, clients.tls_context(authority.cert)) as sock:
        sock.sendall(b"HEAD /page.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert sock.recv(1000).startswith(b"HTTP/1.1 200 ")
        server.reload(seconds=10)
        assert clients.drain(sock) == b""


def test_a_broken_configuration_is_refused_and_the_service_untouched(
    server: Server, authority: Authority
) -> None:
    workers = set(server.workers())
    server.configure("StartServers 3\nSSLProtocl TLSv1.2\n" + ONE_HOST)
    context = clients.tls_context(authority.cert)
    with hammering(plain(server.http), secure(server.https, context), path="/page.txt", expect=BODY) as seen:
        server.signal(signal.SIGHUP)
        line = server.logged(server.place("SSLProtocl"))
        served = seen.served
        until(lambda: seen.served > served + 20 or seen.failures, "requests go on")
    assert "SSLProtocol" in line
    assert not seen.failures
    assert set(server.workers()) == workers


@pytest.mark.parametrize("action", ["restart", "graceful"])
def test_the_command_tells_how_the_reload_ended(server: Server, action: str) -> None:
    workers = set(server.workers())
    done = server.run("-k", action)
    assert done.returncode == 0, done
    until(lambda: not set(server.workers()) & workers, "all workers are new")

    workers = set(server.workers())
    server.configure("StartServers three\nDocumentRot htdocs\n" + ONE_HOST)
    done = server.run("-k", action)
    assert done.returncode == 1
    for wrong in ("StartServers three", "DocumentRot"):
        assert server.place(wrong) in done.stderr
    assert "Traceback" not in done.stderr
    assert set(server.workers()) == workers

    server.configure("StartServers 2\n" + ONE_HOST)
    assert server.run("-k", action).returncode == 0
    until(lambda: len(server.workers()) == 2 and not set(server.workers()) & workers, "two new workers")


def test_a_certificate_that_went_bad_is_refused(
    new_server, authority: Authority, rsa_pair, ecdsa_pair
) -> None:
    server = new_server(
        "SSLEngine off\n<VirtualHost *:@https>\nSSLEngine on\n"
        "SSLCertificateFile conf/server.crt\nSSLCertificateKeyFile conf/server.key\n</VirtualHost>\n"
    )
    certificate, key = server.root / "conf/server.crt", server.root / "conf/server.key"
    certificate.write_bytes(rsa_pair.cert.read_bytes())
    key.write_bytes(rsa_pair.key.read_bytes())
    server.write("page.txt", BODY)
    server.start()

    certificate.write_bytes(ecdsa_pair.cert.read_bytes())
    done = server.run("-k", "restart")
    assert done.returncode == 1
    assert "server.crt" in done.stderr or "server.key" in done.stderr
    context = clients.tls_context(authority.cert)
    with clients.tls(server.https, context) as sock:
        assert sock.getpeercert(binary_form=True) == rsa_pair.der

    key.write_bytes(ecdsa_pair.key.read_bytes())
    assert server.run("-k", "restart").returncode == 0
    with clients.tls(server.https, context) as sock:
        assert sock.getpeercert(binary_form=True) == ecdsa_pair.der


def test_sessions_outlive_a_reload_that_changes_nothing_for_their_host(
    server: Server, authority: Authority
) -> None:
    context = clients.tls_context(authority.cert)

    def visit(session: ssl.SSLSession | None) -> tuple[bool, ssl.SSLSession]:
        with clients.connect(server.https) as raw:
            sock = context.wrap_socket(raw, server_hostname="localhost", session=session)
            sock.sendall(b"HEAD /page.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            clients.drain(sock)
            return sock.session_reused, sock.session

    _, session = visit(None)
    server.reload()
    resumed, _ = visit(session)
    assert resumed


def test_a_port_that_is_no_longer_configured_closes_and_a_new_one_opens(new_server) -> None:
    server = new_server(ONE_HOST + "Listen 127.0.0.1:@extra\n", extra=(extra := ReservedPort()))
    server.write("page.txt", BODY)
    server.start()
    assert clients.get(extra.number, "/page.txt").body == BODY

    other = ReservedPort()
    server.configure(ONE_HOST + f"Listen 127.0.0.1:{other}\n")
    assert server.run("-k", "restart").returncode == 0
    assert clients.get(other.number, "/page.txt").body == BODY
    until(lambda: not extra.listening(), "the old port is closed")
    extra.release()
    other.release()


def test_another_document_root_after_the_reload(new_server) -> None:
    server = new_server(TWO_HOSTS)
    server.write("rsa/name.txt", b"rsa")
    server.write("ecdsa/name.txt", b"ecdsa")
    server.start()
    assert clients.get(server.http, "/name.txt", host="rsa.test").body == b"rsa"
    server.configure(TWO_HOSTS.replace("htdocs/rsa", "htdocs/ecdsa"))
    assert server.run("-k", "graceful").returncode == 0
    until(lambda: clients.get(server.http, "/name.txt", host="rsa.test").body == b"ecdsa", "the new folder")
