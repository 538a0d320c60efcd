"""LMDB: readers never wait, a look-up takes a microsecond, and a killed writer leaves nothing half done.

Two tables: records by id, and ids by expiry, so that sweeping and making room look only at what they drop. Nothing is
flushed to the disk: after a crash of the machine the sealing key is gone anyway.

The file is written to through its memory map, which is twice as fast as by system calls. So it has its full size on the
disk from the beginning: memory that the system has no place for ends the process (SIGBUS). A file system that copies
what is written once more (btrfs) needs new room all the same: where such a one may become full is no place for a cache.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import ClassVar, TypeVar

import lmdb

from prefork_ssl.modules.ssl.sessions.records import EXPIRY_SIZE, expiry_of
from prefork_ssl.modules.ssl.sessions.stores.guard import ANEW, WRITER, Guard, head
from prefork_ssl.modules.ssl.sessions.stores.store import Extent, Store, StoreError, StoreLost

T = TypeVar("T")

_PAGE = os.sysconf("SC_PAGE_SIZE")
_FEWEST_PAGES = 128
# The pages that a change may need: it is made on copies of pages of both tables, for the record that comes and for two
# old ones that make room, and what it frees is not given out again before the transaction after the next. Each further
# page of a long record is needed three times.
_CHANGE, _EACH_PAGE = 11, 3
# As many processes may have the file open: all workers of two generations, and a few more.
_READERS = 2048
_READER_SIZE = 64  # bytes of the lock file for each; as many as 8 of them are for what else is there
# The first meta page: its header is 16 bytes long, then come MDB_MAGIC and MDB_DATA_VERSION.
_SIGNATURE_AT, _SIGNATURE = 16, bytes.fromhex("dec0efbe01000000")
# What the lock file begins with, MDB_MAGIC again. Behind it are locks: who takes one out of random bytes never gets it.
_LOCK_SIGNATURE = _SIGNATURE[:4]


class LMDBStore(Store):
    """The limit is that of the file, rounded up to whole pages."""

    type_name: ClassVar[str] = "lmdb"
    reads_alone: ClassVar[bool] = True
    suffixes: ClassVar[tuple[str, ...]] = ("", "-lock")

    @classmethod
    def create(cls, path: Path, limit: int) -> None:
        """See Store."""
        lock = Path(f"{path}-lock")
        with _errors(path):
            lock.touch(0o600, exist_ok=False)
            _allocate(lock, (_READERS + 8) * _READER_SIZE)
            # Not through memory: its place on the disk comes last, as an empty file is what LMDB makes a new one from.
            environment = _open(path, _size(limit), writemap=False)
            try:
                for table in (b"records", b"expiries"):
                    environment.open_db(table)
            finally:
                environment.close()
            _allocate(path, _size(limit))

    @classmethod
    def intact(cls, path: Path, limit: int) -> bool:
        """See Store."""
        start, size = head(path, _SIGNATURE_AT + len(_SIGNATURE))
        return super().intact(path, limit) and size == _size(limit) and start.endswith(_SIGNATURE)

    @classmethod
    def stamp(cls, path: Path) -> object:
        """See Store. Each transaction leaves its number in one of two pages; the time of a change of what is mapped
        into memory is not told by every file system."""
        return head(path, 2 * _PAGE)

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._size = _size(limit)
        pages = self._size // _PAGE
        # The mark below is not kept to the page, and some pages are needed in any case.
        overrun = pages // 20 + 24
        reserve = max(pages // 8, overrun + _CHANGE + 2 * _EACH_PAGE)
        # In a file with more pages in use than this, old records make room.
        self._mark = pages - reserve
        # The pages that one transaction may need.
        self._budget = reserve - overrun
        self.longest_record = min(self.longest_record, (self._budget - _CHANGE) // _EACH_PAGE * _PAGE)
        self._guard = Guard(path, _SIGNATURE_AT, _SIGNATURE)
        try:
            self._open()
        except StoreLost:
            self._guard.condemn()
            self._guard.close()
            raise
        except StoreError:
            self._guard.close()
            raise

    def _open(self) -> None:
        with _errors(self._path):
            if self._path.stat().st_size != self._size:
                raise StoreError(f"{self._path} was made for another size")
            os.stat(f"{self._path}-lock")  # noqa: PTH116 - otherwise LMDB would make another one
            self._environment = _open(self._path, self._size)
            self._records = self._environment.open_db(b"records", create=False)
            self._expiries = self._environment.open_db(b"expiries", create=False)
            self._environment.reader_check()
            self._guard.watch(Path(f"{self._path}-lock"), _LOCK_SIGNATURE)

    def get(self, session_id: bytes) -> bytes | None:
        """See Store."""
        self._guard.check()
        try:
            with self._environment.begin(self._records) as transaction:
                return transaction.get(session_id)
        except lmdb.Error as error:
            raise _trouble(self._path, error) from error

    def write(self, records: Mapping[bytes, bytes], removed: Collection[bytes] = ()) -> None:
        """See Store. In several transactions, if it is much for the size of the file."""
        if _weight(records.values(), len(removed)) <= self._budget:
            self._change(records, removed)
            return
        for session_ids in _batches(removed, self._budget, lambda _session_id: _CHANGE):
            self._change({}, session_ids)
        for batch in _batches(records.items(), self._budget, lambda item: _weight((item[1],))):
            self._change(dict(batch), ())

    def sweep(self, now: float, budget: int) -> int:
        """See Store."""
        oldest = self._read(lambda transaction: self._oldest(transaction, budget))
        expired = [key for key in oldest if expiry_of(key) <= now]
        for keys in _batches(expired, self._budget, lambda _key: _CHANGE):
            self._guard.check(WRITER)
            with _errors(self._path), self._environment.begin(self._records, write=True) as transaction:
                self._drop(transaction, keys)
        self._environment.reader_check()
        return len(expired)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """See Store."""
        return iter(self._read(lambda transaction: list(transaction.cursor(self._records))))  # type: ignore[arg-type]

    def extent(self) -> Extent:
        """See Store."""

        def measure(transaction: lmdb.Transaction) -> Extent:
            entries = transaction.stat(self._records)["entries"]
            oldest = next(iter(self._oldest(transaction, 1)), b"")
            return Extent(entries, self._used(transaction) * _PAGE, self._size, expiry_of(oldest))

        return self._read(measure)

    def condemn(self) -> None:
        """See Store."""
        self._guard.condemn()

    def close(self) -> None:
        """See Store."""
        self._guard.before_unmapping()
        self._environment.close()
        self._guard.close()

    def _change(self, records: Mapping[bytes, bytes], removed: Iterable[bytes]) -> None:
        """One transaction."""
        self._guard.check(WRITER)
        try:
            with self._environment.begin(self._records, write=True) as transaction:
                self._take_out(transaction, removed)
                # Two go for each that comes. The next then find room in pages that are half empty.
                if records and self._used(transaction) > self._mark:
                    self._drop(transaction, self._oldest(transaction, 2 * len(records)))
                self._file(transaction, records.items())
        except lmdb.Error as error:
            raise _trouble(self._path, error) from error

    def _file(self, transaction: lmdb.Transaction, records: Iterable[tuple[bytes, bytes]]) -> None:
        for session_id, record in records:
            if not transaction.put(session_id, record, overwrite=False):
                self._take_out(transaction, [session_id])
                transaction.put(session_id, record)
            transaction.put(record[:EXPIRY_SIZE] + session_id, b"", db=self._expiries)

    def _take_out(self, transaction: lmdb.Transaction, session_ids: Iterable[bytes]) -> None:
        for session_id in session_ids:
            record = transaction.pop(session_id)
            if record is not None:
                transaction.delete(bytes(record[:EXPIRY_SIZE]) + session_id, db=self._expiries)

    def _oldest(self, transaction: lmdb.Transaction, count: int) -> list[bytes]:
        """The first keys of the second table: expiry, then id."""
        keys = transaction.cursor(self._expiries).iternext(keys=True, values=False)
        return [bytes(key) for key in islice(keys, count)]

    def _drop(self, transaction: lmdb.Transaction, expiry_keys: Iterable[bytes]) -> None:
        for key in expiry_keys:
            transaction.delete(key[EXPIRY_SIZE:])
            transaction.delete(key, db=self._expiries)

    def _used(self, transaction: lmdb.Transaction) -> int:
        """The pages of both tables."""
        tables = (transaction.stat(self._records), transaction.stat(self._expiries))
        return sum(table["branch_pages"] + table["leaf_pages"] + table["overflow_pages"] for table in tables)

    def _read(self, work: Callable[[lmdb.Transaction], T]) -> T:
        self._guard.check()
        with _errors(self._path), self._environment.begin(self._records) as transaction:
            return work(transaction)


def _batches(things: Iterable[T], budget: int, weight: Callable[[T], int]) -> Iterator[list[T]]:
    """Things that weigh no more than `budget` together; at least one."""
    batch: list[T] = []
    left = budget
    for thing in things:
        heavy = weight(thing)
        if batch and heavy > left:
            yield batch
            batch, left = [], budget
        batch.append(thing)
        left -= heavy
    if batch:
        yield batch


def _weight(records: Iterable[bytes], removed: int = 0) -> int:
    """Pages that a change may need, and some more."""
    weight = _CHANGE * removed
    for record in records:
        weight += _CHANGE + len(record) // _PAGE * _EACH_PAGE
    return weight


def _size(limit: int) -> int:
    """The file's size in bytes."""
    return max(-(-limit // _PAGE), _FEWEST_PAGES) * _PAGE


def _allocate(path: Path, size: int) -> None:
    """Give a file of this size its place on the disk. Raises OSError."""
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _open(path: Path, size: int, *, writemap: bool = True) -> lmdb.Environment:
    return lmdb.open(
        str(path),
        subdir=False,
        map_size=size,
        max_dbs=2,
        max_readers=_READERS,
        mode=0o600,
        writemap=writemap,
        sync=False,
        metasync=False,
    )


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """LMDB's errors as StoreError."""
    try:
        yield
    except lmdb.Error as error:
        raise _trouble(path, error) from error
    except FileNotFoundError as error:
        raise StoreLost(f"{error.filename} is gone", ANEW) from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def _trouble(path: Path, error: lmdb.Error) -> StoreError:
    if isinstance(error, lmdb.ReadersFullError):
        return StoreError(f"{path} is open in too many processes")
    if type(error) in (lmdb.Error, lmdb.DiskError):  # what the system refused
        return StoreError(f"{path} cannot be used: {error}", "is there room on its disk?")
    return StoreLost(f"{path} is damaged: {error}")
