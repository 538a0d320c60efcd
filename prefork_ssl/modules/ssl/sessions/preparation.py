"""From what the configuration says about sessions to the sessions of a generation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from OpenSSL import SSL

from prefork_ssl.config.directives import Directive, Settings
from prefork_ssl.config.errors import ConfigError, Problem
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Report
from prefork_ssl.kernel.process.privileges import worker_identity
from prefork_ssl.modules.ssl.log.events import sessions as events
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.sessions.choices import DBM, Alone, MutexChoice, Server
from prefork_ssl.modules.ssl.sessions.directives import (
    SSL_MUTEX,
    SSL_SESSION_CACHE,
    SSL_SESSION_CACHE_KEY_FILE,
    SSL_SESSION_CACHE_TIMEOUT,
)
from prefork_ssl.modules.ssl.sessions.keeper import Keeper
from prefork_ssl.modules.ssl.sessions.keys import KeyFileError, new_key, read_key
from prefork_ssl.modules.ssl.sessions.network.clients import new_client
from prefork_ssl.modules.ssl.sessions.network.network_cache import NetworkCache
from prefork_ssl.modules.ssl.sessions.place import place_of
from prefork_ssl.modules.ssl.sessions.selfcheck import can_share
from prefork_ssl.modules.ssl.sessions.service import SESSIONS, KeptSessions, Sessions, SharedSessions
from prefork_ssl.modules.ssl.sessions.tally import Tally
from prefork_ssl.modules.ssl.sessions.trouble import Trouble

_MODES = {
    Alone.OWN: SSL.SESS_CACHE_SERVER,
    Alone.NONE: SSL.SESS_CACHE_OFF,
    # Clients get an id, but never a session for it.
    Alone.NONE_NOT_NULL: SSL.SESS_CACHE_SERVER | SSL.SESS_CACHE_NO_INTERNAL,
}


def check_sessions(configuration: Configuration, report: Report) -> None:
    """What cannot work. Nothing is opened."""
    settings = configuration.server.settings
    cache, mutex = settings[SSL_SESSION_CACHE], settings[SSL_MUTEX]
    if isinstance(cache, DBM) and not mutex.wanted and not cache.kind.reads_alone:
        message = f"SSLMutex: dbm={cache.kind.type_name} needs a mutex"
        report(Problem(message, settings.origin(SSL_MUTEX), "write SSLMutex default, or leave the line out"))
    for directive, path in _paths(settings):
        if path.is_dir():
            message = f"{directive.name}: {path} is a directory"
            report(Problem(message, settings.origin(directive), "name a file in it"))


def examine_sessions(configuration: Configuration) -> Iterator[str]:
    """Under -t: what the server would have to do without. Raises ConfigError."""
    settings = configuration.server.settings
    _key(settings, None)
    for directive, path in _paths(settings):
        if not path.parent.is_dir():
            problem = Problem(
                f"{directive.name}: there is no directory {path.parent}",
                settings.origin(directive),
                "make it",
            )
            yield f"warning: {problem}"


def _paths(settings: Settings) -> Iterator[tuple[Directive[Any], Path]]:
    """The files that the directives name."""
    cache, mutex = settings[SSL_SESSION_CACHE], settings[SSL_MUTEX]
    if isinstance(cache, DBM):
        yield SSL_SESSION_CACHE, cache.path
        if mutex.path:
            yield SSL_MUTEX, mutex.path


def prepare_sessions(generation: Generation, log: SSLLog) -> Sessions:
    """The sessions of a generation, kept in it. Raises ConfigError."""
    sessions = _sessions(generation, log)
    generation.keep(SESSIONS, sessions)
    return sessions


def _sessions(generation: Generation, log: SSLLog) -> Sessions:
    settings = generation.configuration.server.settings
    cache = settings[SSL_SESSION_CACHE]
    if isinstance(cache, Alone):
        return Sessions(_MODES[cache])
    if not can_share():
        events.unshared(log)
        return Sessions(_MODES[Alone.OWN])
    earlier = generation.previous.get(SESSIONS) if generation.previous else None
    previous = earlier if isinstance(earlier, SharedSessions) else None
    key = _key(settings, previous)
    trouble = Trouble(log, previous.trouble if previous else None)
    if isinstance(cache, Server):
        return _in_the_network(cache, settings, log, key, trouble)
    _tell_of_mutex(settings[SSL_MUTEX], log)
    kept = previous if isinstance(previous, KeptSessions) else None
    lifetime = max(host.settings[SSL_SESSION_CACHE_TIMEOUT] for host in generation.configuration.all_hosts)
    return KeptSessions(key, trouble, _keeper(cache, settings, kept), kept, lifetime)


def _in_the_network(
    server: Server, settings: Settings, log: SSLLog, key: bytes, trouble: Trouble
) -> SharedSessions:
    if settings[SSL_SESSION_CACHE_KEY_FILE] is None:
        hint = "for machines that share their sessions, name one key with SSLSessionCacheKeyFile"
        events.told(log, f"what this server keeps in {server} is for its own workers only", hint)
    tally = Tally()
    return SharedSessions(key, trouble, NetworkCache(server, new_client(server), trouble, tally), tally)


def _keeper(cache: DBM, settings: Settings, previous: KeptSessions | None) -> Keeper:
    """The one of the generation before, if nothing has changed: then its sessions go on being good."""
    place, identity = place_of(cache, settings[SSL_MUTEX]), worker_identity(settings)
    if previous and (previous.keeper.place, previous.keeper.identity) == (place, identity):
        return previous.keeper
    return Keeper(place, identity)


def _key(settings: Settings, previous: SharedSessions | None) -> bytes:
    """The sealing key. Raises ConfigError."""
    path = settings[SSL_SESSION_CACHE_KEY_FILE]
    if path is None:
        return previous.key if previous else new_key()
    try:
        return read_key(path)
    except KeyFileError as error:
        origin = settings.origin(SSL_SESSION_CACHE_KEY_FILE)
        problem = Problem(f"{SSL_SESSION_CACHE_KEY_FILE.name}: {error}", origin, error.hint)
        raise ConfigError([problem]) from error


def _tell_of_mutex(mutex: MutexChoice, log: SSLLog) -> None:
    if mutex.instead_of:
        events.told(log, f"SSLMutex {mutex.instead_of}: a locked file does the same here")
