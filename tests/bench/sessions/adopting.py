"""What a worker does before it can resume a session that another one has made."""

from __future__ import annotations

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from bench.sessions import made
from rich.console import Console
from rich.table import Table
from unit.ssl.sessions.handshakes import ANY_VERSION, new_context

from prefork_ssl.modules.ssl.openssl.adoption import Adoption
from prefork_ssl.modules.ssl.openssl.encoding import session_id
from prefork_ssl.modules.ssl.sessions.records import Label
from prefork_ssl.modules.ssl.sessions.stores.lmdb_store import LMDBStore

T = TypeVar("T")

_OTHERS = 10_000


def measure(console: Console, cores: list[int], quick: bool) -> None:
    """Print a table of the steps."""
    os.sched_setaffinity(0, cores[:1])
    count, rounds = (200, 3) if quick else (1000, 9)
    steps: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = made.new_store(LMDBStore, Path(folder, "cache"), 64 << 20)
        store.write(made.records(_OTHERS))
        sessions = {session_id(der): der for der in made.sessions(count)}
        label = Label(time.time() + made.LIFETIME, 0x0303, "www.example.com:443")
        store.write({key: made.SEALER.seal(key, made.SCOPE, label, der) for key, der in sessions.items()})
        for _ in range(rounds):
            for name, seconds in _round(store, list(sessions)).items():
                steps.setdefault(name, []).append(seconds * 1e6)
        store.close()
    _show(console, {name: min(costs) for name, costs in steps.items()}, steps)


def _round(store: LMDBStore, keys: list[bytes]) -> dict[str, float]:
    """Seconds for each step of one adoption."""
    context = new_context(made.SCOPE)
    now = time.time()
    steps = {}
    gc.disable()
    steps["prepare"], ready = _each(lambda _key: Adoption(context, ANY_VERSION), keys)
    steps["find"], records = _each(store.get, keys)
    pairs = list(zip(keys, records, strict=True))
    steps["open"], opened = _each(lambda pair: made.SEALER.open(pair[0], made.SCOPE, pair[1], now), pairs)
    steps["adopt"], taken = _each(lambda pair: pair[0].adopt(pair[1]), list(zip(ready, opened, strict=True)))
    assert all(taken)
    steps["free"], _ = _each(Adoption.free, ready)
    gc.enable()
    return steps


def _each(work: Callable[[T], object], things: Iterable[T]) -> tuple[float, list]:
    began = time.process_time()
    results = [work(thing) for thing in things]
    return (time.process_time() - began) / len(results), results


def _show(console: Console, best: dict[str, float], all_: dict[str, list[float]]) -> None:
    table = Table(title="Adoption from the DBM (lmdb), CPU us for each session", title_justify="left")
    for heading in ("", "best", "median"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name in ("find", "open", "adopt"):
        table.add_row(name, f"{best[name]:.1f}", f"{statistics.median(all_[name]):.1f}")
    path = ("find", "open", "adopt")
    table.add_row(
        "on the request path",
        f"{sum(best[name] for name in path):.1f}",
        f"{sum(statistics.median(all_[name]) for name in path):.1f}",
        end_section=True,
    )
    for name in ("prepare", "free"):
        table.add_row(f"{name}, in idle moments", f"{best[name]:.1f}", f"{statistics.median(all_[name]):.1f}")
    console.print(table)
