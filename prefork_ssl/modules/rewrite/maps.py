"""RewriteMap files: read when the configuration is, looked at once a second, and read again when they have changed.

All of that happens beside the requests, which find tables in memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import gevent
from gevent import get_hub

from prefork_ssl.kernel.generation import Key
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.modules.rewrite.map_sources import FileKind, MapFile

# Seconds between two looks.
_INTERVAL = 1.0

_Signature = tuple[int, int, int]

Find = Callable[[str], str | None]


class MapTable:
    """One file. `values` by key; of several lines with one key, the first holds."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self.path = path
        self._signature = _signature(path)
        self.values = _read(path)

    def renew(self) -> bool:
        """Read the file again if it has changed; whether it has. Raises OSError, and keeps what there was."""
        signature = _signature(self.path)
        if signature == self._signature:
            return False
        self.values = _read(self.path)
        self._signature = signature
        return True

    def text(self, key: str) -> str | None:
        """The value as it is."""
        return self.values.get(key)

    def choice(self, key: str) -> str | None:
        """One of the value's alternatives, a|b|c."""
        value = self.values.get(key)
        return None if value is None else random.choice(value.split("|"))  # noqa: S311 - balances load


class MapTables:
    """The files of a configuration."""

    def __init__(self) -> None:
        self._tables: dict[Path, MapTable] = {}
        self._follower: gevent.Greenlet[..., None] | None = None

    def add(self, source: MapFile) -> None:
        """Read the file. Raises OSError."""
        if source.path not in self._tables:
            self._tables[source.path] = MapTable(source.path)

    def find(self, source: MapFile) -> Find:
        """The function that finds the value of a key, or None."""
        table = self._tables[source.path]
        return table.choice if source.kind is FileKind.RANDOM else table.text

    def follow(self, log: ErrorLog) -> None:
        """In a worker: look at the files from now on."""
        if self._tables:
            self._follower = gevent.spawn(_follow, tuple(self._tables.values()), log)

    def leave(self) -> None:
        """Look no more."""
        if self._follower is not None:
            self._follower.kill()


def _follow(tables: Iterable[MapTable], log: ErrorLog) -> None:
    pool = get_hub().threadpool
    failing: set[Path] = set()
    while True:
        gevent.sleep(_INTERVAL)
        for table in tables:
            try:
                if pool.apply(table.renew):
                    log.write(Level.INFO, f"RewriteMap {table.path} has been read again", module="rewrite")
                failing.discard(table.path)
            except OSError as error:
                if table.path not in failing:
                    failing.add(table.path)
                    message = f"RewriteMap {table.path} cannot be read again: {error.strerror}"
                    log.write(Level.ERROR, f"{message}; what was read before holds", module="rewrite")


def _signature(path: Path) -> _Signature:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> Mapping[str, str]:
    """Lines of a key and a value, which ends at a blank; # begins a comment."""
    values: dict[str, str] = {}
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            words = line.split(maxsplit=2)
            if len(words) > 1 and not words[0].startswith("#"):
                values.setdefault(words[0], words[1])
    return values


TABLES = Key[MapTables]("rewrite maps")
