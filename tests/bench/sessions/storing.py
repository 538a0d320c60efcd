"""What storing costs: four workers with 250 new sessions a second each, on one file with one mutex."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.sessions import made
from gevent import get_hub, sleep, spawn
from rich.console import Console
from rich.table import Table
from unit.ssl.sessions.test_keeper import Told

from prefork_ssl.modules.ssl.openssl.encoding import session_id
from prefork_ssl.modules.ssl.openssl.sessions import session
from prefork_ssl.modules.ssl.sessions.dbm_cache import DBMCache
from prefork_ssl.modules.ssl.sessions.keeper import Keeper
from prefork_ssl.modules.ssl.sessions.mutex import FileMutex
from prefork_ssl.modules.ssl.sessions.place import StorePlace
from prefork_ssl.modules.ssl.sessions.records import Label
from prefork_ssl.modules.ssl.sessions.stores.lmdb_store import LMDBStore
from prefork_ssl.modules.ssl.sessions.tally import NOT_STORED, STORED, Tally

_WORKERS, _EACH_SECOND = 4, 250
# Sessions come in little crowds, as clients do.
_CROWD = 5


@dataclass(frozen=True)
class Outcome:
    """Of one worker: CPU us for each session, milliseconds that requests waited, and how many were stored or not."""

    cost: float
    delays: list[float]
    stored: int
    lost: int


def measure(console: Console, _cores: list[int], quick: bool) -> None:
    """Print a table."""
    seconds = 3 if quick else 15
    with tempfile.TemporaryDirectory() as folder:
        place = StorePlace(LMDBStore, Path(folder, "cache"), 64 << 20, Path(folder, "mutex"))
        Keeper(place, None).begin(Told())  # type: ignore[arg-type]
        fork = multiprocessing.get_context("fork")
        with fork.Pool(_WORKERS) as pool:
            outcomes = pool.starmap(_work, [(place, seconds)] * _WORKERS, chunksize=1)
    delays = sorted(delay for outcome in outcomes for delay in outcome.delays)
    table = Table(title="Storing 1,000 sessions a second, 4 workers (lmdb)", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    table.add_row("CPU us for each session: export, seal, mutex, write", f"{_mean(outcomes):.1f}")
    table.add_row("a request waits, ms, median", f"{statistics.median(delays):.2f}")
    table.add_row("99 %", f"{delays[int(len(delays) * 0.99)]:.2f}")
    table.add_row("longest", f"{delays[-1]:.2f}")
    table.add_row("stored", str(sum(outcome.stored for outcome in outcomes)))
    table.add_row("not stored: the mutex was busy", str(sum(outcome.lost for outcome in outcomes)))
    console.print(table)


def _mean(outcomes: list[Outcome]) -> float:
    return statistics.mean(outcome.cost for outcome in outcomes)


def _work(place: StorePlace, seconds: int) -> Outcome:
    """One worker, first with nothing to store, to know what the crowds alone cost."""
    tally = Tally()
    cache = DBMCache(place, FileMutex(place.mutex), Told(), tally)  # type: ignore[arg-type]
    tls = made.connection().server
    cache.open(get_hub().loop)
    delays: list[float] = []
    label = Label(time.time() + made.LIFETIME, 0x0303, "www.example.com:443")

    def nothing() -> None:
        time.monotonic()
        sleep(0)
        delays.append(time.monotonic())

    def store() -> None:
        der = session(tls)
        assert session_id(der)
        key = os.urandom(32)
        cache.store(key, made.SEALER.seal(key, made.SCOPE, label, der))
        began = time.monotonic()
        cache.settle()
        delays.append((time.monotonic() - began) * 1000)

    idle = _crowds(nothing, seconds)
    delays.clear()
    busy = _crowds(store, seconds)
    sleep(0.2)
    cache.close()
    cost = (busy - idle) / (seconds * _EACH_SECOND) * 1e6
    return Outcome(cost, delays, tally.words[STORED], tally.words[NOT_STORED])


def _crowds(what, seconds: int) -> float:
    """CPU seconds for that in so many greenlets at the right pace."""
    began, pause = time.process_time(), _CROWD / _EACH_SECOND
    next_ = time.monotonic()
    for _ in range(seconds * _EACH_SECOND // _CROWD):
        for _ in range(_CROWD):
            spawn(what)
        next_ += pause
        sleep(max(next_ - time.monotonic(), 0))
    return time.process_time() - began
