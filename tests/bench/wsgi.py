"""scripts/bench wsgi: CPU time for each request to a small WSGI application, beside gunicorn -k gevent and granian.

All have one worker on one core, TLS 1.3, kept connections, and an access log. The rounds are interleaved; the table
shows medians, and the best round beside them, for what else the machine does only ever adds.

More than half of this server's time is the interpreter's, so it counts which one: with one that was compiled without
--enable-optimizations, as pyenv does unless told otherwise, a request takes a third longer than with a distribution's.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from bench import load
from bench.contenders import VENV, Contender, Gunicorn, PreforkSSL, Site
from bench.load import Workload
from blackbox import processes
from blackbox.authority import Authority, ec_key
from rich.console import Console
from rich.table import Table

CONNECTIONS = 32
# On a busy machine a request may wait for long, and that is no failure.
_PATIENCE = ("--timeout", "10s")
HELLO = Workload("hello", "/hello", _PATIENCE)
# Only this server has variables of TLS to add.
VARIABLES = Workload("hello, +StdEnvVars", "/variables/hello", _PATIENCE)

_APPLICATION = """\
def application(environ, start_response):
    body = b"Hello, world!\\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""


class Ours(PreforkSSL):
    """This server, with the application."""

    _MORE = """\
CustomLog access_log "%h %l %u %t \\"%r\\" %>s %b"
WSGIPythonPath {folder}
WSGIApplication / hello_application:application
<Location /variables>
    SSLOptions +StdEnvVars
</Location>
"""

    def command(self, folder: Path, site: Site) -> list[str]:
        command = super().command(folder, site)
        (folder / "hello_application.py").write_text(_APPLICATION)
        configuration = folder / "server.conf"
        modules = "LoadModule log_config_module\nLoadModule wsgi_module\n"
        text = configuration.read_text().replace("LoadModule files_module\n", modules)
        configuration.write_text(text + self._MORE.format(folder=folder))
        return command


class GunicornHello(Gunicorn):
    """gunicorn with gevent."""

    def command(self, folder: Path, site: Site) -> list[str]:
        command = super().command(folder, site)
        (folder / "site_application.py").write_text(_APPLICATION)
        return [*command[:-1], f"--access-logfile={folder / 'access_log'}", command[-1]]


class Granian(Contender):
    """granian, whose HTTP is written in Rust. Of the sizes of its pool of threads, 8 was the cheapest."""

    name = "granian"
    program = str(VENV / "granian")

    def command(self, folder: Path, site: Site) -> list[str]:
        (folder / "hello_application.py").write_text(_APPLICATION)
        return [
            self.program,
            "--interface=wsgi",
            "--workers=1",
            "--blocking-threads=8",
            "--host=127.0.0.1",
            f"--port={self.port}",
            f"--ssl-certificate={site.pair.cert}",
            f"--ssl-keyfile={site.pair.key}",
            "--access-log",
            f"--working-dir={folder}",
            "hello_application:application",
        ]

    def version(self) -> str:
        return "granian"

    def _workers(self) -> list[int]:
        return [pid for pid in super()._workers() if "worker" in processes.title(pid)]


def main(arguments: list[str]) -> int:
    """Run the benchmark and print the tables."""
    parser = argparse.ArgumentParser(prog="scripts/bench wsgi", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round")
    rounds, seconds = (1, 2) if parser.parse_args(arguments).quick else (7, 3)
    cores = sorted(os.sched_getaffinity(0))
    costs: dict[tuple[str, Workload], list[load.Cost]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prefork_ssl-bench-")))
        authority = Authority(folder)
        site = Site(folder / "site", authority.issue("server", ["localhost", "127.0.0.1"], ec_key()))
        site.folder.mkdir()
        running: list[Contender] = []
        for kind in (Ours, GunicornHello, Granian):
            if kind.missing():
                print(f"without {kind.name}: it is not installed", file=sys.stderr)
                continue
            running.append(kind(folder / kind.__name__, site, cores[0]))
            stack.callback(running[-1].stop)
        for number in range(rounds):
            for server in running:
                for workload in (HELLO, VARIABLES) if isinstance(server, Ours) else (HELLO,):
                    print(f"round {number + 1}/{rounds}: {server.name}: {workload.name}", file=sys.stderr)
                    costs[server.name, workload].append(_run(server, workload, cores[1], seconds))
    _print(costs)
    return 0


def _run(server: Contender, workload: Workload, core: int, seconds: int) -> load.Cost:
    """One second for nothing, since each has slept while the others worked: its memory is not in the caches."""
    port, worker = server.port.number, server.worker()
    load.run(port, worker, workload, core=core, connections=CONNECTIONS, seconds=1)
    return load.run(port, worker, workload, core=core, connections=CONNECTIONS, seconds=seconds)


def _print(costs: dict[tuple[str, Workload], list[load.Cost]]) -> None:
    title = f"WSGI, TLS 1.3, {CONNECTIONS} connections, access log on; Python {_interpreter()}"
    table = Table(title=title, title_justify="left")
    for heading in ("server", "request"):
        table.add_column(heading)
    for heading in ("CPU us", "best", "x gunicorn", "x granian", "requests/s"):
        table.add_column(heading, justify="right")
    cpu = {key: statistics.median(cost.cpu for cost in found) for key, found in costs.items()}
    for (name, workload), found in costs.items():
        rate = statistics.median(cost.rate for cost in found)
        ratios = [
            _ratio(cpu[name, workload], cpu.get((other, HELLO))) for other in (Gunicorn.name, Granian.name)
        ]
        best = min(cost.cpu for cost in found)
        table.add_row(
            name, workload.name, f"{cpu[name, workload]:.1f}", f"{best:.1f}", *ratios, f"{rate:.0f}"
        )
    Console().print(table)


def _interpreter() -> str:
    return f"{platform.python_version()} of {sys.base_prefix}"


def _ratio(cpu: float, yardstick: float | None) -> str:
    return f"{cpu / yardstick:.2f}" if yardstick else "-"
