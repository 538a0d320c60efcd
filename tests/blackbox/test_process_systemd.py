"""systemd: sockets that it opened, what it is told, and the unit."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from blackbox import clients, processes
from blackbox.bare import BareServer, bare_server, running

UNIT = Path(__file__).parents[2] / "scripts/prefork_ssl.service"


# --- socket activation (sd_listen_fds(3)) ---


def opened(address: str, port: int, *, both_protocols: bool = False) -> socket.socket:
    """A listening socket, as systemd opens it."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in address:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both_protocols))
    sock.bind((address, port))
    sock.listen()
    return sock


@contextlib.contextmanager
def activated(server: BareServer, *sockets: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """The server, started with the sockets as its descriptors 3, 4, ..."""
    passed = [fcntl.fcntl(sock, fcntl.F_DUPFD, 50) for sock in sockets]
    moves = " ".join(f"{place}<&{fd} {fd}<&-" for place, fd in enumerate(passed, 3))
    script = f'exec {moves}; LISTEN_PID=$$ LISTEN_FDS={len(passed)} exec "$@"'
    command = ["bash", "-c", script, "bash", *server.command("-D", "FOREGROUND")]
    with running(server, command, pass_fds=passed) as process:
        for fd in passed:
            os.close(fd)
        yield process


def test_a_socket_that_a_listen_line_asks_for_is_adopted() -> None:
    with (
        bare_server() as server,
        opened("127.0.0.1", server.http) as sock,
        activated(server, sock) as process,
    ):
        assert processes.title(process.pid).startswith("prefork_ssl: master, ")
        assert server.ask() != (os.getpid(), 1)
        assert server.run("-k", "restart").returncode == 0
        assert server.ask()[1] == 2


def test_a_socket_for_both_protocols_serves_a_line_without_address() -> None:
    with bare_server() as server:
        server.configure("", listen="Listen @http\n")
        with opened("::", server.http, both_protocols=True) as sock, activated(server, sock):
            assert server.ask()
            with socket.create_connection(("::1", server.http), 10) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert clients.parse(clients.drain(client)).status == 200


def test_a_socket_that_nobody_asked_for_is_closed_with_a_word() -> None:
    with bare_server() as server, opened("127.0.0.1", 0) as stray, activated(server, stray):
        assert server.ask()
        port = stray.getsockname()[1]
        stray.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)


def test_sockets_for_another_process_are_not_touched() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    with bare_server() as server, mock.patch.dict(os.environ, environment):
        server.start()
        assert server.ask()


# --- notification (sd_notify(3)) ---


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.bind(address)
        self._sock.settimeout(20)

    def next(self) -> dict[str, str]:
        """The next note."""
        lines = self._sock.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("abstract", [False, True])
def test_the_life_of_a_service(tmp_path: Path, abstract: bool) -> None:
    address = f"@prefork_ssl-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    manager = Manager(address.replace("@", "\0"))
    with bare_server() as server, mock.patch.dict(os.environ, NOTIFY_SOCKET=address):
        server.start()
        ready = manager.next()
        assert (ready["READY"], ready["MAINPID"]) == ("1", str(server.pid))
        assert "generation 1, 2 workers on 127.0.0.1:" in ready["STATUS"]

        before = time.monotonic_ns() // 1000
        server.signal(signal.SIGHUP)
        reloading = manager.next()
        assert reloading["RELOADING"] == "1"
        assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        ready = manager.next()
        assert ready["READY"] == "1"
        assert "generation 2" in ready["STATUS"]

        server.configure("Nonsense\n")
        server.signal(signal.SIGHUP)
        assert manager.next()["RELOADING"] == "1"
        refused = manager.next()
        assert refused["READY"] == "1"
        assert refused["STATUS"].startswith("reload refused: ")
        assert server.place("Nonsense") in refused["STATUS"]

        assert server.stop() == 0
        assert manager.next()["STOPPING"] == "1"


def test_a_daemon_tells_which_process_is_the_main_one(tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))
    with bare_server() as server, mock.patch.dict(os.environ, NOTIFY_SOCKET=str(tmp_path / "notify")):
        master = server.start_daemon()
        assert manager.next()["MAINPID"] == str(master)


def test_a_manager_that_has_gone_is_no_reason_to_fail(tmp_path: Path) -> None:
    with bare_server() as server, mock.patch.dict(os.environ, NOTIFY_SOCKET=str(tmp_path / "gone")):
        server.start()
        assert server.logged("systemd was not told: No such file or directory")
        assert server.ask()


# --- the unit ---


@pytest.mark.needs("systemd-analyze")
def test_the_unit_is_valid(tmp_path: Path) -> None:
    text = UNIT.read_text().replace("/usr/local/bin/prefork-ssl", shutil.which("true") or "")
    version = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True)
    if int(re.search(r"systemd (\d+)", version.stdout)[1]) < 253:
        text = text.replace("Type=notify-reload", "Type=notify")
    unit = tmp_path / UNIT.name
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_starts_what_is_installed() -> None:
    program, *flags = re.search("^ExecStart=(.*)$", UNIT.read_text(), re.MULTILINE)[1].split()
    installed = Path(sys.executable).with_name(Path(program).name)
    done = subprocess.run([installed, *flags, "-t"], capture_output=True, text=True, check=False)
    assert "/etc/prefork_ssl/prefork_ssl.conf" in done.stderr or done.returncode == 0
    assert "Usage" not in done.stderr
