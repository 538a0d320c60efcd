"""The init script, run as an administrator would, with the exit statuses of the Linux Standard Base."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blackbox import processes
from blackbox.bare import BareServer, bare_server
from blackbox.server import PROGRAM

SCRIPT = Path(__file__).parents[2] / "scripts/prefork_ssl.init"


class Init:
    """The script for one server, told by its defaults file where things are."""

    def __init__(self, server: BareServer) -> None:
        self._defaults = server.root / "defaults"
        self.set(DAEMON=PROGRAM, CONFIG=server.configuration_file, OPTIONS=f"'-d {server.root}'")

    def set(self, **values: object) -> None:
        with self._defaults.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in values.items())

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DEFAULTS": str(self._defaults)}
        command = ["sh", SCRIPT, *words]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=60, check=False
        )

    def status(self, word: str) -> int:
        """The exit status of the script called with `word`."""
        return self(word).returncode


@contextmanager
def scripted(configuration: str = "StartServers 1\n") -> Iterator[tuple[BareServer, Init]]:
    with bare_server(configuration) as server:
        yield server, Init(server)


def test_a_whole_life() -> None:
    with scripted() as (server, init):
        assert init.status("status") == 3
        done = init("start")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "Starting web server: prefork_ssl... done.\n"
        master = server.daemon
        assert server.ask()[1] == 1
        assert init.status("start") == 0
        assert server.daemon == master
        assert init("status").stdout == f"prefork-ssl (pid {master}) is running\n"
        assert init.status("reload") == init.status("force-reload") == 0
        assert server.ask()[1] == 3
        assert init.status("restart") == 0
        assert server.daemon != master
        assert not processes.alive(master)
        assert init.status("stop") == 0
        assert init.status("stop") == 0
        assert init.status("status") == 3


def test_what_is_not_running_cannot_be_reloaded_but_started() -> None:
    with scripted() as (server, init):
        assert init.status("reload") == 7
        assert init.status("force-reload") == 0
        assert server.ask()


def test_a_broken_configuration_takes_no_running_server_down() -> None:
    with scripted() as (server, init):
        assert init.status("start") == 0
        master = server.daemon
        server.configure("Nonsense\n")
        for word in ("restart", "reload", "force-reload", "configtest"):
            done = init(word)
            assert done.returncode == 1, word
            assert server.place("Nonsense") in done.stderr
        assert server.daemon == master
        assert server.ask()[1] == 1
        assert init.status("stop") == 0
        assert init.status("start") == 1


def test_a_server_that_was_killed_is_told_and_can_be_started() -> None:
    with scripted() as (server, init):
        server.pid_file.write_text("999999999\n")
        assert init.status("status") == 1
        assert init.status("start") == 0
        assert init.status("status") == 0


def test_what_is_missing() -> None:
    with scripted() as (_server, init):
        assert init.status("configtest") == 0
        assert init.status("dance") == 2
        assert init().returncode == 2
        init.set(CONFIG="/nonexistent/prefork_ssl.conf")
        assert init.status("start") == 6
        init.set(DAEMON="/nonexistent/prefork-ssl")
        assert init.status("start") == 5
        assert init.status("status") == 4
        assert init.status("stop") == 0
