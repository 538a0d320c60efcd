"""Reload is a transaction: all of the new generation, or nothing of it."""

import os
import signal
import socket
import time

import pytest
from blackbox import clients, processes
from blackbox.bare import BareServer, bare_server, reserved_port
from blackbox.until import until


def generation(server: BareServer) -> int:
    return server.ask()[1]


def keep_asking(server: BareServer, seconds: float) -> int:
    """One request after the other, each on a connection of its own. Any failure raises."""
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        server.ask()
        count += 1
    return count


def test_no_request_fails_while_generations_change() -> None:
    with bare_server("StartServers 3\n") as server:
        server.start()
        for number in range(2, 7):
            before = set(server.workers())
            server.signal(signal.SIGHUP)
            assert keep_asking(server, 0.3)
            until(lambda number=number: generation(server) == number, f"generation {number}")
            until(lambda before=before: not before & set(server.workers()), "the old workers have ended")
            assert len(server.workers()) == 3


def test_keep_alive_connections_learn_of_the_end_with_a_response() -> None:
    with bare_server("KeepAliveTimeout 60\n") as server:
        server.start()
        with clients.connect(server.http) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"\r\nConnection: close" not in sock.recv(4096)
            old = set(server.workers())
            server.signal(signal.SIGHUP)
            until(lambda: "draining" in "".join(map(processes.title, old)), "the old workers drain")
            # The connection is idle, and about to be closed; but a request that comes soon is still answered.
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            reply = clients.parse(clients.drain(sock))
        assert reply.status == 200
        assert reply.headers["connection"] == "close"
        assert reply.body.split()[1] == b"1"


def test_the_command_reports_the_number_of_the_generation() -> None:
    with bare_server() as server:
        master = server.start_daemon()
        for number, action in enumerate(("restart", "graceful"), 2):
            done = server.run("-k", action)
            assert done.returncode == 0
            assert done.stdout == f"prefork-ssl (pid {master}) restarted: generation {number}\n"
            assert generation(server) == number


def test_restarting_what_does_not_run_starts_it() -> None:
    with bare_server() as server:
        done = server.run("-k", "restart")
        assert done.returncode == 0
        assert "not running, trying to start" in done.stdout
        assert server.ask()


def test_a_broken_configuration_is_refused_with_all_its_problems() -> None:
    with bare_server() as server:
        server.start()
        workers = set(server.workers())
        server.configure("StartServers many\nNonsense\n")
        done = server.run("-k", "graceful")
        assert done.returncode == 1
        for line in (server.place("StartServers many"), server.place("Nonsense")):
            assert line in done.stderr
            assert server.logged(line)
        assert set(server.workers()) == workers
        assert generation(server) == 1


def test_new_workers_that_die_before_they_are_ready_undo_the_reload() -> None:
    with bare_server() as server:
        server.start()
        workers = set(server.workers())
        with reserved_port() as port:
            server.configure(f"Define FAIL\nListen 127.0.0.1:{port}\n")
            done = server.run("-k", "restart")
            assert done.returncode == 1
            assert "the tiny module fails" in done.stderr
            until(lambda: set(server.workers()) == workers, "only the old workers are left")
            assert not port.listening()
        assert generation(server) == 1
        server.configure("")
        assert server.run("-k", "restart").returncode == 0


def test_new_workers_that_hang_undo_the_reload() -> None:
    with bare_server() as server:
        server.start()
        workers = set(server.workers())
        server.configure("Define HANG\nWorkerHeartbeatTimeout 1\n")
        done = server.run("-k", "restart")
        assert done.returncode == 1
        assert "before all workers were ready" in done.stderr
        until(lambda: set(server.workers()) == workers, "only the old workers are left")
        assert generation(server) == 1


