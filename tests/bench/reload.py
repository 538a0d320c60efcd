"""scripts/bench reload: a reload of many virtual hosts, each with its own certificate, of which some have changed.

Measured is the time from SIGHUP until a changed certificate is served, and the master's memory over all reloads.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from blackbox import clients, processes
from blackbox.authority import Authority, Pair, PrivateKey, ec_key, rsa_key
from blackbox.server import Server
from blackbox.until import until
from rich.console import Console
from rich.table import Table

_HOST = """\
<VirtualHost *:@https>
    ServerName host{number}.test
    SSLCertificateFile {pair.cert}
    SSLCertificateKeyFile {pair.key}
</VirtualHost>
"""
_SETTINGS = "StartServers 2\nLogLevel error\nSSLLog logs/ssl_log\nSSLLogLevel info\n"


@dataclass(frozen=True)
class Reload:
    """One reload: seconds until the new generation served, its processor time in the master, and the master's memory
    afterwards, in bytes."""

    seconds: float
    master_seconds: float
    memory: int


class Site:
    """A server with many hosts."""

    def __init__(self, folder: Path, hosts: int, key: PrivateKey | None) -> None:
        self._authority = Authority(folder, days=90)
        self._key = key
        self._context = clients.tls_context(self._authority.cert)
        self._pairs = [self._issue(number) for number in range(hosts)]
        text = "".join(_HOST.format(number=number, pair=pair) for number, pair in enumerate(self._pairs))
        root = folder / "site"
        root.mkdir()
        self.server = Server(root, _SETTINGS + text, {})

    def reload(self, changed: list[int]) -> Reload:
        """Renew the certificates of these hosts, and reload."""
        for number in changed:
            self._pairs[number] = self._issue(number)
        old = set(self.server.workers())
        before, began = _processor_time(self.server.pid), time.monotonic()
        self.server.signal(signal.SIGHUP)
        until(lambda: self._serves(changed[-1]), "the new certificate is served", 60)
        seconds = time.monotonic() - began
        until(lambda: not old & set(self.server.workers()), "the old workers have gone", 60)
        spent = _processor_time(self.server.pid) - before
        return Reload(seconds, spent, processes.resident(self.server.pid))

    def _issue(self, number: int) -> Pair:
        name = f"host{number}"
        return self._authority.issue(name, [f"{name}.test"], self._key or ec_key())

    def _serves(self, number: int) -> bool:
        with clients.tls(self.server.https, self._context, f"host{number}.test") as sock:
            return sock.getpeercert(binary_form=True) == self._pairs[number].der


def _processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(arguments: list[str]) -> int:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench reload", description=__doc__.partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--changed", type=int, default=10)
    parser.add_argument("--reloads", type=int, default=10)
    parser.add_argument("--rsa", action="store_true", help="RSA certificates (of one key) instead of EC")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="prefork_ssl-bench-") as name:
        Path(name).chmod(0o755)
        site = Site(Path(name), args.hosts, rsa_key() if args.rsa else None)
        try:
            began = time.monotonic()
            site.server.start()
            start = time.monotonic() - began
            memory = processes.resident(site.server.pid)
            reloads = [
                site.reload([(turn * args.changed + place) % args.hosts for place in range(args.changed)])
                for turn in range(args.reloads)
            ]
        finally:
            site.server.end()
    _print(args, start, memory, reloads)
    return 0


def _print(args: argparse.Namespace, start: float, memory: int, reloads: list[Reload]) -> None:
    table = Table(title=f"{args.hosts} hosts, {args.changed} changed", title_justify="left")
    for heading in ("", "s until served", "s of the master's processor time", "MiB of the master", "growth"):
        table.add_column(heading, justify="right")
    table.add_row("start", f"{start:.2f}", "", f"{memory / 2**20:.1f}", "")
    for number, each in enumerate(reloads, 1):
        growth = f"{each.memory / memory - 1:+.1%}"
        table.add_row(
            str(number),
            f"{each.seconds:.2f}",
            f"{each.master_seconds:.2f}",
            f"{each.memory / 2**20:.1f}",
            growth,
        )
    median = statistics.median(each.seconds for each in reloads)
    Console().print(table, f"median {median:.2f} s")
