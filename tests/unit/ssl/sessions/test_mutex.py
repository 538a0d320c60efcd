"""The mutex: taken by one, released by the system, and never the wrong file."""

from __future__ import annotations

import os
import signal

import pytest

from prefork_ssl.modules.ssl.sessions.keeper import MutexFile
from prefork_ssl.modules.ssl.sessions.mutex import FileMutex, MutexError


@pytest.fixture
def path(tmp_path):
    """A file to lock."""
    MutexFile(tmp_path / "mutex", None).make()
    return tmp_path / "mutex"


def holder_of(path) -> int:
    """The process id of a child that holds the mutex."""
    ready, tell = os.pipe()
    child = os.fork()
    if not child:
        mutex = FileMutex(path)
        os.write(tell, b"y" if mutex.acquire() else b"n")
        signal.pause()
    assert os.read(ready, 1) == b"y"
    return child


def end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_one_at_a_time(path):
    one, other = FileMutex(path), FileMutex(path)
    assert one.acquire()
    assert not other.acquire()
    one.release()
    assert other.acquire()


def test_who_holds_it(path):
    child = holder_of(path)
    try:
        mutex = FileMutex(path)
        assert not mutex.acquire()
        assert mutex.holder() == child
    finally:
        end(child)
    assert mutex.holder() == 0


def test_the_system_releases_it_when_its_holder_is_killed(path):
    mutex = FileMutex(path)
    end(holder_of(path))
    assert mutex.acquire()


def test_a_stopped_holder_keeps_it(path):
    child = holder_of(path)
    os.kill(child, signal.SIGSTOP)
    try:
        assert not FileMutex(path).acquire()
    finally:
        end(child)


def test_without_a_file_there_is_none(path):
    mutex = FileMutex(path)
    assert mutex.acquire()
    mutex.release()
    path.unlink()
    with pytest.raises(MutexError, match="No such file"):
        mutex.acquire()
    path.symlink_to("/etc/hostname")
    with pytest.raises(MutexError):
        mutex.acquire()


def test_a_file_that_was_replaced_is_not_locked(path):
    mutex = FileMutex(path)
    assert mutex.acquire()
    mutex.release()
    MutexFile(path, None).make()
    assert not mutex.acquire()  # it notices
    assert mutex.acquire()  # and takes the new one
    assert not FileMutex(path).acquire()


def test_the_master_makes_it_anew_when_nobody_holds_the_old_one(tmp_path):
    file = MutexFile(tmp_path / "mutex", None)
    file.make()
    first = file._path.stat().st_ino
    file.restore()
    assert file._path.stat().st_ino == first
    mutex = FileMutex(file._path)
    assert mutex.acquire()
    file._path.unlink()
    file.restore()
    assert not file._path.exists()
    mutex.release()
    file.restore()
    assert file._path.exists()
    assert file._path.stat().st_mode & 0o777 == 0o600
