"""Pid files: whose process lives, and whose only seems to."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prefork_ssl.kernel.process.pidfile import Found, PidFile, PidFileError, State, claim, look

HOLD = """
import sys
from pathlib import Path
from prefork_ssl.kernel.process.pidfile import PidFile
file = PidFile(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the file during the block."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


def test_no_file(tmp_path: Path) -> None:
    assert look(tmp_path / "none.pid") == Found(State.ABSENT)


def test_a_file_that_is_held_names_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "server.pid"
    with held(path) as process:
        assert look(path) == Found(State.RUNNING, process.pid)
        assert look(path) == Found(State.RUNNING, process.pid)
        with pytest.raises(PidFileError, match=f"pid {process.pid}.*already running"):
            claim(path)
    assert look(path) == Found(State.STALE, process.pid)


def test_the_holder_counts_and_not_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "server.pid"
    with held(path) as process:
        with path.open("r+") as file:
            file.write("1\n     ")
        assert look(path) == Found(State.RUNNING, process.pid)


def test_a_process_that_was_there_when_the_file_was_written_is_foreign(tmp_path: Path) -> None:
    path = tmp_path / "server.pid"
    path.write_text(f"{os.getpid()}\n")
    assert look(path) == Found(State.FOREIGN, os.getpid())
    with pytest.raises(PidFileError, match="is not prefork-ssl"):
        claim(path)


def test_a_process_that_is_younger_than_the_file_did_not_write_it(tmp_path: Path) -> None:
    path = tmp_path / "server.pid"
    path.write_text(f"{os.getpid()}\n")
    os.utime(path, (1, 1))
    assert look(path) == Found(State.STALE, os.getpid())


def test_a_zombie_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "server.pid"
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        path.write_text(f"{process.pid}\n")
        assert look(path).state is State.STALE


@pytest.mark.parametrize("content", ["", "\n", "zero", "-1", "0", "99999999999999", "\0\0", "12 13"])
def test_what_is_no_process_id(tmp_path: Path, content: str) -> None:
    path = tmp_path / "server.pid"
    path.write_text(content)
    with pytest.raises(PidFileError, match=f"{path} holds .*which is not a process id"):
        look(path)


def test_a_directory_is_no_pid_file(tmp_path: Path) -> None:
    with pytest.raises(PidFileError, match="cannot be read: Is a directory"):
        look(tmp_path)


def test_readers_see_all_of_it_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "server.pid"
    path.write_text("left behind")
    file = PidFile(path)
    assert path.read_text() == f"{os.getpid()}\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]
    file.remove()
    assert not list(tmp_path.iterdir())


def test_the_file_of_another_process_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "server.pid"
    file = PidFile(path)
    path.unlink()
    path.write_text("1\n")
    assert not file.is_at(path)
    file.remove()
    assert path.read_text() == "1\n"


def test_links_lead_to_the_same_file(tmp_path: Path) -> None:
    file = PidFile(tmp_path / "server.pid")
    (tmp_path / "link").symlink_to("server.pid")
    assert file.is_at(tmp_path / "link")
    file.remove()


def test_a_draft_that_somebody_else_put_there_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "server.pid"
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / f".server.pid.{os.getpid()}").symlink_to(victim)
    with pytest.raises(PidFileError, match="cannot be written: File exists"):
        PidFile(path)
    assert victim.read_text() == "precious"
