"""scripts/bench ssl-log: what the SSL log costs: a line, and a request at each level.

A line is measured in this process, without a system call: those of one turn of the loop leave in one. Requests come
from wrk, over kept connections and over new ones, to ports of one server that differ in their SSL log only; the ports
take turns, so that whatever else the machine does hits all alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import timeit
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import load
from bench.contenders import PreforkSSL, Site
from blackbox.authority import Authority, ec_key
from blackbox.ports import ReservedPort
from rich.console import Console
from rich.table import Table
from unit.ssl.hellos import client_hello

from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.files import open_log_file
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello, examine
from prefork_ssl.modules.ssl.log import json_lines, text
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog

CONNECTIONS = 32
_LINES = 20_000

LOGS = {
    "no SSLLog": "",
    "warn": "SSLLog log\nSSLLogLevel warn",
    "info": "SSLLog log\nSSLLogLevel info",
    "info, json": "SSLLog log\nSSLLogLevel info\nSSLLogFormat json",
    "trace": "SSLLog log\nSSLLogLevel trace",
}


class Logging(PreforkSSL):
    """This server, with a port for each kind of log."""

    def command(self, folder: Path, site: Site) -> list[str]:
        command = super().command(folder, site)
        self.ports = dict(zip(LOGS, [self.port, *(ReservedPort() for _ in LOGS)], strict=False))
        configuration = folder / "server.conf"
        lines = configuration.read_text() + "SSLLogRepeat 0\n"
        for name, port in self.ports.items():
            listen = "" if port is self.port else f"Listen 127.0.0.1:{port} https\n"
            lines += f"{listen}<VirtualHost *:{port}>\nServerAlias 127.0.0.1\n{LOGS[name]}\n</VirtualHost>\n"
        configuration.write_text(lines)
        return command


class _Gathering:
    """A loop in which a turn never ends."""

    def run_callback(self, _function: object) -> None:
        """Not now."""

    def timer(self, _after: float, _repeat: float) -> None:
        """Never."""


def main(arguments: list[str]) -> int:
    """Run the benchmark and print the tables."""
    parser = argparse.ArgumentParser(prog="scripts/bench ssl-log", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round")
    rounds, seconds = (1, 1) if parser.parse_args(arguments).quick else (7, 2)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prefork_ssl-bench-")))
        _print_lines(folder)
        _print_requests(_requests(folder, rounds, seconds, stack))
    return 0


def _print_lines(folder: Path) -> None:
    fields = {
        "protocol": "TLSv1.3",
        "cipher": "TLS_AES_256_GCM_SHA384",
        "bits": 256,
        "group": "X25519MLKEM768",
    }
    message = "handshake done: TLSv1.3, TLS_AES_256_GCM_SHA384 (256 bits), X25519MLKEM768, new session"
    hello = examine(client_hello("www.example.com", alpn=("h2", "http/1.1")))
    assert isinstance(hello, ClientHello)

    def event(**more: object) -> Event:
        return Event(SSLLevel.INFO, "handshake-done", message, ("192.0.2.1", 61234), fields, **more)  # type: ignore[arg-type]

    plain, json, silent = (
        _log(folder, SSLLevel.INFO, text.render),
        _log(folder, SSLLevel.INFO, json_lines.render),
        _log(folder, SSLLevel.WARN, text.render),
    )
    failure = Event(
        SSLLevel.INFO, "handshake-failed", "handshake failed: no shared cipher", ("192.0.2.1", 61234)
    )
    table = Table("an event", "CPU us", title="Lines of the SSL log", title_justify="left")
    for name, write in {
        "text": lambda: plain.write(event()),
        "json": lambda: json.write(event()),
        "json with JA4": lambda: json.write(event(hello=ClientHello(hello.body))),
        "above the level": lambda: silent.write(event()),
        "a failure for the thousandth time": lambda: plain.write(failure),
    }.items():
        table.add_row(name, f"{_microseconds(write):.2f}")
    Console().print(table)


def _log(folder: Path, level: SSLLevel, render: Callable[[Event, str], bytes]) -> SSLLog:
    file = open_log_file("/dev/null", print)
    file.buffer(_Gathering())  # type: ignore[arg-type]
    general = ErrorLog(open_log_file(str(folder / "error_log"), print), {"": Level.WARN})
    return SSLLog("www.example.com:443", file, level, general, render)


def _microseconds(function: Callable[[], None]) -> float:
    best = min(timeit.repeat(function, number=_LINES, repeat=7, timer=time.process_time))
    return best / _LINES * 1e6


def _requests(folder: Path, rounds: int, seconds: int, stack: ExitStack) -> dict[str, dict[str, list[float]]]:
    """Microseconds of the worker for each request, by workload and log."""
    cores = sorted(os.sched_getaffinity(0))
    authority = Authority(folder)
    site = Site(folder / "site", authority.issue("server", ["localhost", "127.0.0.1"], ec_key()))
    site.folder.mkdir()
    (site.folder / "1k.txt").write_bytes(b"x" * 1023 + b"\n")
    server = Logging(folder / "server", site, cores[0])
    stack.callback(server.stop)
    costs: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        print(f"round {number + 1}/{rounds}", file=sys.stderr)
        for workload in load.WORKLOADS:
            for name, port in server.ports.items():
                cost = load.run(
                    port.number,
                    server.worker(),
                    workload,
                    core=cores[-1],
                    connections=CONNECTIONS,
                    seconds=seconds,
                )
                costs[workload.name][name].append(cost.cpu)
    return costs


def _print_requests(costs: dict[str, dict[str, list[float]]]) -> None:
    """Each round's difference to the port without a log counts, not the difference of medians."""
    title = f"TLS 1.3, {CONNECTIONS} connections"
    table = Table(
        "workload", "SSL log", "CPU us/request", "more than without", title=title, title_justify="left"
    )
    for workload, by_log in costs.items():
        for name, found in by_log.items():
            without = by_log[next(iter(LOGS))]
            more = statistics.median(cost - base for cost, base in zip(found, without, strict=True))
            table.add_row(workload, name, f"{statistics.median(found):.1f}", f"{more:+.1f}")
    Console().print(table)
