"""What storing costs: four workers with 250 new sessions a second each, on one file with one mutex.

They come at random, and before each its worker makes a signature with an RSA key of 2048 bits, as the handshake does
that agrees on the session. What the signatures cost is measured in between, and taken off. The rest depends on how much
of the processor's caches is left to a worker that waits most of the time, so the same is measured once more in workers
that do nothing else, five sessions in each turn of the loop.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.sessions import made
from blackbox.authority import rsa_key
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from gevent import get_hub, joinall, sleep, spawn
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
        outcomes, in_a_row = (_in_workers(work, place, seconds) for work in (_now_and_then, _in_a_row))
    delays = sorted(delay for outcome in outcomes for delay in outcome.delays)
    table = Table(title="Storing 1,000 sessions a second, 4 workers (lmdb)", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    table.add_row("CPU us for each session: export, seal, mutex, write", f"{_mean(outcomes):.1f}")
    table.add_row("the same in a row, 5 in each turn of the loop", f"{_mean(in_a_row):.1f}")
    table.add_row("a request waits, ms, median", f"{statistics.median(delays):.2f}")
    table.add_row("99 %", f"{delays[int(len(delays) * 0.99)]:.2f}")
    table.add_row("longest", f"{delays[-1]:.2f}")
    table.add_row("stored", str(sum(outcome.stored for outcome in outcomes)))
    table.add_row("not stored: the mutex was busy", str(sum(outcome.lost for outcome in outcomes)))
    console.print(table)


def _in_workers(work: Callable[[StorePlace, int], Outcome], place: StorePlace, seconds: int) -> list[Outcome]:
    with multiprocessing.get_context("fork").Pool(_WORKERS) as pool:
        return pool.starmap(work, [(place, seconds)] * _WORKERS, chunksize=1)


def _mean(outcomes: list[Outcome]) -> float:
    return statistics.mean(outcome.cost for outcome in outcomes)


def _now_and_then(place: StorePlace, seconds: int) -> Outcome:
    """A worker in which a session comes now and then."""
    storing, key = Storing(place), rsa_key()

    def sign() -> None:
        key.sign(b"", padding.PKCS1v15(), hashes.SHA256())
        sleep(0)

    def sign_and_store() -> None:
        key.sign(b"", padding.PKCS1v15(), hashes.SHA256())
        storing.store()

    return storing.outcome([_clients(sign_and_store) - _clients(sign) for _ in range(seconds)])


def _clients(what: Callable[[], None]) -> float:
    """CPU seconds for that in so many greenlets, at random times of one second."""
    began, rnd = time.process_time(), random.Random(os.getpid())
    next_ = time.monotonic()
    for _ in range(_EACH_SECOND):
        spawn(what)
        next_ += rnd.expovariate(_EACH_SECOND)
        sleep(max(next_ - time.monotonic(), 0))
    return time.process_time() - began


def _in_a_row(place: StorePlace, seconds: int) -> Outcome:
    """A worker that does nothing else."""
    storing = Storing(place)
    return storing.outcome([_crowds(storing.store) - _crowds(lambda: sleep(0)) for _ in range(seconds)])


def _crowds(what: Callable[[], None]) -> float:
    """CPU seconds for that in as many greenlets, five at a time, without a pause."""
    began = time.process_time()
    for _ in range(_EACH_SECOND // 5):
        joinall([spawn(what) for _ in range(5)])
    return time.process_time() - began


class Storing:
    """What a worker does with a new session."""

    def __init__(self, place: StorePlace) -> None:
        self._tally = Tally()
        self._cache = DBMCache(place, FileMutex(place.mutex), Told(), self._tally)  # type: ignore[arg-type]
        self._cache.open(get_hub().loop)
        self._tls = made.connection().server
        self._label = Label(time.time() + made.LIFETIME, 0x0303, "www.example.com:443")
        self._delays: list[float] = []

    def store(self) -> None:
        der = session(self._tls)
        assert session_id(der)
        key = os.urandom(32)
        self._cache.store(key, made.SEALER.seal(key, made.SCOPE, self._label, der))
        began = time.monotonic()
        self._cache.settle()
        self._delays.append((time.monotonic() - began) * 1000)

    def outcome(self, costs: list[float]) -> Outcome:
        """`costs` are CPU seconds for as many sessions as come in a second."""
        sleep(0.2)
        self._cache.close()
        words = self._tally.words
        cost = statistics.median(costs) / _EACH_SECOND * 1e6
        return Outcome(cost, self._delays, words[STORED], words[NOT_STORED])
