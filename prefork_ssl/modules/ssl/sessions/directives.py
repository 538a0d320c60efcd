"""The directives about sessions, except for SSLSessionTickets, which is one of the host's parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefork_ssl.config import arguments
from prefork_ssl.config.arguments import duration, one
from prefork_ssl.config.directives import Context, Directive, Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.sessions.choices import Alone, Choice, MutexChoice, parse_cache, parse_mutex

# Seconds: OpenSSL lets nobody resume a session of TLS 1.3 after a week (RFC 8446 section 4.6.1).
_LONGEST = 604800.0


def _lifetime(word: str, _place: Place) -> float:
    seconds = duration(word)
    if not 1 <= seconds <= _LONGEST:
        raise BadArgument(f"must be from 1 second to a week ({_LONGEST:.0f}), not {word}")
    return seconds


SSL_SESSION_CACHE: Directive[Choice] = Directive(
    "SSLSessionCache",
    one(
        "none|nonenotnull|dbm[=type]:path[(bytes)]|shmcb:path[(bytes)]|redis:host[:port]|memcache:host[:port]",
        parse_cache,
    ),
    Context.SERVER,
    Alone.OWN,
    "Where sessions are kept that any worker can resume. Types of DBM: lmdb, gnu, sqlite3, ndbm, dumb.",
)
SSL_SESSION_CACHE_TIMEOUT = Directive(
    "SSLSessionCacheTimeout",
    one("seconds", _lifetime),
    Context.HOST,
    300.0,
    "How long a client can resume its session, from 1 second to a week.",
)
SSL_SESSION_CACHE_KEY_FILE: Directive[Path | None] = Directive(
    "SSLSessionCacheKeyFile",
    arguments.path,
    Context.SERVER,
    None,
    "The key that sessions are sealed with, for machines that share a cache: 32 random bytes, or 64 hex digits.",
)
SSL_MUTEX = Directive(
    "SSLMutex",
    one("none|default|file:path", parse_mutex),
    Context.SERVER,
    MutexChoice(),
    "What keeps workers from writing to the session cache at the same time: a file that is locked.",
    default_text="default",
)

SESSION_DIRECTIVES: tuple[Directive[Any], ...] = (
    SSL_SESSION_CACHE,
    SSL_SESSION_CACHE_TIMEOUT,
    SSL_SESSION_CACHE_KEY_FILE,
    SSL_MUTEX,
)
