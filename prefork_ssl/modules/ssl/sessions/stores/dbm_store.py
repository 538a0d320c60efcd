"""The DBM types of Python's standard library: gnu, ndbm, dumb.

An open file does not show what other processes have written since. So it is opened anew for each use, with the mutex
held, also for reading. Their keys are in no order; that of arrival is kept beside them, as a queue:

    s ID        place in the queue, 8 bytes; record
    q PLACE     id
    m           first place, next place, number of sessions, bytes in them
"""

from __future__ import annotations

import codecs
import errno
import importlib
import os
import struct
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from prefork_ssl.modules.ssl.sessions.records import expiry_of
from prefork_ssl.modules.ssl.sessions.stores.store import Extent, Store, StoreError, StoreLost, is_file

_STATE = struct.Struct(">QQQQ")
_PLACE = struct.Struct(">Q")

# What is raised, beside OSError, by who reads a file that holds anything at all.
_NONSENSE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    SyntaxError,
    RecursionError,
    MemoryError,
    struct.error,
)
_TEMPORARY = {
    errno.EAGAIN: "it is locked by another process",
    errno.ENOSPC: "its disk is full",
    errno.EDQUOT: "its disk is full",
    errno.EACCES: "it must belong to the user of the workers",
    errno.EPERM: "it must belong to the user of the workers",
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "the system has too many files open",
}


class DBMStore(Store):
    """What the three have in common. The limit is for the records; the files are larger by what the type adds."""

    # The module of the standard library.
    module_name: ClassVar[str]

    @classmethod
    def missing(cls) -> str:
        """See Store."""
        try:
            importlib.import_module(cls.module_name)
        except ImportError:
            return f"this Python was built without {cls.module_name}"
        return ""

    @classmethod
    def create(cls, path: Path, limit: int) -> None:
        """See Store."""
        with _errors(path):
            _library(cls).open(str(path), "n", 0o600).close()

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._library = _library(type(self))

    def get(self, session_id: bytes) -> bytes | None:
        """See Store."""
        with self._opened("r") as database:
            value = _fetch(database, b"s" + session_id)
            return value[_PLACE.size :] if value else None

    def write(self, records: Mapping[bytes, bytes], removed: Collection[bytes] = ()) -> None:
        """See Store."""
        with self._queue() as queue:
            for session_id in removed:
                queue.remove(session_id)
            for session_id, record in records.items():
                queue.append(session_id, record)
            while queue.size > self._limit and queue.drop_first():
                pass

    def sweep(self, now: float, budget: int) -> int:
        """See Store."""
        dropped = 0
        with self._queue() as queue:
            while dropped < budget and queue.first_expiry() <= now and queue.drop_first():
                dropped += 1
        return dropped

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """See Store."""
        with self._opened("r") as database:
            keys = [bytes(key) for key in database.keys() if key[:1] == b"s"]  # noqa: SIM118 - no mapping
            return iter([(key[1:], database[key][_PLACE.size :]) for key in keys])

    def extent(self) -> Extent:
        """See Store."""
        with self._opened("r") as database:
            queue = _Queue(database)
            return Extent(queue.count, queue.size, self._limit, queue.oldest())

    def condemn(self) -> None:
        """See Store. Nobody else has the file open, so it is made anew at once."""
        self.create(self._path, self._limit)

    def close(self) -> None:
        """See Store."""

    @contextmanager
    def _queue(self) -> Iterator[_Queue]:
        with self._opened("w") as database:
            queue = _Queue(database)
            yield queue
            queue.save()

    @contextmanager
    def _opened(self, flag: str) -> Iterator[Any]:
        with _errors(self._path), _closing(self._library.open(str(self._path), flag, 0o600)) as database:
            yield database


class GNUStore(DBMStore):
    """GNU dbm: one file, records of any length."""

    type_name: ClassVar[str] = "gnu"
    module_name: ClassVar[str] = "dbm.gnu"

    @classmethod
    def intact(cls, path: Path, limit: int) -> bool:
        """See Store."""
        return super().intact(path, limit) and path.stat().st_size > 0


class NDBMStore(DBMStore):
    """The DBM of Unix, or what the system has in its place: some keep a record in one page of 1 KB."""

    type_name: ClassVar[str] = "ndbm"
    module_name: ClassVar[str] = "dbm.ndbm"
    longest_record = 940
    suffixes: ClassVar[tuple[str, ...]] = (".db", ".dir", ".pag")

    @classmethod
    def intact(cls, path: Path, limit: int) -> bool:
        """See Store."""
        return any(is_file(Path(f"{path}{suffix}")) for suffix in cls.suffixes)


