"""prefork-ssl-log on the log of a running server, on a terminal and without, on large files and on none."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.server import PROGRAM, Server
from blackbox.until import until
from pexpect.popen_spawn import PopenSpawn

READER = PROGRAM.with_name("prefork-ssl-log")


def run(*arguments: str | Path, data: bytes | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(READER), *map(str, arguments)], input=data, capture_output=True, timeout=60, check=False
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module", params=["text", "json"])
def server(request, new_module_server, authority: Authority) -> Server:
    """Three scanners' visits, two of a client without a cipher in common, and one where all is well."""
    settings = f"SSLLog logs/ssl_log\nSSLLogFormat {request.param}\nSSLLogRepeat 2 600\nStartServers 1\n"
    server = new_module_server(f"{settings}SSLCipherSuite ECDHE+AESGCM\n{ONE_HOST}")
    server.write("index.html", b"hello\n")
    server.start()
    for _ in range(3):
        clients.exchange(server.https, b"SSH-2.0-x\r\n")
    for _ in range(2):
        clients.s_client(server.https, "-tls1_2", "-cipher", "AES128-SHA", "-servername", "localhost")
    clients.tls_get(server.https, clients.tls_context(authority.cert))
    server.stop()
    server.logged("1 more in 600 s not logged: client speaks SSH", "ssl_log")
    return server


def log_of(server: Server) -> Path:
    return server.root / "logs/ssl_log"


def test_failures_by_cause(server: Server) -> None:
    done = run(log_of(server))
    assert (done.returncode, done.stderr) == (0, "")
    blocks = [block.splitlines() for block in done.stdout.split("\n\n")]
    shown = {
        re.sub(r"^ *(\d+)  ", r"\1 ", block[0]): [line.strip() for line in block[1:]] for block in blocks
    }
    when, who, where, do = shown["3 client speaks SSH on a TLS port"]
    assert re.fullmatch(r"when +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d( to .*)?", when)
    assert re.fullmatch(r"who +127\.0\.0\.1", who)
    assert re.fullmatch(r"where +localhost:\d+", where)
    assert re.match(r"do +the address is right, the port is not", do)
    do = shown["2 handshake failed: no shared cipher"][-1]
    assert do.removeprefix("do").strip() == (
        "the client offers AES128-SHA; SSLCipherSuite allows ECDHE-ECDSA-AES256-GCM-SHA384 "
        "ECDHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256"
    )
    assert not any("handshake done" in line for line in shown)
    assert re.search(r"\d failures and findings of \d+ kinds, 20.*\.$", done.stdout.strip())
    assert "\x1b" not in done.stdout


def test_since(server: Server) -> None:
    assert "client speaks SSH" in run("--since", "1h", log_of(server)).stdout
    assert run("--since", "2999-01-01", log_of(server)).stdout == "No failures.\n"
    done = run("--since", "soon", log_of(server))
    assert done.returncode == 2
    assert "'soon' is no time such as" in done.stderr


def test_standard_input(server: Server) -> None:
    assert run("-", data=log_of(server).read_bytes()).stdout == run(log_of(server)).stdout
    assert run("-", "--since", "2999-01-01", data=log_of(server).read_bytes()).stdout == "No failures.\n"
    done = run("--follow", "-", data=b"")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "prefork-ssl-log: error: --follow needs a file",
    )


def test_a_log_of_both_formats(server: Server, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    other = (
        b'{"time":"2026-11-24T08:04:02.682+00:00","pid":1,"level":"error",'
        b'"event":"finding","message":"bad","host":"x"}\n'
    )
    plain = b"[24/Nov/2026 08:04:02.682 00001] [error] worse (server y:1) [Hint: do this]\n"
    mixed.write_bytes(other + log_of(server).read_bytes() + plain)
    shown = run(mixed).stdout
    assert "bad" in shown
    assert "worse" in shown
    assert "client speaks SSH" in shown


def test_files_that_are_none(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        done = run(path)
        assert (done.returncode, done.stderr) == (1, f"prefork-ssl-log: {path}: {reason}\n")
    (tmp_path / "empty").touch()
    assert run(tmp_path / "empty").stdout == "No failures.\n"
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 1000)
    assert run(tmp_path / "noise").stdout == "No failures.\n"


def test_a_reader_that_goes_away(server: Server) -> None:
    with subprocess.Popen(
        [READER, log_of(server)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) in (0, 1)


@contextmanager
def following(path: Path) -> Iterator[PopenSpawn]:
    """The program with --follow, not on a terminal."""
    process = PopenSpawn([str(READER), "--follow", str(path)], timeout=20, encoding="utf-8")
    try:
        yield process
    finally:
        process.kill(2)
        process.wait()


def test_following_a_log_that_grows_and_is_rotated(tmp_path: Path) -> None:
    path = tmp_path / "log"
    line = (
        "[24/Nov/2026 08:04:{:02}.000 00001] [info]  {} (client 192.0.2.{}:1, server y:1) [Hint: do this]\n"
    )
    path.write_text(line.format(1, "client speaks SSH on a TLS port", 1))
    with following(path) as process:
        process.expect_exact("1 failure or finding of 1 kind, 2026-11-24 08:04:01.")
        with path.open("a") as log:
            log.write(line.format(2, "handshake done", 2))
            log.write(line.format(3, "handshake failed: no shared cipher", 3))
        process.expect_exact(
            "2026-11-24 08:04:03  handshake failed: no shared cipher  192.0.2.3 -> y:1  do this"
        )
        path.rename(tmp_path / "log.1")
        path.write_text(line.format(4, "handshake failed: unsupported protocol", 4))
        process.expect_exact("handshake failed: unsupported protocol  192.0.2.4 -> y:1")


def test_following_on_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "log"
    line = "[24/Nov/2026 08:04:0{}.000 00001] [info]  {} (client 192.0.2.1:1, server y:1)\n"
    path.write_text(line.format(1, "client speaks SSH on a TLS port") * 5)
    process = pexpect.spawn(
        str(READER), ["--follow", str(path)], timeout=20, encoding="utf-8", dimensions=(40, 120)
    )
    process.expect_exact("client speaks SSH on a TLS port")
    with path.open("a") as log:
        log.write(line.format(2, "handshake failed: no shared cipher") * 3)
    process.expect("8 failures and findings of 2 kinds, 2026-11-24 08:04:01 to 08:04:02")
    process.expect("3.*handshake failed: no shared cipher")  # what has happened last is first
    process.expect("5.*client speaks SSH on a TLS port")
    process.sendintr()
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 130


def test_a_large_log_has_a_progress_bar_and_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    good = b"[24/Nov/2026 08:04:01.000 00001] [info]  handshake done: TLSv1.3, X (client 192.0.2.1:1, server y:1)\n"
    bad = b"[24/Nov/2026 08:04:01.000 00001] [info]  handshake failed: x (client 192.0.2.%d:1, server y:1)\n"
    with path.open("wb") as log:
        for number in range(200):
            log.write(good * 4000 + bad % (number % 250))
    assert path.stat().st_size > 80_000_000
    process = pexpect.spawn(str(READER), [str(path)], timeout=60, encoding="utf-8", dimensions=(40, 120))
    process.expect(r"\d+\.\d/8\d\.\d MB")
    peak = until(lambda: _peak(process.pid), "its memory")
    process.expect("200.*handshake failed: x")
    process.expect(pexpect.EOF)
    assert peak < 60_000


def _peak(pid: int) -> int:
    """Kilobytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0
