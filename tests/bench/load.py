"""Load on a server from the other core, and what it costs the server."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Workload:
    """One way of asking: the path, and what wrk is told beside it."""

    name: str
    path: str
    options: tuple[str, ...] = ()


KEEP_ALIVE = Workload("1 KB, keep-alive", "/1k.txt")
NEW_CONNECTION = Workload("1 KB, new connection each", "/1k.txt", ("--header", "Connection: close"))
WORKLOADS = (KEEP_ALIVE, NEW_CONNECTION)


@dataclass(frozen=True)
class Cost:
    """What a run gave: microseconds of the worker's CPU for each request, and requests a second."""

    cpu: float
    rate: float


def cpu_seconds(pid: int) -> float:
    """CPU time that the process has used so far, in user and kernel mode (proc(5), fields utime and stime of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def run(port: int, worker: int, workload: Workload, *, core: int, connections: int, seconds: int) -> Cost:
    """Let wrk ask for `seconds` on `connections` connections, and measure `worker` meanwhile.

    Raises:
        RuntimeError: a request failed, so that the numbers would mean nothing.
    """
    before = cpu_seconds(worker)
    done = subprocess.run(
        [
            "taskset",
            "--cpu-list",
            str(core),
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={seconds}s",
            *workload.options,
            f"https://127.0.0.1:{port}{workload.path}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    used = cpu_seconds(worker) - before
    requests, elapsed = requests_of(done.stdout)
    return Cost(cpu=used / requests * 1e6, rate=requests / elapsed)


def requests_of(output: str) -> tuple[int, float]:
    """How many requests wrk made, and in how many seconds. Raises RuntimeError if one failed."""
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"requests failed:\n{output}")
    match = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if match is None or match[1] == "0":
        raise RuntimeError(f"nothing was served:\n{output}")
    return int(match[1]), float(match[2])
