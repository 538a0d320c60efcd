"""SSLSessionCache and its companions, as they are written in configurations of all times."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from unit.ssl.serving import prepare, read
from unit.ssl.tls_clients import host, site

from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument, ConfigError, Origin
from prefork_ssl.modules.ssl.sessions.choices import DBM, Alone, MutexChoice, Server, parse_cache, parse_mutex
from prefork_ssl.modules.ssl.sessions.directives import SSL_SESSION_CACHE_TIMEOUT
from prefork_ssl.modules.ssl.sessions.keys import KeyFileError, read_key
from prefork_ssl.modules.ssl.sessions.service import SESSIONS, KeptSessions
from prefork_ssl.modules.ssl.sessions.stores.lmdb_store import LMDBStore
from prefork_ssl.modules.ssl.sessions.stores.types import TYPES, find_type

PLACE = Place(Origin("test.conf", 1), Path("/srv"))
MEGABYTES = 1 << 20


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("none", Alone.NONE),
        ("NONE", Alone.NONE),
        ("nonenotnull", Alone.NONE_NOT_NULL),
        ("dbm:logs/ssl_scache", DBM(LMDBStore, Path("/srv/logs/ssl_scache"), 32 * MEGABYTES)),
        ("dbm:/run/scache(512000)", DBM(LMDBStore, Path("/run/scache"), 512000)),
        ("dbm", DBM(LMDBStore, Path("/srv/logs/ssl_session_cache"), 32 * MEGABYTES)),
        ("dbm=sqlite3:logs/s(1000000)", DBM(TYPES["sqlite3"], Path("/srv/logs/s"), 1000000)),
        ("DBM=LMDB:logs/s", DBM(LMDBStore, Path("/srv/logs/s"), 32 * MEGABYTES)),
        ("dbm=dumb:logs/s", DBM(TYPES["dumb"], Path("/srv/logs/s"), MEGABYTES)),
        ("shmcb:/var/run/ssl_scache(512000)", DBM(LMDBStore, Path("/var/run/ssl_scache"), 512000)),
        ("shmht:logs/s(9000)", DBM(LMDBStore, Path("/srv/logs/s"), 9000)),
        ("shm:logs/s", DBM(LMDBStore, Path("/srv/logs/s"), 32 * MEGABYTES)),
        ("shmcb", DBM(LMDBStore, Path("/srv/logs/ssl_session_cache"), 32 * MEGABYTES)),
        ("redis:localhost", Server("redis", "localhost", 6379)),
        ("redis:192.0.2.1:7000", Server("redis", "192.0.2.1", 7000)),
        ("redis:[2001:db8::1]", Server("redis", "2001:db8::1", 6379)),
        ("redis:[2001:db8::1]:7000", Server("redis", "2001:db8::1", 7000)),
        ("memcache:cache.example", Server("memcache", "cache.example", 11211)),
    ],
)
def test_what_is_meant(text, choice):
    assert parse_cache(text, PLACE) == choice


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dc:distcache", "no session cache"),
        ("", "no session cache"),
        ("none:x", "no session cache"),
        ("dbm=oracle:logs/s", "no DBM type"),
        ("dbm:logs/s(12)", "no size"),
        ("dbm:logs/s(many)", "no size"),
        ("dbm:logs/s(-1)", "no size"),
        ("dbm:logs/s(99999999999999999)", "no size"),
        ("shmcb=lmdb:logs/s", "no session cache"),
        ("redis:", "names no host"),
        ("redis::6379", "names no host"),
        ("redis:a:b", "port"),
        ("redis:a:0", "port"),
        ("redis:a:99999", "port"),
        ("redis:a,b", "several servers"),
        ("memcache:a:1,b:2", "several servers"),
    ],
)
def test_what_is_not(text, message):
    with pytest.raises(BadArgument, match=message):
        parse_cache(text, PLACE)


def test_a_type_that_the_machine_lacks(monkeypatch):
    monkeypatch.setattr(TYPES["gnu"], "missing", classmethod(lambda _cls: "this Python has none"))
    with pytest.raises(BadArgument, match="this Python has none"):
        parse_cache("dbm=gnu:logs/s", PLACE)


def test_the_best_type_that_there_is(monkeypatch):
    def without(*names):
        for name in names:
            monkeypatch.setattr(TYPES[name], "missing", classmethod(lambda _cls: "missing"))
        return find_type("").type_name

    assert [without(), without("lmdb", "gnu"), without("sqlite3", "ndbm")] == ["lmdb", "sqlite3", "dumb"]


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("none", MutexChoice(wanted=False)),
        ("no", MutexChoice(wanted=False)),
        ("default", MutexChoice()),
        ("yes", MutexChoice()),
        ("file:logs/ssl_mutex", MutexChoice(Path("/srv/logs/ssl_mutex"))),
        ("flock:/run/m", MutexChoice(Path("/run/m"), instead_of="flock")),
        ("fcntl:/run/m", MutexChoice(Path("/run/m"), instead_of="fcntl")),
        ("sem", MutexChoice(instead_of="sem")),
        ("sysvsem", MutexChoice(instead_of="sysvsem")),
        ("posixsem", MutexChoice(instead_of="posixsem")),
        ("pthread", MutexChoice(instead_of="pthread")),
    ],
)
def test_mutexes(text, choice):
    assert parse_mutex(text, PLACE) == choice


@pytest.mark.parametrize("text", ["", "file", "file:", "none:x", "spinlock", "default:x"])
def test_no_mutexes(text):
    with pytest.raises(BadArgument):
        parse_mutex(text, PLACE)


# --- in a configuration ---


@pytest.fixture
def lines(tmp_path):
    return "User nobody\n" + host("a.test", site(tmp_path, "a.test").lines)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        prepare(folder, text)
    return str(caught.value)


@pytest.mark.parametrize("text", ["0", "700000", "-1", "soon"])
def test_a_lifetime_out_of_bounds(tmp_path, lines, text):
    assert "SSLSessionCacheTimeout" in refused(tmp_path, f"SSLSessionCacheTimeout {text}\n{lines}")


def test_a_lifetime_for_one_host(tmp_path, lines):
    text = f"SSLSessionCacheTimeout 60\n{lines}".replace(
        "SSLEngine on", "SSLEngine on\nSSLSessionCacheTimeout 2h"
    )
    configuration, _ = read(tmp_path, text)
    lifetimes = [each.settings[SSL_SESSION_CACHE_TIMEOUT] for each in configuration.all_hosts]
    assert lifetimes == [60.0, 7200.0]


def test_the_cache_is_for_all_hosts(tmp_path, lines):
    text = lines.replace("SSLEngine on", "SSLEngine on\nSSLSessionCache none")
    assert "SSLSessionCache" in refused(tmp_path, text)


def test_a_type_without_a_mutex(tmp_path, lines):
    text = f"SSLSessionCache dbm=dumb:cache\nSSLMutex none\n{lines}"
    assert "needs a mutex" in refused(tmp_path, text)
    prepare(tmp_path, text.replace("dumb", "lmdb"))


def test_a_directory_in_place_of_a_file(tmp_path, lines):
    (tmp_path / "folder").mkdir()
    assert "is a directory" in refused(tmp_path, f"SSLSessionCache dbm:folder\n{lines}")
    assert "is a directory" in refused(tmp_path, f"SSLSessionCache dbm:s\nSSLMutex file:folder\n{lines}")


def test_other_mechanisms_are_told(tmp_path, lines):
    prepare(tmp_path, f"SSLLog ssl_log\nSSLSessionCache dbm:cache\nSSLMutex posixsem\n{lines}")
    assert "SSLMutex posixsem: a locked file does the same" in (tmp_path / "ssl_log").read_text()


def test_sessions_survive_a_reload_that_changes_nothing_about_them(tmp_path, lines):
    text = f"SSLSessionCache dbm:cache\n{lines}"
    first = prepare(tmp_path, text)
    second = prepare(tmp_path, text + "KeepAliveTimeout 3\n", first)
    third = prepare(tmp_path, text.replace("dbm:cache", "dbm:other"), second)
    kept = [each[SESSIONS] for each in (first, second, third)]
    assert all(isinstance(each, KeptSessions) for each in kept)
    assert kept[0].keeper is kept[1].keeper
    assert kept[1].keeper is not kept[2].keeper
    assert kept[0].key == kept[1].key == kept[2].key


# --- the key file ---


def key_file(folder: Path, data: bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_the_key_in_a_file(tmp_path):
    key = os.urandom(32)
    assert read_key(key_file(tmp_path, key)) == key
    assert read_key(key_file(tmp_path, key.hex().encode() + b"\n")) == key
    assert read_key(key_file(tmp_path, key.hex().upper().encode())) == key


@pytest.mark.parametrize(
    "data",
    [b"", b"short", os.urandom(33), bytes(32), b"a" * 64, b"x" * 64, os.urandom(31)],
    ids=itertools.count(),
)
def test_what_is_no_key(tmp_path, data):
    with pytest.raises(KeyFileError, match="does not hold 32 random bytes") as caught:
        read_key(key_file(tmp_path, data))
    assert "openssl rand 32" in caught.value.hint


def test_a_key_that_others_may_read(tmp_path):
    with pytest.raises(KeyFileError, match="others than its owner") as caught:
        read_key(key_file(tmp_path, os.urandom(32), 0o640))
    assert "chmod 400" in caught.value.hint


def test_no_key_file_and_a_folder(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(KeyFileError):
            read_key(path)


def test_a_bad_key_file_is_told_with_its_line(tmp_path, lines):
    key_file(tmp_path, b"secret, but not a key")
    told = refused(tmp_path, f"SSLSessionCache dbm:cache\nSSLSessionCacheKeyFile key\n{lines}")
    assert f"{tmp_path / 'test.conf'}:5: SSLSessionCacheKeyFile" in told
    assert "secret" not in told
