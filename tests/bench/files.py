"""scripts/bench files: how much of a large file a second of CPU time sends over TLS, beside nginx, and in what memory.

Each server has one worker on one core; wrk, on the other, asks on a few connections for the same file again and again.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import load
from bench.contenders import Contender, Nginx, PreforkSSL, Site
from blackbox import processes
from blackbox.authority import Authority, ec_key
from rich.console import Console
from rich.table import Table

SIZE = 100_000_000
CONNECTIONS = 4
_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


@dataclass(frozen=True)
class Sent:
    """What a run gave: bytes for each second of the worker's CPU time, bytes a second, the worker's memory in bytes."""

    for_cpu: float
    rate: float
    memory: int


def main(arguments: list[str]) -> int:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench files", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round")
    rounds, seconds = (1, 2) if parser.parse_args(arguments).quick else (5, 4)
    cores = sorted(os.sched_getaffinity(0))
    results: dict[str, list[Sent]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prefork_ssl-bench-")))
        authority = Authority(folder)
        site = Site(folder / "site", authority.issue("server", ["localhost", "127.0.0.1"], ec_key()))
        site.folder.mkdir()
        (site.folder / "large.bin").write_bytes(os.urandom(1_000_000) * (SIZE // 1_000_000))
        running: list[Contender] = []
        for kind in (PreforkSSL, Nginx):
            running.append(kind(folder / kind.__name__, site, cores[0]))
            stack.callback(running[-1].stop)
        for number in range(rounds):
            for server in running:
                print(f"round {number + 1}/{rounds}: {server.name}", file=sys.stderr)
                results[server.name].append(_run(server, cores[1], seconds))
    _print(results)
    return 0


def _run(server: Contender, core: int, seconds: int) -> Sent:
    worker = server.worker()
    before = load.cpu_seconds(worker)
    done = subprocess.run(
        [
            *("taskset", "--cpu-list", str(core), "wrk", "--threads=1", f"--connections={CONNECTIONS}"),
            *(f"--duration={seconds}s", "--timeout=60s", f"https://127.0.0.1:{server.port}/large.bin"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    used = load.cpu_seconds(worker) - before
    received = _bytes_read(done.stdout)
    return Sent(received / used, received / seconds, processes.resident(worker))


def _bytes_read(output: str) -> float:
    """What wrk has read, files that were not yet whole at the end included. Raises RuntimeError if nothing."""
    match = re.search(r"([\d.]+)([KMG]?B) read", output)
    if match is None or "Non-2xx" in output:
        raise RuntimeError(f"nothing was served:\n{output}")
    return float(match[1]) * _UNITS[match[2]]


def _print(results: dict[str, list[Sent]]) -> None:
    title = f"a file of {SIZE // 1_000_000} MB, TLS 1.3, {CONNECTIONS} connections"
    table = Table(title=title, title_justify="left")
    table.add_column("server")
    for heading in ("MB for each s of CPU", "times nginx", "MB/s", "MB of memory: first round", "last"):
        table.add_column(heading, justify="right")
    yardstick = statistics.median(sent.for_cpu for sent in results[Nginx.name])
    for name, found in results.items():
        for_cpu = statistics.median(sent.for_cpu for sent in found)
        rate = statistics.median(sent.rate for sent in found)
        memory = (f"{found[place].memory / 1e6:.1f}" for place in (0, -1))
        table.add_row(
            name, f"{for_cpu / 1e6:.0f}", f"{for_cpu / yardstick:.2f}", f"{rate / 1e6:.0f}", *memory
        )
    Console().print(table)
