"""Where the SSL log goes: levels and hosts, the error log beside it, JSON, programs, rotation, full disks, keys."""

from __future__ import annotations

import json
import os
import pwd
import re
import signal
import ssl
from pathlib import Path

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.hammer import hammering, secure
from blackbox.server import Server
from blackbox.ssl_log import last_line, lines
from blackbox.until import until

HOST = """\
<VirtualHost *:@https>
    ServerName {name}
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    {lines}
</VirtualHost>
"""
BODY = b"0123456789"


def visit(server: Server, authority: Authority, name: str = "localhost") -> None:
    """One request to the host."""
    context = clients.tls_context(authority.cert)
    context.check_hostname = False
    assert clients.tls_get(server.https, context, "/page.txt", name).body == BODY


def serving(server: Server) -> Server:
    server.write("page.txt", BODY)
    return server.start()


# --- where, and how much ---


def test_each_host_has_the_log_and_the_level_that_it_names(new_server, authority: Authority) -> None:
    server = serving(
        new_server(
            "SSLLog logs/ssl_log\nSSLLogLevel warn\n"
            + HOST.format(name="a.test", lines="")
            + HOST.format(name="b.test", lines="SSLLogLevel trace")
            + HOST.format(name="c.test", lines="SSLLog logs/c_log\nSSLLogLevel info")
            + HOST.format(name="d.test", lines="SSLLog logs/d_log\nSSLLogLevel none")
        )
    )
    for name in ("a.test", "b.test", "c.test", "d.test"):
        visit(server, authority, name)
    last_line(server, "connection closed", "c_log")
    last_line(server, "connection closed")
    assert {line.host for line in lines(server) if line.level != "warn"} == {f"b.test:{server.https}"}
    assert {line.level for line in lines(server) if line.host.startswith("b.")} >= {"info", "trace"}
    assert {line.host for line in lines(server, "c_log") if line.client} == {f"c.test:{server.https}"}
    assert server.log("d_log") == ""


@pytest.mark.parametrize(
    ("loglevel", "levels"),
    [("warn", {"warn"}), ("warn ssl:info", {"warn", "info"}), ("warn ssl:debug", {"warn", "info", "trace"})],
)
def test_loglevel_says_what_goes_to_the_error_log_too(
    new_server, authority: Authority, loglevel: str, levels: set[str]
) -> None:
    server = serving(new_server(f"LogLevel {loglevel}\nSSLLog logs/ssl_log\n" + ONE_HOST))
    visit(server, authority)
    last_line(server, "connection closed")
    assert {line.level for line in lines(server)} == levels | {"info"}
    named = {"warn": "warn", "info": "info", "trace": "debug"}
    assert set(re.findall(r"\[ssl:(\w+)\]", server.log())) == {named[level] for level in levels}
    assert not re.search(r"\[ssl:(info|debug)\](?!.*\(server localhost)", server.log())


def test_without_ssllog_the_error_log_has_what_matters(new_server, authority: Authority) -> None:
    server = serving(new_server(ONE_HOST))
    visit(server, authority)
    clients.exchange(server.https, b"SSH-2.0-x\r\n")
    assert set(re.findall(r"\[ssl:(\w+)\]", server.log())) == {"warn"}  # test certificates soon expire


def test_errors_are_in_both_logs(new_server) -> None:
    """A certificate that does not belong to the key: at the start, and again at a reload."""
    wrong = f"SSLLog logs/ssl_log\nSSLLogLevel error\n{ONE_HOST}".replace("@ecdsa_key", "@rsa_key")
    server = new_server(wrong)
    done = server.run("-D", "FOREGROUND")
    assert done.returncode == 1
    what = "does not belong to the certificate in"
    assert what in done.stderr
    (line,) = [line for line in lines(server) if what in line.message]
    assert (line.level, bool(line.hint)) == ("error", True)
    server.configure(f"SSLLog logs/ssl_log\nSSLLogLevel error\n{ONE_HOST}")
    server.start()
    server.configure(wrong)
    server.signal(signal.SIGHUP)
    place = rf"{server.configuration_file}:\d+: SSLCertificateKeyFile: "
    assert re.search(place, server.logged(what))
    refused = last_line(server, "reload refused, generation 1 stays in service:")
    assert re.search(place, refused.message)
    assert what in refused.message


def test_what_a_reload_has_changed(new_server) -> None:
    begin = "SSLLog logs/ssl_log\n"
    server = new_server(
        begin + HOST.format(name="a.test", lines="") + HOST.format(name="b.test", lines="")
    ).start()
    assert last_line(server, "prefork_ssl/").message.endswith("2 hosts with TLS")
    last_line(server, "generation 1 is in service")
    server.configure(
        begin + HOST.format(name="b.test", lines="SSLProtocol TLSv1.3") + HOST.format(name="c.test", lines="")
    )
    server.reload()
    port = server.https
    assert last_line(server, "prefork_ssl/").message.endswith(
        f"2 hosts with TLS, 0 of them unchanged; added c.test:{port}; removed a.test:{port}; "
        f"changed b.test:{port} (SSLProtocol)"
    )
    last_line(server, "generation 2 is in service")
    server.configure("ThereIsNoSuchDirective\n")
    server.signal(signal.SIGHUP)
    line = last_line(server, "reload refused, generation 2 stays in service:")
    assert "unknown directive ThereIsNoSuchDirective" in line.message
    assert server.place("ThereIsNoSuchDirective") in line.message


