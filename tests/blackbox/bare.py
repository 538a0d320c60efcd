"""A server without files and without TLS, for tests that are about processes only. Its answers come from tiny.py.

with bare_server("StartServers 3") as server: ...
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from blackbox import clients, processes
from blackbox.ports import ReservedPort
from blackbox.server import Server, _user
from blackbox.until import until

TESTS = Path(__file__).resolve().parents[1]

COMMON = """\
LoadModule tiny_module blackbox.tiny:module
ServerName localhost
PidFile logs/server.pid
ErrorLog logs/error_log
LogLevel info
StartServers 2
"""


class BareServer(Server):
    """One server on one port. Beside start(), which stays in the foreground, it can be started as a daemon."""

    def __init__(self, root: Path, configuration: str) -> None:
        super().__init__(root, configuration, {})
        self.ports.pop("https").release()

    def configure(self, text: str, listen: str = "Listen 127.0.0.1:@http\n") -> None:
        """Write the configuration: COMMON, a Listen line, then `text`, with @http for the port."""
        text = (_user() + COMMON + listen + text).replace("@http", str(self.ports["http"]))
        self.configuration_file.write_text(text)

    def ask(self, target: str = "/") -> tuple[int, int]:
        """Who answers: process id and number of the generation."""
        reply = clients.get(self.http, target)
        assert reply.status == 200, reply
        pid, generation = reply.body.split()
        return int(pid), int(generation)

    def start_daemon(self, *arguments: str) -> int:
        """Start it in the background, and return the master's process id."""
        done = self.run("-k", "start", *arguments)
        assert done.returncode == 0, done
        return self.daemon

    def status(self) -> int:
        """The exit status of -k status."""
        return self.run("-k", "status").returncode

    @property
    def daemon(self) -> int:
        """The process id in the pid file."""
        return int(self.pid_file.read_text())

    def daemon_workers(self) -> list[int]:
        """The workers of the server in the background."""
        return processes.children(self.daemon)

    def end(self) -> None:
        """End what runs in the foreground and in the background."""
        super().end()
        if self.pid_file.exists():
            self.run("-k", "stop")


@contextmanager
def bare_server(configuration: str = "") -> Iterator[BareServer]:
    """A server that is not started yet. What its logs say is added to an exception that leaves the block."""
    with (
        tempfile.TemporaryDirectory(prefix="prefork_ssl-test-") as folder,
        mock.patch.dict(os.environ, PYTHONPATH=str(TESTS)),
    ):
        root = Path(folder)
        root.chmod(0o755)
        server = BareServer(root, configuration)
        try:
            yield server
        except BaseException as error:
            for name, text in server.report():
                error.add_note(f"--- {name}\n{text}")
            raise
        finally:
            server.end()


@contextmanager
def running(
    server: BareServer, command: Sequence[str], *, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that starts the server, from when it serves until the end of the block."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=pass_fds) as process:
        try:
            until(lambda: server.pid_file.exists() and server.ports["http"].listening(), "the server serves")
            yield process
            process.terminate()
            process.wait(10)
        finally:
            process.kill()


@contextmanager
def reserved_port() -> Iterator[ReservedPort]:
    """A free port that nobody listens on, for the block."""
    port = ReservedPort()
    try:
        yield port
    finally:
        port.release()


def nothing_left(server: BareServer) -> None:
    """Neither a listening socket nor a pid file, nor a draft of one."""
    assert not server.ports["http"].listening()
    assert not server.pid_file.exists()
    assert not list(server.pid_file.parent.glob(".*"))


def gone(*pids: int) -> None:
    """Wait until none of the processes is there."""
    until(lambda: not any(map(processes.alive, pids)), f"{pids} have ended", 15)
