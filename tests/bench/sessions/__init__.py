"""scripts/bench sessions: what the session cache costs, and what it saves.

Processor time, not the clock, unless it says otherwise: another process on the machine does not count then.
"""

from __future__ import annotations

import argparse
import os

from bench.sessions import adopting, growing, resuming, storing
from rich.console import Console


def main(arguments: list[str]) -> int:
    """Run all, or some, and print tables."""
    parser = argparse.ArgumentParser(prog="scripts/bench sessions", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="smaller numbers: does it run, and about how fast"
    )
    parser.add_argument("--only", choices=list(_PARTS), help="one part")
    args = parser.parse_args(arguments)
    cores = sorted(os.sched_getaffinity(0))
    console = Console()
    for name, part in _PARTS.items():
        if args.only in (None, name):
            os.sched_setaffinity(0, cores)
            part(console, cores, args.quick)
    return 0


_PARTS = {
    "adopting": adopting.measure,
    "growing": growing.measure,
    "storing": storing.measure,
    "resuming": resuming.measure,
}