class DumbStore(DBMStore):
    """In every Python, and very slow: each use reads the whole index. For few sessions, where there is nothing else."""

    type_name: ClassVar[str] = "dumb"
    module_name: ClassVar[str] = "dbm.dumb"
    default_limit: ClassVar[int] = 1 << 20
    _FILES = (".dat", ".dir")

    @classmethod
    def missing(cls) -> str:
        """See Store. Its codec is looked up now: workers may not be able to read Python's own files."""
        codecs.lookup("Latin-1")
        return super().missing()

    suffixes: ClassVar[tuple[str, ...]] = (".dat", ".dir", ".bak")

    @classmethod
    def intact(cls, path: Path, limit: int) -> bool:
        """See Store."""
        return all(is_file(Path(f"{path}{suffix}")) for suffix in cls._FILES)

    @classmethod
    def create(cls, path: Path, limit: int) -> None:
        """See Store. Its own way of making a file anew needs the right to remove the old one."""
        try:
            for suffix in cls._FILES:
                os.close(os.open(f"{path}{suffix}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        except OSError as error:
            raise _trouble(path, error) from error

    def write(self, records: Mapping[bytes, bytes], removed: Collection[bytes] = ()) -> None:
        """See Store."""
        super().write(records, removed)
        if Path(f"{self._path}.dat").stat().st_size > 4 * self._limit:
            self._compact()

    def _compact(self) -> None:
        """What was removed leaves a hole that is never filled again."""
        kept = dict(self.items())
        self.create(self._path, self._limit)
        super().write(kept)


class _Queue:
    """The sessions in an open file, in the order of their arrival."""

    def __init__(self, database: Any) -> None:
        self._database = database
        state = _fetch(database, b"m")
        self._first, self._next, self.count, self.size = _STATE.unpack(state) if state else (0, 0, 0, 0)

    def save(self) -> None:
        """Keep the state. To be called at the end."""
        self._database[b"m"] = _STATE.pack(self._first, self._next, self.count, self.size)

    def append(self, session_id: bytes, record: bytes) -> None:
        self.remove(session_id)
        place = _PLACE.pack(self._next)
        self._database[b"q" + place] = session_id
        self._database[b"s" + session_id] = place + record
        self._next += 1
        self.count += 1
        self.size += len(record)

    def remove(self, session_id: bytes) -> None:
        """Take a session out; its place stays, empty."""
        value = _fetch(self._database, b"s" + session_id)
        if value is not None:
            del self._database[b"s" + session_id]
            self.count -= 1
            self.size -= len(value) - _PLACE.size

    def drop_first(self) -> bool:
        """Take out the first session, or its empty place; False if there is none."""
        if self._first == self._next:
            return False
        place = _PLACE.pack(self._first)
        session_id = _fetch(self._database, b"q" + place)
        if session_id is not None:
            del self._database[b"q" + place]
            if (_fetch(self._database, b"s" + session_id) or b"").startswith(place):
                self.remove(session_id)
        self._first += 1
        return True

    def first_expiry(self) -> float:
        """When the first session expires; 0 for an empty place."""
        return self._expiry(self._first)

    def oldest(self) -> float:
        """The same, empty places left out."""
        return next(filter(None, map(self._expiry, range(self._first, self._next))), 0.0)

    def _expiry(self, number: int) -> float:
        place = _PLACE.pack(number)
        session_id = _fetch(self._database, b"q" + place)
        value = _fetch(self._database, b"s" + session_id) if session_id else None
        return expiry_of(value[_PLACE.size :]) if value and value.startswith(place) else 0.0


def _library(store: type[DBMStore]) -> Any:
    return importlib.import_module(store.module_name)


def _fetch(database: Any, key: bytes) -> bytes | None:
    """Not get(): that of gnu and dumb is not in every version."""
    return bytes(database[key]) if key in database else None


@contextmanager
def _closing(database: Any) -> Iterator[Any]:
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, *_NONSENSE) as error:
        raise _trouble(path, error) from error


def _trouble(path: Path, error: Exception) -> StoreError:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT:
        return StoreLost(f"{path} is gone")
    if number in _TEMPORARY:
        return StoreError(f"{path} cannot be used: {_TEMPORARY[number]}")
    return StoreLost(f"{path} is damaged: {error}")
