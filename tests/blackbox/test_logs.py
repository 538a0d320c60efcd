"""Logs: one line for each request, whatever the client puts into it; and rotation."""

import os
import re
import signal

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.hammer import hammering, plain, secure
from blackbox.server import Server
from blackbox.until import until

FORMAT = r'CustomLog logs/fields "%v %m %U%q %H %>s %B %{User-Agent}i %{SSL_PROTOCOL}x"' + "\n"


@pytest.fixture
def server(new_server) -> Server:
    server = new_server(FORMAT + ONE_HOST.replace("</Virtual", f"    {FORMAT}</Virtual"))
    server.write("page.txt", b"0123456789")
    return server.start()


def test_the_common_log_format(server: Server) -> None:
    clients.get(server.http, "/page.txt?a=b")
    line = server.logged("page.txt", "access_log")
    assert re.fullmatch(
        r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /page\.txt\?a=b HTTP/1\.1" 200 10',
        line,
    )


def test_the_fields_of_both_ports(server: Server, authority: Authority) -> None:
    clients.get(server.http, "/page.txt?a=b", "User-Agent: tester")
    assert server.logged("tester", "fields") == "localhost GET /page.txt?a=b HTTP/1.1 200 10 tester -"
    clients.tls_get(server.https, clients.tls_context(authority.cert), "/page.txt")
    assert server.logged("TLS", "fields") == "localhost GET /page.txt HTTP/1.1 200 10 - TLSv1.3"


def test_what_is_refused_is_logged_too(server: Server) -> None:
    clients.exchange(server.http, b"nonsense\r\n\r\n")
    assert " 400 " in server.logged("nonsense", "access_log")


@pytest.mark.parametrize("where", ["target", "header"])
def test_bytes_of_the_client_cannot_make_a_line_or_leave_the_quotes(server: Server, where: str) -> None:
    evil = 'x"y\\z\x1b[31m\x7f\x80\xff'
    if where == "target":
        clients.get(server.http, f"/marker{evil}")
    else:
        clients.get(server.http, "/marker", f"User-Agent: {evil}")
    name = "access_log" if where == "target" else "fields"
    line = server.logged("marker", name)
    raw = (server.root / "logs" / name).read_bytes()
    assert not re.search(rb"[^\n\x20-\x7e]", raw)
    if "\\x1b" in line:
        assert '\\"' in line


def test_a_log_that_was_moved_away_is_opened_anew(server: Server) -> None:
    clients.get(server.http, "/page.txt?first")
    server.logged("first", "access_log")
    for name in ("access_log", "error_log"):
        (server.root / "logs" / name).rename(server.root / "logs" / f"{name}.1")

    def served_by_the_new_file() -> bool:
        clients.get(server.http, "/page.txt?second")
        return "second" in server.log("access_log")

    until(served_by_the_new_file, "requests in the new file")
    assert "first" not in server.log("access_log")
    until((server.root / "logs/error_log").exists, "a new error log")


def test_no_line_is_lost_while_logs_are_rotated(new_server, authority: Authority) -> None:
    server = new_server(ONE_HOST)
    server.write("page.txt", b"0123456789")
    server.start()
    context = clients.tls_context(authority.cert)
    logs = server.root / "logs"
    with hammering(
        plain(server.http), secure(server.https, context), path="/page.txt", expect=b"0123456789"
    ) as seen:
        for number in range(3):
            served = seen.served
            until(lambda before=served: seen.served > before + 50, "requests")
            (logs / "access_log").rename(logs / f"access_log.{number}")
            if number == 1:
                server.signal(signal.SIGHUP)
            until((logs / "access_log").exists, "the new file")
    assert not seen.failures

    def lines() -> int:
        return sum(path.read_text().count("page.txt") for path in logs.glob("access_log*"))

    until(lambda: lines() >= seen.served, "all requests in the logs")
    assert lines() == seen.served
    whole = re.compile(r'127\.0\.0\.1 .* "GET /page\.txt HTTP/1\.1" 200 10')
    for path in logs.glob("access_log*"):
        assert [line for line in path.read_text().splitlines() if not whole.fullmatch(line)] == []


def test_a_program_can_take_the_log(new_server) -> None:
    server = new_server('CustomLog "|/bin/sh -c \'cat >> @root/logs/piped\'" "%r"\n' + ONE_HOST)
    server.write("page.txt", b"0123456789")
    (server.root / "logs/piped").touch()
    (server.root / "logs/piped").chmod(0o666)
    server.start()
    clients.get(server.http, "/page.txt?piped")
    server.logged("GET /page.txt?piped HTTP/1.1", "piped")


def test_each_host_has_the_error_log_it_names(new_server) -> None:
    server = new_server(
        "<VirtualHost *:@http>\nServerName other.test\nErrorLog logs/other_error\nLogLevel debug\n</VirtualHost>\n"
        + ONE_HOST
    )
    server.start()
    assert (server.root / "logs/other_error").exists()


def test_the_worker_s_greenlets_are_written_on_request(server: Server) -> None:
    with clients.connect(server.http) as sock:
        sock.sendall(b"GET /page.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")  # a worker has the connection
        for worker in server.workers():
            os.kill(worker, signal.SIGUSR2)
        server.logged("http1.py")