def test_a_new_port_in_use_is_refused_and_the_old_ones_serve_on() -> None:
    with bare_server() as server, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        server.start()
        server.configure(f"Listen 127.0.0.1:{other.getsockname()[1]}\n")
        done = server.run("-k", "restart")
        assert done.returncode == 1
        assert "the port is in use" in done.stderr
        assert generation(server) == 1


def test_hangups_in_a_row_are_one_reload() -> None:
    with bare_server() as server:
        server.start()
        os.kill(server.pid, signal.SIGSTOP)
        for number in (signal.SIGHUP, signal.SIGUSR1) * 10:
            server.signal(number)
        os.kill(server.pid, signal.SIGCONT)
        until(lambda: generation(server) == 2, "the next generation")
        assert keep_asking(server, 0.3)
        assert generation(server) == 2


def test_a_hangup_during_a_reload_makes_another_one() -> None:
    with bare_server() as server:
        server.start()
        server.signal(signal.SIGHUP)
        until(lambda: len(server.workers()) > 2 or generation(server) == 2, "the next generation begins")
        server.signal(signal.SIGHUP)
        until(lambda: generation(server) == 3, "two reloads")


def test_sockets_follow_the_listen_lines() -> None:
    with bare_server() as server, reserved_port() as extra:
        server.start()
        server.configure(f"Listen 127.0.0.1:{extra}\n")
        assert server.run("-k", "restart").returncode == 0
        assert clients.get(extra.number, "/").status == 200
        server.configure("")
        assert server.run("-k", "restart").returncode == 0
        until(lambda: not extra.listening(), "the port is closed")
        assert server.ask()


def test_fewer_and_more_workers() -> None:
    with bare_server("StartServers 1\n") as server:
        server.start()
        for count in (3, 1):
            server.configure(f"StartServers {count}\n")
            assert server.run("-k", "restart").returncode == 0
            until(lambda count=count: len(server.workers()) == count, f"{count} workers")


def test_another_pid_file() -> None:
    with bare_server() as server:
        server.start()
        server.configure("PidFile logs/other.pid\n")
        server.signal(signal.SIGHUP)
        until((server.root / "logs/other.pid").exists, "the new pid file")
        until(lambda: not server.pid_file.exists(), "the old one has gone")
        assert server.run("-k", "status").returncode == 0
        assert server.run("-k", "stop").returncode == 0
        assert not (server.root / "logs/other.pid").exists()


def test_a_pid_file_that_cannot_be_written_undoes_the_reload() -> None:
    with bare_server() as server:
        server.start()
        server.configure("PidFile nowhere/other.pid\n")
        server.signal(signal.SIGHUP)
        assert server.logged("nowhere/other.pid cannot be written")
        assert generation(server) == 1
        assert int(server.pid_file.read_text()) == server.pid


def test_reloads_leave_no_descriptors_behind() -> None:
    with bare_server("StartServers 1\n") as server:
        server.start()
        server.logged("ready: generation 1")
        before = processes.open_files(server.pid)
        for text, status in [("", 0), ("Define FAIL\n", 1), ("Nonsense\n", 1), ("", 0)]:
            server.configure("StartServers 1\n" + text)
            assert server.run("-k", "restart").returncode == status
        until(lambda: processes.open_files(server.pid) == before, "as many descriptors as before")
        until(lambda: len(server.workers()) == 1, "one worker")
        worker = processes.open_files(server.workers()[0])
        server.run("-k", "restart")
        until(lambda: len(server.workers()) == 1, "one worker")
        assert processes.open_files(server.workers()[0]) == worker


@pytest.mark.parametrize("seconds", [1, 60])
def test_what_is_under_way_is_finished_within_the_time_for_draining(seconds: int) -> None:
    with bare_server("GracefulShutdownTimeout 3\n") as server:
        server.start()
        with clients.connect(server.http) as busy:
            busy.sendall(f"GET /sleep?{seconds} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            server.logged("sleeping")
            server.reload()
            answer = clients.drain(busy)
        assert answer.startswith(b"HTTP/1.1 200 ") == (seconds == 1)
