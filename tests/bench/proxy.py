"""scripts/bench proxy: CPU time of the proxy for each request that it hands on to an HTTP backend, beside nginx.

The proxies have one core, the backend (nginx with a file of 1 KB) and wrk the other. All connections are kept.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from bench import contenders, load
from bench.contenders import Contender, Nginx, PreforkSSL, Site
from blackbox.authority import Authority, ec_key
from blackbox.ports import ReservedPort
from rich.console import Console
from rich.table import Table

CONNECTIONS = 32
WORKLOADS = {
    "https": "TLS 1.3 to the proxy, HTTP to the backend",
    "http": "HTTP to the proxy and to the backend",
}


class Ours(PreforkSSL):
    """This server as a proxy."""

    plain: ReservedPort
    behind: ReservedPort

    def command(self, folder: Path, site: Site) -> list[str]:
        self.plain = ReservedPort()
        command = super().command(folder, site)
        configuration = folder / "server.conf"
        text = configuration.read_text().replace("LoadModule files_module\n", "LoadModule proxy_module\n")
        text = text.replace("SSLEngine on\n", "").replace(
            "SSLProtocol", "<VirtualHost *:{port}>\nSSLEngine on\nSSLProtocol"
        )
        text = text.format(port=self.port) + "</VirtualHost>\n"
        text += f"Listen 127.0.0.1:{self.plain}\nProxyPass / http://127.0.0.1:{self.behind}/\n"
        configuration.write_text(text)
        return command

    def stop(self) -> None:
        super().stop()
        self.plain.release()


class Theirs(Nginx):
    """nginx as a proxy."""

    plain: ReservedPort
    behind: ReservedPort

    def command(self, folder: Path, site: Site) -> list[str]:
        self.plain = ReservedPort()
        command = super().command(folder, site)
        configuration = folder / "nginx.conf"
        pool = f"upstream behind {{ server 127.0.0.1:{self.behind}; keepalive 64; keepalive_requests 100000000; }}"
        location = (
            'location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";'
            " proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
            " proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-Proto $scheme; }"
        )
        text = configuration.read_text()
        text = text.replace(
            "    server {", f"    {pool}\n    server {{\n        listen 127.0.0.1:{self.plain};"
        )
        configuration.write_text(text.replace(f"        root {site.folder};", location))
        return command

    def stop(self) -> None:
        super().stop()
        self.plain.release()


class Behind(Nginx):
    """The backend: nginx on a port without TLS."""

    name = "backend"

    def command(self, folder: Path, site: Site) -> list[str]:
        command = super().command(folder, site)
        configuration = folder / "nginx.conf"
        lines = configuration.read_text().splitlines(keepends=True)
        text = "".join(line for line in lines if "ssl_" not in line)
        configuration.write_text(text.replace(" ssl;", ";"))
        return command


def main(arguments: list[str]) -> int:
    """Run the benchmark and print the tables."""
    parser = argparse.ArgumentParser(prog="scripts/bench proxy", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round")
    rounds, seconds = (1, 2) if parser.parse_args(arguments).quick else (5, 4)
    cores = sorted(os.sched_getaffinity(0))
    costs: dict[tuple[str, str], list[load.Cost]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prefork_ssl-bench-")))
        authority = Authority(folder)
        site = Site(folder / "site", authority.issue("server", ["localhost", "127.0.0.1"], ec_key()))
        site.folder.mkdir()
        (site.folder / "1k.txt").write_bytes(b"x" * 1023 + b"\n")
        behind = Behind(folder / "behind", site, cores[1])
        stack.callback(behind.stop)
        running: list[Contender] = []
        for kind in (Ours, Theirs):
            kind.behind = behind.port
            running.append(kind(folder / kind.__name__, site, cores[0]))
            stack.callback(running[-1].stop)
        for number in range(rounds):
            for scheme in WORKLOADS:
                for proxy in running:
                    print(f"round {number + 1}/{rounds}: {scheme}: {proxy.name}", file=sys.stderr)
                    costs[scheme, proxy.name].append(_run(proxy, scheme, core=cores[1], seconds=seconds))
    for scheme, title in WORKLOADS.items():
        _print(title, {proxy.name: costs[scheme, proxy.name] for proxy in running})
    return 0


def _run(proxy: Contender, scheme: str, *, core: int, seconds: int) -> load.Cost:
    port = proxy.port if scheme == "https" else proxy.plain  # type: ignore[attr-defined]
    url = f"{scheme}://127.0.0.1:{port}/1k.txt"
    command = ["taskset", "--cpu-list", str(core), "wrk", "--threads=1", f"--connections={CONNECTIONS}"]
    before = load.cpu_seconds(proxy.worker())
    done = subprocess.run(
        [*command, f"--duration={seconds}s", url], capture_output=True, text=True, check=True
    )
    used = load.cpu_seconds(proxy.worker()) - before
    requests, elapsed = load.requests_of(done.stdout)
    return load.Cost(cpu=used / requests * 1e6, rate=requests / elapsed)


def _print(title: str, results: dict[str, list[load.Cost]]) -> None:
    table = Table(title=f"{title}, {CONNECTIONS} connections, 1 KB", title_justify="left")
    table.add_column("proxy")
    for heading in ("CPU us/request", "times nginx", "requests/s"):
        table.add_column(heading, justify="right")
    yardstick = statistics.median(cost.cpu for cost in results[contenders.Nginx.name])
    for name, costs in results.items():
        cpu = statistics.median(cost.cpu for cost in costs)
        rate = statistics.median(cost.rate for cost in costs)
        table.add_row(name, f"{cpu:.1f}", f"{cpu / yardstick:.2f}", f"{rate:.0f}")
    Console().print(table)