# --- JSON ---


def test_json(new_server, authority: Authority) -> None:
    server = serving(
        new_server("SSLLog logs/ssl_log\nSSLLogFormat json\nSSLCipherSuite ECDHE+AESGCM\n" + ONE_HOST)
    )
    visit(server, authority)
    clients.s_client(server.https, "-tls1_2", "-cipher", "AES128-SHA", "-servername", "localhost")
    server.logged("handshake-failed", "ssl_log")
    shown = [json.loads(line) for line in server.log("ssl_log").splitlines()]
    for each in shown:
        assert [*each][:6] == ["time", "pid", "level", "event", "message", "host"]
    done = next(each for each in shown if each["event"] == "handshake-done")
    assert done["host"] == f"localhost:{server.https}"
    assert done["client"] == "127.0.0.1"
    assert (done["protocol"], done["bits"], done["resumed"], done["server_name"]) == (
        "TLSv1.3",
        256,
        "no",
        "localhost",
    )
    assert re.fullmatch(r"t13d\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}", done["ja4"])
    failed = next(each for each in shown if each["event"] == "handshake-failed")
    assert (failed["reason"], failed["alert"], failed["offered"]) == (
        "no shared cipher",
        "handshake_failure",
        "TLSv1.2",
    )
    assert failed["errors"] == ["SSL routines: no shared cipher"]
    assert "SSLCipherSuite allows" in failed["hint"]
    assert failed["ja4"].startswith("t12d")
    closed = next(each for each in shown if each["event"] == "closed")
    assert (closed["style"], closed["received"] > 200, closed["sent"] > 1000) == ("standard", True, True)
    assert (closed["ended_by"], "ended_with" in closed) == ("server", False)


# --- files ---


def test_no_line_is_lost_while_the_log_is_rotated(new_server, authority: Authority) -> None:
    server = serving(new_server("SSLLog logs/ssl_log\n" + ONE_HOST))
    logs = server.root / "logs"
    context = clients.tls_context(authority.cert)
    with hammering(secure(server.https, context), path="/page.txt", expect=BODY, clients=2) as seen:
        for number in range(3):
            until(lambda before=seen.served: seen.served > before + 30, "requests")
            (logs / "ssl_log").rename(logs / f"ssl_log.{number}")
            if number == 1:
                server.signal(signal.SIGHUP)
            until((logs / "ssl_log").exists, "the new file")
    assert not seen.failures

    def told(what: str) -> int:
        return sum(path.read_text().count(what) for path in logs.glob("ssl_log*"))

    until(lambda: told("connection closed") == told("handshake done") > 0, "all connections have ended")
    for path in logs.glob("ssl_log*"):
        assert lines(server, path.name) or path.stat().st_size == 0


def test_a_program_can_take_the_log(new_server, authority: Authority) -> None:
    server = new_server("SSLLog \"|/bin/sh -c 'cat >> @root/logs/piped'\"\n" + ONE_HOST)
    (server.root / "logs/piped").touch()
    (server.root / "logs/piped").chmod(0o666)
    serving(server)
    visit(server, authority)
    last_line(server, "connection closed", "piped")


def test_a_full_disk_costs_lines_and_nothing_else(new_server, authority: Authority) -> None:
    server = new_server("SSLLog /dev/full\nSSLLogLevel debug\n" + ONE_HOST)
    serving(server)
    for _ in range(20):
        visit(server, authority)
    assert "Traceback" not in server.log() + server.log("console")


def test_what_happens_first_stands_first(new_server, authority: Authority) -> None:
    server = serving(new_server("SSLLog logs/ssl_log\nSSLLogLevel debug\n" + ONE_HOST))
    visit(server, authority)
    last_line(server, "connection closed")
    seen = [line.message for line in lines(server) if line.client]
    begin = max(
        place for place, message in enumerate(seen) if message.startswith("record received: handshake")
    )
    assert begin < seen.index(next(message for message in seen if message.startswith("handshake done")))


# --- clients that fail again and again ---


def test_a_scanner_gets_some_lines_and_a_number(new_server, authority: Authority) -> None:
    server = serving(new_server("StartServers 1\nSSLLog logs/ssl_log\nSSLLogRepeat 3 1\n" + ONE_HOST))
    for _ in range(50):
        clients.exchange(server.https, b"SSH-2.0-scan\r\n")
    summary = last_line(server, "47 more in 1 s not logged: client speaks SSH on a TLS port")
    assert summary.client == "127.0.0.1"
    assert summary.hint.startswith("the address is right")
    assert sum(line.message.startswith("client speaks SSH") for line in lines(server)) == 3
    visit(server, authority)


