"""The DBM types by name, and which of them is taken where none is asked for."""

from __future__ import annotations

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.sessions.stores.dbm_store import DumbStore, GNUStore, NDBMStore
from prefork_ssl.modules.ssl.sessions.stores.lmdb_store import LMDBStore
from prefork_ssl.modules.ssl.sessions.stores.sqlite_store import SQLiteStore
from prefork_ssl.modules.ssl.sessions.stores.store import Store

# Best first. dumb is never taken without being asked for.
TYPES: dict[str, type[Store]] = {
    store.type_name: store for store in (LMDBStore, GNUStore, SQLiteStore, NDBMStore, DumbStore)
}


def find_type(name: str) -> type[Store]:
    """The type of this name; the best that this machine has for "". Raises BadArgument."""
    if not name:
        return next(store for store in TYPES.values() if not store.missing())
    store = TYPES.get(name.lower())
    if store is None:
        raise BadArgument(f"{name!r} is no DBM type", f"known are {', '.join(TYPES)}")
    if why := store.missing():
        raise BadArgument(f"dbm={name} cannot be used: {why}", f"write dbm={find_type('').type_name}, or dbm")
    return store
