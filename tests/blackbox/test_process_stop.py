"""Ends: at once or gracefully, by signal or by command, and when the master was killed."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect
import pytest
from blackbox import clients, processes
from blackbox.bare import BareServer, bare_server, gone, nothing_left, running
from blackbox.until import until


def test_stopping_what_does_not_run_is_no_failure() -> None:
    with bare_server() as server:
        for action in ("stop", "graceful-stop"):
            done = server.run("-k", action)
            assert (done.returncode, done.stdout) == (0, "prefork-ssl (no pid file) not running\n")


def test_stop_works_although_the_configuration_is_broken() -> None:
    with bare_server() as server:
        master = server.start_daemon()
        server.configure("Nonsense\n<Nowhere>\nLoadModule no_such_module\nListen all\n")
        assert server.run("-t").returncode == 1
        assert server.run("-k", "stop").returncode == 0
        assert not processes.alive(master)


def test_the_pid_file_is_found_through_includes_and_defines() -> None:
    with bare_server("Define WHERE run\nInclude conf/more.conf\n") as server:
        (server.root / "run").mkdir()
        (server.root / "conf/more.conf").write_text(
            "<IfModule tiny_module>\nPidFile ${WHERE}/other.pid\n</IfModule>\n"
        )
        assert server.run("-k", "start").returncode == 0
        master = int((server.root / "run/other.pid").read_text())
        (server.root / "conf/more.conf").open("a").write("Nonsense\n")
        assert server.run("-k", "stop").returncode == 0
        assert not processes.alive(master)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_term_and_int_interrupt_what_is_under_way(number: signal.Signals) -> None:
    with bare_server() as server:
        server.start()
        with clients.connect(server.http) as busy, clients.connect(server.http) as silent:
            busy.sendall(b"GET /sleep?60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            begun = time.monotonic()
            assert server.stop(number) == 0
            assert time.monotonic() - begun < 5
            assert clients.drain(silent) == clients.drain(busy) == b""
        nothing_left(server)


@pytest.mark.parametrize("number", [signal.SIGWINCH, signal.SIGQUIT])
def test_winch_and_quit_finish_what_is_under_way(number: signal.Signals) -> None:
    with bare_server() as server:
        server.start()
        with clients.connect(server.http) as busy:
            busy.sendall(b"GET /sleep?1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            server.logged("sleeping")
            assert server.stop(number) == 0
            reply = clients.parse(clients.drain(busy))
        assert reply.status == 200
        assert reply.headers["connection"] == "close"
        nothing_left(server)


def test_a_graceful_stop_takes_no_longer_than_it_may() -> None:
    with bare_server("GracefulShutdownTimeout 500ms\n") as server:
        server.start()
        with clients.connect(server.http) as busy:
            busy.sendall(b"GET /sleep?60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            begun = time.monotonic()
            assert server.stop(signal.SIGQUIT) == 0
            assert time.monotonic() - begun < 4


def test_another_server_may_start_while_the_last_requests_are_served() -> None:
    with bare_server() as server:
        first = server.start_daemon()
        with clients.connect(server.http) as busy:
            busy.sendall(b"GET /sleep?3 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert server.run("-k", "graceful-stop").returncode == 0
            until(lambda: not server.ports["http"].listening(), "nobody listens any more")
            second = server.start_daemon()
            assert second != first
            assert processes.alive(first)
            reply = clients.parse(clients.drain(busy))
        assert reply.status == 200
        gone(first)
        assert server.daemon == second


def test_workers_end_when_their_master_is_killed_and_a_new_server_can_start() -> None:
    with bare_server() as server:
        master = server.start_daemon()
        workers = server.daemon_workers()
        os.kill(master, signal.SIGKILL)
        gone(master, *workers)
        assert server.status() == 1
        assert server.start_daemon() != master
        assert server.ask()


def test_a_worker_that_hangs_ends_without_its_master() -> None:
    with bare_server("StartServers 1\nWorkerHeartbeatTimeout 1\n") as server:
        master = server.start_daemon()
        (worker,) = server.daemon_workers()
        with clients.connect(server.http) as sock:
            sock.sendall(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")
            server.logged("hanging")
            os.kill(master, signal.SIGKILL)
            gone(master, worker)


FOREGROUND = ("-D", "FOREGROUND")


@contextmanager
def in_a_terminal(server: BareServer, *flags: str) -> Iterator[pexpect.spawn]:
    program, *arguments = server.command(*flags)
    terminal = pexpect.spawn(program, arguments, timeout=10)
    try:
        until(lambda: server.pid_file.exists() and server.ports["http"].listening(), "the server serves")
        yield terminal
    finally:
        terminal.close(force=True)


def test_a_terminal_may_change_its_size() -> None:
    with bare_server() as server, in_a_terminal(server, *FOREGROUND) as terminal:
        terminal.setwinsize(50, 100)
        terminal.kill(signal.SIGWINCH)
        assert server.run("-k", "restart").returncode == 0
        assert server.ask()[1] == 2


def test_a_terminal_that_is_closed_takes_the_server_along() -> None:
    with bare_server() as server, in_a_terminal(server, *FOREGROUND) as terminal:
        workers = processes.children(terminal.pid)
        terminal.ptyproc.fileobj.close()
        gone(terminal.pid, *workers)
        nothing_left(server)


def test_control_c_stops_the_server() -> None:
    with bare_server() as server, in_a_terminal(server, *FOREGROUND) as terminal:
        workers = processes.children(terminal.pid)
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
        terminal.wait()
        assert terminal.exitstatus == 0
        gone(*workers)
        nothing_left(server)
        assert "Traceback" not in server.log() + terminal.before.decode()


def test_one_process_serves_in_the_foreground_without_forking() -> None:
    with bare_server() as server:
        with running(server, server.command("-X")) as process:
            assert server.ask()[0] == process.pid == server.daemon
            assert processes.children(process.pid) == []
            process.terminate()
            assert process.wait(10) == 0
        with running(server, server.command("-X")) as process:
            assert server.ask()
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0


def test_a_debugger_can_be_used_in_the_one_process() -> None:
    with bare_server() as server, in_a_terminal(server, "-X") as terminal:
        with clients.connect(server.http) as sock:
            sock.sendall(b"GET /debug HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            terminal.expect_exact("(Pdb) ")
            terminal.sendline("p 'path', request.path")
            terminal.expect_exact("('path', '/debug')")
            terminal.sendline("c")
            assert clients.parse(clients.drain(sock)).status == 200
        terminal.kill(signal.SIGTERM)
        terminal.expect(pexpect.EOF)
        terminal.wait()
        assert terminal.exitstatus == 0
