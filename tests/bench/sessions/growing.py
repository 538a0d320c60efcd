"""How long a look-up takes in stores of different sizes."""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path

from bench.sessions import made
from rich.console import Console
from rich.table import Table

from prefork_ssl.modules.ssl.sessions.stores.store import Store
from prefork_ssl.modules.ssl.sessions.stores.types import TYPES

_LIMIT = 2 << 30
_BATCH = 2000
_BAR = 40
# The most that each type is tried with: those that open the file anew for each use are slow to fill.
_MOST = {"lmdb": 1_000_000, "sqlite3": 1_000_000, "gnu": 100_000, "ndbm": 100_000, "dumb": 1_000}


def measure(console: Console, cores: list[int], quick: bool) -> None:
    """Print a bar for each size and type."""
    os.sched_setaffinity(0, cores[:1])
    sizes = (1_000, 10_000, 100_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    table = Table(title="A look-up, CPU us (best of 15 rounds)", title_justify="left")
    table.add_column("type")
    for heading in ("entries", "found", "not there"):
        table.add_column(heading, justify="right")
    table.add_column("found")
    for kind in TYPES.values():
        if why := kind.missing():
            console.print(f"without {kind.type_name}: {why}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            _measure_type(
                table, kind, Path(folder, "cache"), [size for size in sizes if size <= _MOST[kind.type_name]]
            )
        table.add_section()
    console.print(table)


def _measure_type(table: Table, kind: type[Store], path: Path, sizes: list[int]) -> None:
    store = made.new_store(kind, path, _LIMIT)
    keys: list[bytes] = []
    for size in sizes:
        while len(keys) < size:
            batch = made.records(min(_BATCH, size - len(keys)))
            store.write(batch)
            keys += batch
        sample = random.sample(keys, 100 if kind.reads_alone else 20)
        found, missing = _time(store, sample), _time(store, [os.urandom(32) for _ in sample])
        bar = "█" * round(_BAR * min(found / 20, 1)) if kind.reads_alone else ""
        table.add_row(kind.type_name, f"{size:,}", f"{found:.2f}", f"{missing:.2f}", bar)
    store.close()


def _time(store: Store, keys: list[bytes]) -> float:
    best = float("inf")
    for _ in range(15):
        began = time.process_time()
        for key in keys:
            store.get(key)
        best = min(best, time.process_time() - began)
    return best / len(keys) * 1e6
