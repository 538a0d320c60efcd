"""SQLite in WAL mode: readers do not wait for the writer. Slower than LMDB, and in every Python.

What another process has locked is not waited for, but while the file is opened: the mutex keeps writers apart, and
whatever is locked in spite of it is an error of that call alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from prefork_ssl.modules.ssl.sessions.records import expiry_of
from prefork_ssl.modules.ssl.sessions.stores.guard import WRITER, Guard, head
from prefork_ssl.modules.ssl.sessions.stores.store import Extent, Store, StoreError, StoreLost

T = TypeVar("T")

_PAGE = 4096
_FEWEST_PAGES = 64
_SIGNATURE = b"SQLite format 3\0"
# In the file's header: how many pages it has (https://sqlite.org/fileformat.html, 1.3).
_HEAD_SIZE, _PAGES_AT = 100, 28
_SCHEMA = """
CREATE TABLE sessions (id BLOB PRIMARY KEY, expiry REAL NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX expiries ON sessions (expiry);
"""
# The write-ahead log goes back into the file when it has so many pages.
_CHECKPOINT = 256
# Seconds that opening the file may wait for a lock.
_PATIENCE = 0.05


class SQLiteStore(Store):
    """The limit is that of the file; its write-ahead log, of about 1 MB, comes on top."""

    type_name: ClassVar[str] = "sqlite3"
    reads_alone: ClassVar[bool] = True
    suffixes: ClassVar[tuple[str, ...]] = ("", "-wal", "-shm")

    @classmethod
    def create(cls, path: Path, limit: int) -> None:
        """See Store."""
        path.touch(0o600, exist_ok=False)  # SQLite would let everybody read it
        database = _connect(path)
        try:
            database.execute(f"PRAGMA page_size = {_PAGE}")
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise _trouble(path, error) from error
        finally:
            database.close()
        # SQLite removed these with the last connection. Workers may have no right to make them.
        for suffix in cls.suffixes[1:]:
            Path(f"{path}{suffix}").touch(0o600)

    @classmethod
    def intact(cls, path: Path, limit: int) -> bool:
        """See Store."""
        start, size = head(path, _HEAD_SIZE)
        pages = int.from_bytes(start[_PAGES_AT : _PAGES_AT + 4], "big")
        # Its log and the log's index come and go.
        return start.startswith(_SIGNATURE) and size >= pages * _PAGE

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._pages = max(-(-limit // _PAGE), _FEWEST_PAGES)
        self._mark = self._pages - max(self._pages // 8, 8)
        self._guard = Guard(path, 0, _SIGNATURE)
        self._database = _connect(path)
        try:
            self._set_up()
        except StoreError as error:
            if isinstance(error, StoreLost):
                self._guard.condemn()
            self.close()
            raise

    def _set_up(self) -> None:
        settings = (
            "synchronous = OFF",
            f"max_page_count = {self._pages}",
            f"wal_autocheckpoint = {_CHECKPOINT}",
        )
        try:
            for setting in settings:
                self._database.execute(f"PRAGMA {setting}")
        except sqlite3.Error as error:
            raise _trouble(self._path, error) from error
        self.get(b"")  # is it what it should be?
        self._query("PRAGMA busy_timeout = 0")
        for suffix in self.suffixes[1:]:
            self._guard.watch(Path(f"{self._path}{suffix}"))

    def get(self, session_id: bytes) -> bytes | None:
        """See Store."""
        rows = self._query("SELECT record FROM sessions WHERE id = ?", (session_id,))
        return rows[0][0] if rows else None

    def write(self, records: Mapping[bytes, bytes], removed: Collection[bytes] = ()) -> None:
        """See Store."""
        rows = [(key, expiry_of(record), record) for key, record in records.items()]

        def change(database: sqlite3.Connection) -> None:
            database.executemany("DELETE FROM sessions WHERE id = ?", [(key,) for key in removed])
            # Above the mark, two go for each that comes. Those that come then find room in half-empty pages.
            if rows and self._used(database) > self._mark:
                self._drop_oldest(database, 2 * len(rows))
            database.executemany("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", rows)

        self._change(change)

    def sweep(self, now: float, budget: int) -> int:
        """See Store."""
        expired = "SELECT id FROM sessions WHERE expiry <= ? ORDER BY expiry LIMIT ?"
        if not self._query(expired, (now, 1)):
            return 0
        delete = f"DELETE FROM sessions WHERE id IN ({expired})"  # noqa: S608 - no word of anybody's in it
        return self._change(lambda database: database.execute(delete, (now, budget)).rowcount)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """See Store."""
        return iter(self._query("SELECT id, record FROM sessions"))

    def extent(self) -> Extent:
        """See Store."""
        ((entries, oldest),) = self._query("SELECT count(*), min(expiry) FROM sessions")
        return Extent(entries, self._used(self._database) * _PAGE, self._pages * _PAGE, oldest or 0.0)

    def condemn(self) -> None:
        """See Store."""
        self._guard.condemn()

    def close(self) -> None:
        """See Store."""
        self._guard.before_unmapping()
        self._database.close()
        self._guard.close()

    def _used(self, database: sqlite3.Connection) -> int:
        """Pages that hold something."""
        ((pages,),) = database.execute("PRAGMA page_count")
        ((free,),) = database.execute("PRAGMA freelist_count")
        return int(pages - free)

    def _drop_oldest(self, database: sqlite3.Connection, count: int) -> None:
        database.execute(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions ORDER BY expiry LIMIT ?)", (count,)
        )

    def _query(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        self._guard.check()
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _trouble(self._path, error) from error

    def _change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._guard.check(WRITER)
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                result = work(database)
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _trouble(self._path, error) from error
        return result


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, cached_statements=32)


def _trouble(path: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"{path} is locked by another process")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return StoreError(f"{path} cannot be used: {error}", "is there room on its disk?")
    return StoreLost(f"{path} is damaged: {error}")