def test_the_number_is_told_when_a_worker_ends(new_server) -> None:
    server = serving(new_server("StartServers 1\nSSLLog logs/ssl_log\nSSLLogRepeat 1 600\n" + ONE_HOST))
    for _ in range(5):
        clients.exchange(server.https, b"SSH-2.0-scan\r\n")
    server.stop()
    last_line(server, "4 more in 600 s not logged: client speaks SSH on a TLS port")


# --- keys, for Wireshark ---

KEY_LOG = "SSLLog logs/ssl_log\nSSLKeyLogFile conf/keys\n" + ONE_HOST


def test_the_keys_of_connections(new_server, authority: Authority, tmp_path: Path) -> None:
    server = serving(new_server(KEY_LOG))
    file = server.root / "conf/keys"
    assert file.stat().st_mode & 0o777 == 0o600
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = clients.tls_context(authority.cert, least=version, most=version)
        context.keylog_filename = str(tmp_path / "client")
        assert clients.tls_get(server.https, context, "/page.txt").body == BODY
    own = {line for line in (tmp_path / "client").read_text().splitlines() if not line.startswith("#")}
    assert len(own) >= 6
    until(lambda: own <= set(file.read_text().splitlines()), "the client's keys are among the server's")
    for log in ("ssl_log", "error_log"):
        line = server.logged("the keys of all connections to localhost", log)
        assert "warn" in line
        assert str(file) in line
    assert not any(secret.split()[2] in server.log("ssl_log") for secret in own)
    server.reload()
    with clients.tls(server.https, context):
        pass
    own = {line for line in (tmp_path / "client").read_text().splitlines() if not line.startswith("#")}
    until(lambda: own <= set(file.read_text().splitlines()), "and after a reload")
    server.configure(KEY_LOG.replace("SSLKeyLogFile conf/keys\n", ""))
    server.reload()
    size = file.stat().st_size
    visit(server, authority)
    assert file.stat().st_size == size


@pytest.mark.parametrize(
    ("mode", "accepted"), [(0o644, False), (0o602, False), (0o640, False), (0o620, False), (0o600, True)]
)
def test_a_file_that_others_can_read_or_write_is_refused(new_server, mode: int, accepted: bool) -> None:
    server = new_server(KEY_LOG)
    file = server.root / "conf/keys"
    file.touch()
    file.chmod(mode)
    if accepted:
        server.start()
        return
    done = server.run("-D", "FOREGROUND")
    assert done.returncode == 1
    assert re.search(
        rf"{server.place('SSLKeyLogFile')}: SSLKeyLogFile: \S+/keys can be read or written by others "
        rf"than its owner \(mode {mode:04o}\) \(chmod 600",
        done.stderr,
    )


def test_so_is_a_log(new_server) -> None:
    """Whoever may read logs would read everything."""
    server = new_server(KEY_LOG.replace("conf/keys", "logs/ssl_log"))
    done = server.run("-D", "FOREGROUND")
    assert done.returncode == 1
    assert "logs/ssl_log can be read or written by others than its owner" in done.stderr


def test_so_is_a_file_that_could_be_downloaded(new_server) -> None:
    server = new_server(KEY_LOG.replace("conf/keys", "htdocs/keys"))
    done = server.run("-t")
    assert done.returncode == 1
    assert re.search(
        r"SSLKeyLogFile: \S+/htdocs/keys is below DocumentRoot \S+/htdocs, where clients", done.stderr
    )


def test_so_are_links_and_devices(new_server) -> None:
    server = new_server(KEY_LOG)
    (server.root / "conf/keys").symlink_to("elsewhere")
    done = server.run("-D", "FOREGROUND")
    assert "name a file, not a link to one" in done.stderr
    server.configure(KEY_LOG.replace("conf/keys", "/dev/null"))
    assert "/dev/null is no regular file" in server.run("-D", "FOREGROUND").stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_so_is_a_file_that_somebody_else_has_put_there(new_server) -> None:
    server = new_server(KEY_LOG)
    file = server.root / "conf/keys"
    file.touch(0o600)
    os.chown(file, pwd.getpwnam("nobody").pw_uid, -1)
    done = server.run("-D", "FOREGROUND")
    assert done.returncode == 1
    assert f"{file} belongs to another user" in done.stderr


def test_a_check_of_the_configuration_warns_of_it_and_makes_no_file(new_server) -> None:
    server = new_server(KEY_LOG)
    done = server.run("-t")
    assert done.returncode == 0
    assert "warning" in done.stderr
    assert "the keys of all connections to localhost" in done.stderr
    assert not (server.root / "conf/keys").exists()
