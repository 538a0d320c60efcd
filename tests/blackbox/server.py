"""A real server for a test: its own ServerRoot, ports, certificates and process.

A test gives the part of the configuration that it is about; what every server needs stands before it (COMMON). Words
with an @ are filled in: @http and @https are the ports, @root the ServerRoot, and others are what the test gives.
"""

from __future__ import annotations

import os
import pwd
import re
import signal
import string
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from blackbox import processes
from blackbox.ports import ReservedPort
from blackbox.until import until

PROGRAM = Path(sys.executable).with_name("prefork-ssl")

COMMON = """\
LoadModule files_module
LoadModule alias_module
LoadModule log_config_module
LoadModule ssl_module
ServerName localhost
PidFile logs/server.pid
ErrorLog logs/error_log
CustomLog logs/access_log "%h %l %u %t \\"%r\\" %>s %b"
Listen 127.0.0.1:@http
Listen 127.0.0.1:@https https
DocumentRoot htdocs
TypesConfig conf/mime.types
StartServers 2
"""

# Enough types to tell them apart, in the form of Apache's mime.types.
TYPES = """\
# one comment
text/html\t\thtml htm
text/plain\t\ttxt
text/css\t\tcss
image/png\t\tpng
application/octet-stream\tbin
"""


class _Template(string.Template):
    delimiter = "@"


class Server:
    """One server. start() and stop() it; in between it can be reloaded, asked and looked at.

    `root` is its ServerRoot. It has conf/, logs/ and htdocs/, and anybody may read it: started by root, the workers
    run as nobody. `options` are given to each call of the program; `pid_file` is where the configuration has it.
    """

    def __init__(self, root: Path, configuration: str, words: Mapping[str, object]) -> None:
        self.root = root
        self.ports = {"http": ReservedPort(), "https": ReservedPort()}
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        for folder in ("conf", "logs", "htdocs"):
            (root / folder).mkdir()
        (root / "conf/mime.types").write_text(TYPES)
        self.console = root / "logs/console"
        self.pid_file = root / "logs/server.pid"
        self.options: list[str] = []
        self.configuration_file = root / "conf/server.conf"
        self.configure(configuration)

    # --- the configuration ---

    def configure(self, text: str) -> None:
        """Write the configuration: COMMON, then `text`."""
        words = {"root": self.root, **self.ports, **self._words}
        self.configuration_file.write_text(_Template(_user() + COMMON + text).substitute(words))

    def place(self, text: str) -> str:
        """FILE:LINE of the first line of the configuration that holds `text`."""
        lines = self.configuration_file.read_text().splitlines()
        number = next(number for number, line in enumerate(lines, 1) if text in line)
        return f"{self.configuration_file}:{number}"

    def write(self, name: str, content: bytes) -> Path:
        """Make a file below DocumentRoot, and the folders that lead to it.

        It looks an hour old: a file that has just been written might change again unnoticed, so its ETag is weak.
        """
        path = self.root / "htdocs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        hour_ago = time.time() - 3600
        os.utime(path, (hour_ago, hour_ago))
        return path

    @property
    def http(self) -> int:
        """The port that speaks HTTP."""
        return self.ports["http"].number

    @property
    def https(self) -> int:
        """The port that speaks TLS."""
        return self.ports["https"].number

    # --- the process ---

    def command(self, *arguments: str) -> list[str]:
        """The command line for this server's configuration."""
        program = [str(PROGRAM), "-d", str(self.root), "-f", str(self.configuration_file)]
        return [*program, *self.options, *arguments]

    def run(self, *arguments: str, seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """Run the program on this configuration until it ends (-t, -k stop, a start that fails)."""
        return subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def start(self) -> Server:
        """Start in the foreground, and wait until both ports accept connections and all workers are there."""
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(
                self.command("-D", "FOREGROUND"),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        self._started.append(self._process)
        until(self._accepts, "the server accepts connections", 20)
        return self

    def _accepts(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(
                f"the server ended ({self._process.returncode}):\n{self.console.read_text()}"
            )
        listening = all(port.listening() for port in self.ports.values())
        return listening and self.pid_file.exists() and len(self.workers()) >= self._least_workers()

    def _least_workers(self) -> int:
        """As many as StartServers says; at least one where it says 0, one for each core."""
        numbers = re.findall(r"^StartServers (\d+)", self.configuration_file.read_text(), re.MULTILINE)
        return int(numbers[-1]) or 1

    def stop(self, signal_number: int = signal.SIGTERM, seconds: float = 15) -> int:
        """Send the signal, wait for the end and return the exit status."""
        assert self._process is not None
        self._process.send_signal(signal_number)
        return self._process.wait(seconds)

    def end(self) -> None:
        """Leave nothing behind: end what still runs, and give the ports back. Safe to call at any time."""
        for process in self._started:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    self._kill(process)
        for port in self.ports.values():
            port.release()

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        for pid in reversed(processes.family(process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()

    @property
    def pid(self) -> int:
        """The master's process id."""
        assert self._process is not None
        return self._process.pid

    def workers(self) -> list[int]:
        """The process ids of the workers, those that drain included."""
        return [pid for pid in processes.children(self.pid) if "worker" in processes.title(pid)]

    def signal(self, number: int) -> None:
        """Send a signal to the master."""
        os.kill(self.pid, number)

    def reload(self, seconds: float = 20) -> None:
        """SIGHUP, and wait until every worker that is left is new."""
        before = set(self.workers())
        self.signal(signal.SIGHUP)
        until(lambda: self.workers() and not before & set(self.workers()), "all workers are new", seconds)

    # --- what it says ---

    def log(self, name: str = "error_log") -> str:
        """The contents of a log; "" if there is none yet. What is not UTF-8 shows as a backslash escape."""
        try:
            return (self.root / "logs" / name).read_text(errors="backslashreplace")
        except FileNotFoundError:
            return ""

    def logged(self, text: str, name: str = "error_log", seconds: float = 10) -> str:
        """Wait until a log holds `text`, and return the first line that does."""

        def line() -> str:
            return next((line for line in self.log(name).splitlines() if text in line), "")

        return until(line, f"{text!r} in {name}", seconds)

    def report(self) -> list[tuple[str, str]]:
        """All logs and the configuration, as (name, text): what to look at when a test has failed."""
        logs = sorted((self.root / "logs").iterdir())
        files = [path for path in (self.configuration_file, *logs) if path.is_file()]
        return [(path.name, _tail(path)) for path in files]


def _tail(path: Path, lines: int = 80, size: int = 65536) -> str:
    """The last lines of a file, but no more than `size` bytes: it may be a large one, with no lines."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - size, 0))
        return "\n".join(file.read().decode(errors="backslashreplace").splitlines()[-lines:])


def _user() -> str:
    """Started by root, a server must name the user of its workers."""
    if os.geteuid() != 0:
        return ""
    nobody = pwd.getpwnam("nobody")
    return f"User nobody\nGroup #{nobody.pw_gid}\n"
