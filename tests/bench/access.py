"""scripts/bench access: what a request costs more where somebody decides who may enter.

The same file of 1 KB, over kept connections, in locations with and without rules. The locations take turns, so that
whatever else the machine does hits all alike.
"""

from __future__ import annotations

import argparse
import base64
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from bench import load
from bench.contenders import PreforkSSL, Site
from bench.load import Workload
from blackbox.authority import Authority, ec_key
from rich.console import Console
from rich.table import Table

CONNECTIONS = 32

_THREE_CLAUSES = (
    '%{SSL_PROTOCOL} eq "TLSv1.3" and %{SSL_CIPHER_USEKEYSIZE} >= 128 and %{SSL_CIPHER} !~ m/^(EXP|NULL)/'
)
RULES = {
    "nothing": "",
    "SSLRequireSSL": "SSLRequireSSL",
    "SSLRequire of three clauses": f"SSLRequire {_THREE_CLAUSES}",
    "Require ip": "Require ip 127.0.0.0/8 192.0.2.0/24",
    "Require expr of three clauses": "Require expr %{HTTPS} == 'on' && -R '127.0.0.0/8' && %{REQUEST_METHOD} == 'GET'",
    "Require valid-user": "AuthType Basic\nAuthUserFile users\nRequire valid-user",
}


class Guarded(PreforkSSL):
    """This server, with a location for each rule."""

    def command(self, folder: Path, site: Site) -> list[str]:
        command = super().command(folder, site)
        # bcrypt, cost 5, of "secret"
        (folder / "users").write_text("joe:$2y$05$dxhYq8B.5HtB5BpU7D0klOS5H5Ap1HPc46ONaaq4azXjJE4ScDxxu\n")
        modules = "LoadModule alias_module\nLoadModule authz_module\nLoadModule auth_basic_module\n"
        sections = "".join(
            f"Alias /{number} {site.folder}\n<Location /{number}>\n{lines}\n</Location>\n"
            for number, lines in enumerate(RULES.values())
        )
        configuration = folder / "server.conf"
        configuration.write_text(modules + configuration.read_text() + sections)
        return command


def main(arguments: list[str]) -> int:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench access", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round")
    rounds, seconds = (1, 1) if parser.parse_args(arguments).quick else (9, 2)
    cores = sorted(os.sched_getaffinity(0))
    login = base64.b64encode(b"joe:secret").decode()
    workloads = {
        name: Workload(name, f"/{number}/1k.txt", ("--header", f"Authorization: Basic {login}"))
        for number, name in enumerate(RULES)
    }
    costs: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prefork_ssl-bench-")))
        authority = Authority(folder)
        site = Site(folder / "site", authority.issue("server", ["localhost", "127.0.0.1"], ec_key()))
        site.folder.mkdir()
        (site.folder / "1k.txt").write_bytes(b"x" * 1023 + b"\n")
        server = Guarded(folder / "server", site, cores[0])
        stack.callback(server.stop)
        for number in range(rounds):
            print(f"round {number + 1}/{rounds}", file=sys.stderr)
            for name, workload in workloads.items():
                cost = load.run(
                    server.port.number,
                    server.worker(),
                    workload,
                    core=cores[-1],
                    connections=CONNECTIONS,
                    seconds=seconds,
                )
                costs[name].append(cost.cpu)
    _print(costs)
    return 0


def _print(costs: dict[str, list[float]]) -> None:
    """Each round's difference to the location without rules counts, not the difference of medians."""
    table = Table(title=f"1 KB, keep-alive, TLS 1.3, {CONNECTIONS} connections", title_justify="left")
    table.add_column("rule")
    for heading in ("CPU us/request", "more than without"):
        table.add_column(heading, justify="right")
    for name, found in costs.items():
        more = [cost - without for cost, without in zip(found, costs["nothing"], strict=True)]
        table.add_row(name, f"{statistics.median(found):.1f}", f"{statistics.median(more):+.1f}")
    Console().print(table)
