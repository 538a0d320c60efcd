"""Pid files: left behind, written by others, impossible to write."""

import os
import subprocess

import pytest
from blackbox.bare import bare_server, nothing_left


def test_a_pid_file_of_a_process_that_ended_is_overwritten() -> None:
    with bare_server() as server, subprocess.Popen(["true"]) as ended:
        ended.wait()
        server.pid_file.write_text(f"{ended.pid}\n")
        assert server.status() == 1
        master = server.start_daemon()
        assert server.daemon == master != ended.pid
        server.logged(f"PidFile {server.pid_file} was left behind")


def test_a_pid_that_was_given_to_another_process_since_is_stale() -> None:
    with bare_server() as server:
        server.pid_file.write_text(f"{os.getpid()}\n")
        os.utime(server.pid_file, (0, 0))
        done = server.run("-k", "stop")
        assert (done.returncode, done.stdout) == (0, f"prefork-ssl (pid {os.getpid()}?) not running\n")
        assert server.start_daemon() != os.getpid()


@pytest.mark.parametrize("action", ["start", "stop", "restart", "graceful-stop"])
def test_a_living_process_of_another_program_is_left_alone(action: str) -> None:
    with bare_server() as server:
        server.pid_file.write_text(f"{os.getpid()}\n")
        done = server.run("-k", action)
        assert done.returncode == 1
        assert f"process {os.getpid()}, which is running, but is not prefork-ssl" in done.stderr
        assert server.pid_file.read_text() == f"{os.getpid()}\n"
        server.pid_file.unlink()


def test_a_pid_file_that_holds_no_pid_is_a_failure() -> None:
    with bare_server() as server:
        server.pid_file.write_text("zero\n")
        for action in ("start", "stop"):
            done = server.run("-k", action)
            assert done.returncode == 1
            assert str(server.pid_file) in done.stderr
            assert len(done.stderr.splitlines()) == 1
        server.pid_file.unlink()


def test_a_pid_file_that_cannot_be_written() -> None:
    with bare_server("PidFile nowhere/server.pid\n") as server:
        done = server.run("-k", "start")
        assert done.returncode == 1
        assert "nowhere/server.pid cannot be written: No such file or directory" in done.stderr
        nothing_left(server)
