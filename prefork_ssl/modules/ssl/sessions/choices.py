"""What SSLSessionCache and SSLMutex may say, in the words of all of Apache's versions."""

from __future__ import annotations

import enum
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.sessions.stores.store import Store
from prefork_ssl.modules.ssl.sessions.stores.types import find_type

# Where a cache is whose place is not named, below ServerRoot.
_DEFAULT_PATH = "logs/ssl_session_cache"
_LEAST_BYTES = 8192  # as in Apache


class Alone(enum.Enum):
    """No cache that workers share."""

    OWN = "each worker has OpenSSL's own cache"
    NONE = "none"
    NONE_NOT_NULL = "nonenotnull"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class DBM:
    """A DBM file: its type, where it is, and how many bytes it may hold."""

    kind: type[Store]
    path: Path
    limit: int

    def __str__(self) -> str:
        return f"dbm={self.kind.type_name}:{self.path}"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that several machines share: "redis" or "memcache", and where it listens."""

    protocol: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.protocol}:{host}:{self.port}"


Choice = Alone | DBM | Server

_PORTS = {"redis": 6379, "memcache": 11211}
_LIBRARIES = {"redis": "redis", "memcache": "pymemcache"}
# What other versions have in place of DBM, on one machine. It means the best type here.
_MEMORY = {"shm", "shmht", "shmcb"}
_SYNTAX = "none|nonenotnull|dbm:path[(bytes)]|dbm=type:path|shmcb:path[(bytes)]|redis:host[:port]|memcache:host[:port]"


def parse_cache(word: str, place: Place) -> Choice:
    """The argument of SSLSessionCache. Raises BadArgument."""
    name, _, rest = word.partition(":")
    name, _, kind = name.lower().partition("=")
    if name in ("none", "nonenotnull") and name == word.lower():
        return Alone(name)
    if name == "dbm":
        return _dbm(find_type(kind), rest, place)
    if name in _MEMORY and not kind:
        return _dbm(find_type(""), rest, place)
    if name in _PORTS and not kind:
        return _server(name, rest)
    raise BadArgument(f"{word!r} is no session cache", f"write {_SYNTAX}")


def _dbm(kind: type[Store], text: str, place: Place) -> DBM:
    name, size = re.fullmatch(r"(.*?)(?:\(([^()]*)\))?", text, re.DOTALL).groups()  # type: ignore[union-attr]
    return DBM(kind, place.path(name or _DEFAULT_PATH), kind.default_limit if size is None else _bytes(size))


def _bytes(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) < 14) or int(digits) < _LEAST_BYTES:
        raise BadArgument(
            f"({digits}) is no size", f"write a number of bytes in brackets, at least {_LEAST_BYTES}"
        )
    return int(digits)


def _server(protocol: str, text: str) -> Server:
    library = _LIBRARIES[protocol]
    if importlib.util.find_spec(library) is None:
        raise BadArgument(
            f"{protocol}: needs the package {library}", "pip install prefork_ssl[network-cache]"
        )
    host, port = re.fullmatch(r"(\[[^]]*\]|[^:]*)(?::(.*))?", text, re.DOTALL).groups()  # type: ignore[union-attr]
    if "," in text:
        raise BadArgument(f"{protocol} with several servers is not supported", "name one server")
    if not host.strip("[]"):
        raise BadArgument(f"{protocol}: names no host", f"write {protocol}:host or {protocol}:host:port")
    if port is None:
        port = str(_PORTS[protocol])
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise BadArgument(f"port must be a number from 1 to 65535, not {port!r}")
    return Server(protocol, host.strip("[]"), int(port))


# --- the mutex ---


@dataclass(frozen=True, slots=True)
class MutexChoice:
    """`path` is where the file is to be, None for the usual place; `wanted` is false for SSLMutex none. `instead_of` is
    another mechanism that was asked for, and which a file stands for."""

    path: Path | None = None
    wanted: bool = True
    instead_of: str = ""


_FILES = {"file", "flock", "fcntl"}
_OTHERS = {"sem", "sysvsem", "posixsem", "pthread"}


def parse_mutex(word: str, place: Place) -> MutexChoice:
    """The argument of SSLMutex. Raises BadArgument."""
    name, colon, rest = word.partition(":")
    name = name.lower()
    if name in ("none", "no") and not colon:
        return MutexChoice(wanted=False)
    if name in ("default", "yes") and not colon:
        return MutexChoice()
    if name in _FILES and rest:
        return MutexChoice(place.path(rest), instead_of="" if name == "file" else name)
    if name in _OTHERS:
        return MutexChoice(instead_of=name)
    raise BadArgument(f"{word!r} is no mutex", "write none, default or file:path")
