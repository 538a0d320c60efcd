"""Log files that are moved away, and log programs, without a reload."""

import os
import signal
import sys
from pathlib import Path

from blackbox import clients, processes
from blackbox.bare import BareServer, bare_server, gone, running
from blackbox.until import until


def rotate(server: BareServer, number: int) -> None:
    log = server.root / "logs/error_log"
    log.rename(server.root / f"logs/error_log.{number}")
    until(log.exists, "a new log")


def test_a_log_that_was_moved_away_is_opened_anew_for_everybody() -> None:
    with bare_server() as server:
        server.start()
        for number in (1, 2):
            rotate(server, number)
            for _ in range(10):
                server.ask("/sleep?0")
            server.logged("sleeping")
        victim, survivor = server.workers()
        os.kill(victim, signal.SIGKILL)
        server.logged(f"(pid {victim}) was ended by SIGKILL")
        # The replacement writes to the new file, too.
        newcomer = until(lambda: {server.ask("/sleep?0")[0]} - {survivor}, "the replacement answers").pop()
        assert f"[pid {newcomer}] sleeping" in server.log()


def test_a_worker_that_drains_writes_to_the_new_file() -> None:
    with bare_server() as server:
        server.start()
        with clients.connect(server.http) as busy:
            busy.sendall(b"GET /sleep?2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            server.logged("sleeping")
            old = server.workers()
            server.signal(signal.SIGHUP)
            server.logged("ready: generation 2")
            rotate(server, 1)
            draining = until(lambda: set(old) & set(server.workers()), "an old worker drains")
            os.kill(draining.pop(), signal.SIGUSR2)
            server.logged("what every greenlet is doing")
            assert clients.parse(clients.drain(busy)).status == 200


def test_standard_error_of_a_daemon_follows_the_log() -> None:
    with bare_server("StartServers 1\n") as server:
        master = server.start_daemon()
        rotate(server, 1)
        new = server.root / "logs/error_log"
        for pid in (master, *server.daemon_workers()):
            error = Path(f"/proc/{pid}/fd/2")
            until(lambda error=error: error.readlink() == new, "standard error leads to the new log")


def test_a_log_that_cannot_be_opened_anew_is_told_once_and_tried_again() -> None:
    with bare_server("StartServers 1\n") as server:
        server.start()
        logs, moved = server.root / "logs", server.root / "moved"
        logs.rename(moved)
        log = moved / "error_log"
        until(lambda: "cannot be opened anew" in log.read_text(), "a complaint")
        moved.rename(logs)
        until(server.ask, "it serves")
        assert server.log().count("cannot be opened anew") == 1


def test_a_log_program_gets_what_is_written_and_ends_with_its_generation() -> None:
    copy = f'{sys.executable} -c "import shutil,sys;shutil.copyfileobj(sys.stdin,open(sys.argv[1],chr(97)))"'
    with bare_server("StartServers 1\n") as server:
        copied = server.root / "logs/copied"
        server.configure(f"ErrorLog '|{copy} {copied}'\n")
        server.start()
        (program,) = set(processes.children(server.pid)) - set(server.workers())
        server.run("-k", "restart")
        gone(program)
        assert "ready: generation 1" in copied.read_text()
        assert server.stop() == 0
        until(lambda: "ready: generation 2" in copied.read_text(), "the last lines")


def test_a_log_program_that_dies_is_started_again() -> None:
    with bare_server("StartServers 1\nErrorLog '|cat >> @root/logs/copied'\n") as server:
        server.configure(f"ErrorLog '|$exec cat >> {server.root}/logs/copied'\n")
        server.start()
        (program,) = set(processes.children(server.pid)) - set(server.workers())
        os.kill(program, signal.SIGKILL)
        line = server.logged("was started again", "copied")
        assert "status -9" in line
        server.ask("/sleep?0")
        server.logged("sleeping", "copied")


def test_without_a_master_it_is_started_again_too() -> None:
    with bare_server() as server:
        copied = server.root / "logs/copied"
        copied.touch()
        copied.chmod(0o666)  # it is started again by who has given up root
        server.configure(f"ErrorLog '|$exec cat >> {copied}'\n")
        with running(server, server.command("-X")) as process:
            (program,) = processes.children(process.pid)
            os.kill(program, signal.SIGKILL)
            assert "status -9" in server.logged("was started again", "copied")
            server.ask("/sleep?0")
            server.logged("sleeping", "copied")
