"""scripts/bench: CPU time of the server for each request, beside nginx and gunicorn in the same run.

One worker on one core, wrk on another. Rounds are interleaved, so that whatever else the machine does hits all alike;
the table shows medians. CPU time, not the rate, is what to compare: it does not depend on what wrk could send.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import access, files, idle, load, proxy, reload, sessions, ssl_log, wsgi
from bench.contenders import CONTENDERS, Contender, Nginx, Site
from blackbox.authority import Authority, ec_key
from rich.console import Console
from rich.table import Table

CONNECTIONS = 32


@dataclass
class Results:
    """What was measured of one server."""

    costs: dict[load.Workload, list[load.Cost]] = field(default_factory=lambda: defaultdict(list))
    idle_memory: float = 0.0

    def cpu(self, workload: load.Workload) -> float:
        """Median microseconds for each request."""
        return statistics.median(cost.cpu for cost in self.costs[workload])

    def rate(self, workload: load.Workload) -> float:
        """Median requests a second."""
        return statistics.median(cost.rate for cost in self.costs[workload])


def main() -> int:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="one short round: does it run, and about how fast"
    )
    parser.add_argument("--only", metavar="NAME", help="only servers whose name begins so")
    args = parser.parse_args()

    cores = sorted(os.sched_getaffinity(0))
    missing = [program for program in ("taskset", "wrk") if shutil.which(program) is None]
    if missing or len(cores) < 2:
        print(f"scripts/bench needs {' and '.join(missing) or 'two cores'}", file=sys.stderr)
        return 1

    rounds, seconds, visitors = (1, 2, 200) if args.quick else (5, 5, 1000)
    chosen = [contender for contender in CONTENDERS if contender.name.startswith(args.only or "")]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prefork_ssl-bench-")))
        authority = Authority(folder)
        running = _start(chosen, folder, authority, cores[0], stack)
        results = {contender.name: Results() for contender in running}
        for number in range(rounds):
            for workload in load.WORKLOADS:
                for contender in running:
                    print(f"round {number + 1}/{rounds}: {workload.name}: {contender.name}", file=sys.stderr)
                    cost = load.run(
                        contender.port.number,
                        contender.worker(),
                        workload,
                        core=cores[1],
                        connections=CONNECTIONS,
                        seconds=seconds,
                    )
                    results[contender.name].costs[workload].append(cost)
        for contender in running:
            results[contender.name].idle_memory = idle.bytes_per_connection(
                contender.port.number, contender.worker(), authority.cert, visitors
            )
        _print(results)
    return 0


def _start(
    chosen: list[type[Contender]], folder: Path, authority: Authority, core: int, stack: ExitStack
) -> list[Contender]:
    site = Site(folder / "site", authority.issue("server", ["localhost", "127.0.0.1"], ec_key()))
    site.folder.mkdir()
    (site.folder / "1k.txt").write_bytes(b"x" * 1023 + b"\n")
    running = []
    for contender in chosen:
        if program := contender.missing():
            print(f"without {contender.name}: {program} is not installed", file=sys.stderr)
            continue
        server = contender(folder / contender.__name__, site, core)
        stack.callback(server.stop)
        print(f"{server.name}: {server.version()}", file=sys.stderr)
        running.append(server)
    return running


def _print(results: dict[str, Results]) -> None:
    yardstick = results.get(Nginx.name)
    for workload in load.WORKLOADS:
        table = Table(title=f"{workload.name}, TLS 1.3, {CONNECTIONS} connections", title_justify="left")
        table.add_column("server")
        for heading in ("CPU us/request", "times nginx", "requests/s"):
            table.add_column(heading, justify="right")
        for name, result in results.items():
            ratio = f"{result.cpu(workload) / yardstick.cpu(workload):.2f}" if yardstick else "-"
            table.add_row(name, f"{result.cpu(workload):.1f}", ratio, f"{result.rate(workload):.0f}")
        Console().print(table)
    table = Table(title="memory for each idle connection", title_justify="left")
    table.add_column("server")
    table.add_column("KiB", justify="right")
    for name, result in results.items():
        table.add_row(name, f"{result.idle_memory / 1024:.1f}")
    Console().print(table)


if __name__ == "__main__":
    others = {
        "access": access.main,
        "files": files.main,
        "reload": reload.main,
        "proxy": proxy.main,
        "sessions": sessions.main,
        "ssl-log": ssl_log.main,
        "wsgi": wsgi.main,
    }
    name = sys.argv[1] if sys.argv[1:] else ""
    sys.exit(others[name](sys.argv[2:]) if name in others else main())
