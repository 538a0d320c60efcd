"""Starts that must fail: one line names the directive, the file and the remedy; exit 1; and nothing is left behind."""

import os
import socket
import subprocess

import pytest
from blackbox import clients, processes
from blackbox.authority import Authority, ec_key
from blackbox.configurations import ONE_HOST
from blackbox.ports import ReservedPort
from blackbox.server import Server


def refused(server: Server) -> list[str]:
    """Start, see it fail, check that nothing is left, and return the lines it said."""
    done = server.run("-D", "FOREGROUND")
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr + server.log()
    assert not server.pid_file.exists()
    assert not any(port.listening() for port in server.ports.values())
    return done.stderr.splitlines()


def only_line(server: Server) -> str:
    lines = refused(server)
    assert len(lines) == 1, lines
    return lines[0]


def host(certificate: str, key: str) -> str:
    return (
        "<VirtualHost *:@https>\nSSLEngine on\n"
        f"SSLCertificateFile {certificate}\nSSLCertificateKeyFile {key}\n</VirtualHost>\n"
    )


def test_a_port_in_use(new_server) -> None:
    server = new_server(ONE_HOST)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", server.https))
        other.listen()
        done = server.run("-D", "FOREGROUND")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert not server.pid_file.exists()
    assert server.place(f"Listen 127.0.0.1:{server.https}") in line
    assert "Listen" in line
    assert str(server.https) in line


@pytest.mark.parametrize("directive", ["User", "Group"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")
def test_a_user_or_group_that_does_not_exist(new_server, directive: str) -> None:
    server = new_server(f"{directive} nosuchname\n" + ONE_HOST)
    line = only_line(server)
    assert server.place("nosuchname") in line
    assert directive in line


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run workers as root")
def test_workers_do_not_run_as_root_without_being_told_so(new_server) -> None:
    server = new_server(ONE_HOST)
    text = server.configuration_file.read_text()
    server.configuration_file.write_text(
        "".join(line for line in text.splitlines(True) if not line.startswith(("User ", "Group ")))
    )
    assert "User" in only_line(server)


def test_a_certificate_that_does_not_exist(new_server) -> None:
    server = new_server(host("conf/none.crt", "@rsa_key"))
    line = only_line(server)
    assert server.place("none.crt") in line
    assert "SSLCertificateFile" in line
    assert str(server.root / "conf/none.crt") in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_key_that_cannot_be_read(new_server) -> None:
    server = new_server(host("@rsa_cert", "conf/secret.key"))
    (server.root / "conf/secret.key").touch(mode=0)
    line = only_line(server)
    assert "SSLCertificateKeyFile" in line
    assert str(server.root / "conf/secret.key") in line


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_holds_no_certificate(new_server, content: bytes) -> None:
    server = new_server(host("conf/wrong.crt", "@rsa_key"))
    (server.root / "conf/wrong.crt").write_bytes(content)
    line = only_line(server)
    assert server.place("wrong.crt") in line
    assert "SSLCertificateFile" in line
    assert str(server.root / "conf/wrong.crt") in line


def test_a_key_that_does_not_match(new_server, authority: Authority) -> None:
    other = authority.issue("other", ["localhost"], ec_key())
    server = new_server(host("@ecdsa_cert", "@other_key"), other_key=other.key)
    line = only_line(server)
    assert server.place("SSLCertificate").rpartition(":")[0] in line
    assert str(other.key) in line
    assert "SSLCertificateKeyFile" in line


def test_tls_without_a_certificate(new_server) -> None:
    server = new_server("<VirtualHost *:@https>\nServerName bare.test\nSSLEngine on\n</VirtualHost>\n")
    line = only_line(server)
    assert "SSLCertificateFile" in line
    assert str(server.configuration_file) in line


def test_no_port_at_all(new_server) -> None:
    server = new_server(ONE_HOST)
    text = server.configuration_file.read_text()
    server.configuration_file.write_text(
        "".join(line for line in text.splitlines(True) if not line.startswith("Listen "))
    )
    assert "Listen" in only_line(server)


def test_all_mistakes_of_a_configuration_at_once(new_server) -> None:
    server = new_server(
        "SSLProtocl all\n"
        "Timeout soon\n"
        "<VirtualHost *:@https>\nListen 1234\nSSLEngine maybe\n</VirtualHost>\n"
        "DocumentRoot nowhere\n"
    )
    lines = refused(server)
    for wrong in ("SSLProtocl", "Timeout soon", "Listen 1234", "SSLEngine maybe", "DocumentRoot nowhere"):
        assert any(line.startswith(server.place(wrong)) or server.place(wrong) in line for line in lines), (
            wrong
        )
    assert "SSLProtocol" in next(line for line in lines if server.place("SSLProtocl") in line)


def test_a_document_root_that_is_not_there_and_need_not_be(new_server) -> None:
    server = new_server("DocumentRoot later\n" + ONE_HOST)
    place = server.place("DocumentRoot later")
    assert only_line(server).startswith(f"prefork-ssl: {place}: DocumentRoot: directory {server.root}/later ")
    assert server.run("-t").returncode == 1
    assert server.run("-t", "-T").returncode == 0
    server.options.append("-T")
    server.start()
    assert clients.get(server.http, "/").status == 404
    server.reload()
    (server.root / "later").mkdir(mode=0o755)
    (server.root / "later/index.html").write_text("here")
    assert clients.get(server.http, "/").body == b"here"


def test_a_log_that_cannot_be_written(new_server) -> None:
    server = new_server("ErrorLog nowhere/error_log\n" + ONE_HOST)
    line = only_line(server)
    assert server.place("nowhere") in line
    assert str(server.root / "nowhere/error_log") in line


def test_a_second_server_on_the_same_pid_file(new_server) -> None:
    server = new_server(ONE_HOST)
    server.start()
    done = server.run("-k", "start")
    assert done.returncode == 0
    assert f"pid {server.pid}" in done.stdout + done.stderr
    assert server.workers()


def test_no_worker_outlives_a_start_that_failed(new_server) -> None:
    port = ReservedPort()
    server = new_server(ONE_HOST + "Listen 127.0.0.1:@extra\n", extra=port)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port.number))
        other.listen()
        with subprocess.Popen(server.command("-D", "FOREGROUND"), stderr=subprocess.DEVNULL) as process:
            family: set[int] = set()
            while process.poll() is None:
                family.update(processes.family(process.pid))
    port.release()
    assert process.returncode == 1
    assert not any(processes.alive(pid) for pid in family)
