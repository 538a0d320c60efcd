"""Starting and stopping, in the background and in the foreground: what is there afterwards, and what is not."""

import os
import pwd
import socket
from pathlib import Path

import pytest
from blackbox import clients, processes
from blackbox.bare import bare_server, nothing_left

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


def test_start_returns_when_the_server_serves_and_stop_when_it_has_ended() -> None:
    with bare_server() as server:
        master = server.start_daemon()
        assert server.ports["http"].listening()
        workers = server.daemon_workers()
        assert len(workers) == 2
        assert server.ask()[0] in workers
        assert os.getsid(master) != os.getsid(0)
        assert server.status() == 0

        done = server.run("-k", "stop")
        assert done.returncode == 0
        assert not processes.alive(master)
        assert not any(map(processes.alive, workers))
        nothing_left(server)
        assert server.status() == 3


def test_titles_name_master_worker_and_generation() -> None:
    with bare_server() as server:
        master = server.start_daemon()
        assert "master" in processes.title(master)
        assert str(server.configuration_file) in processes.title(master)
        titles = sorted(map(processes.title, server.daemon_workers()))
        assert titles == ["prefork_ssl: worker 1, generation 1", "prefork_ssl: worker 2, generation 1"]


def test_a_daemon_holds_on_to_no_terminal() -> None:
    with bare_server() as server:
        master = server.start_daemon()
        links = [Path(f"/proc/{master}/fd/{number}").readlink() for number in range(3)]
        log = server.root / "logs/error_log"
        assert links == [Path("/dev/null"), log, log]
        assert Path(f"/proc/{master}/cwd").readlink() == Path("/")


@as_root
def test_only_the_master_is_root() -> None:
    nobody = pwd.getpwnam("nobody")
    with bare_server() as server:
        master = server.start_daemon()
        assert ids(master, "Uid") == {0}
        for worker in server.daemon_workers():
            assert ids(worker, "Uid") == {nobody.pw_uid}
            assert ids(worker, "Gid") == {nobody.pw_gid}
            assert ids(worker, "Groups") <= {nobody.pw_gid}
            assert capabilities(worker) == 0


@as_root
def test_user_root_is_possible_when_it_is_named() -> None:
    with bare_server("User root\nGroup root\n") as server:
        server.start_daemon()
        assert {uid for worker in server.daemon_workers() for uid in ids(worker, "Uid")} == {0}


def ids(pid: int, field: str) -> set[int]:
    return {int(word) for word in proc_status(pid)[field].split()}


def capabilities(pid: int) -> int:
    return int(proc_status(pid)["CapEff"], 16)


def proc_status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value for name, _, value in (line.partition(":") for line in lines)}


def test_a_second_start_leaves_the_first_server_alone() -> None:
    with bare_server() as server:
        master = server.start_daemon()
        done = server.run("-k", "start")
        assert done.returncode == 0
        assert done.stdout == f"prefork-ssl (pid {master}) already running\n"
        assert server.daemon == master
        assert server.ask()


# --- starts that fail ---


def test_a_worker_that_cannot_begin_fails_the_start_with_its_reason() -> None:
    with bare_server("Define FAIL\n") as server:
        for flags in (["-k", "start"], ["-D", "FOREGROUND"]):
            done = server.run(*flags)
            assert done.returncode == 1
            assert "the tiny module fails" in done.stderr
            assert len(done.stderr.splitlines()) == 1
            nothing_left(server)
        assert "RuntimeError: the tiny module fails" in server.log()


def test_a_port_in_use_is_told_before_the_terminal_is_left() -> None:
    with bare_server() as server, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", server.http))
        other.listen()
        done = server.run("-k", "start")
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert server.place("Listen") in line
        assert "the port is in use" in line
        assert not server.pid_file.exists()


def test_listen_lines_for_the_same_address_are_told_apart() -> None:
    with bare_server("Listen @http\n") as server:
        done = server.run("-k", "start")
        assert done.returncode == 1
        first = server.place("Listen 127.0.0.1")
        assert f"Listen {server.http}: {first} listens there already" in done.stderr


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with bare_server("Listen 192.0.2.1:@http\n") as server:
        done = server.run("-k", "start")
        assert done.returncode == 1
        assert "this machine has no address 192.0.2.1" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may bind any port")
def test_a_privileged_port() -> None:
    with bare_server("Listen 127.0.0.1:1\n") as server:
        done = server.run("-k", "start")
        assert done.returncode == 1
        assert "permission denied" in done.stderr


def test_ipv4_and_ipv6_addresses_are_what_they_seem() -> None:
    with bare_server() as server:
        server.configure("", listen="Listen @http\n")
        server.start_daemon()
        assert server.ask()
        if socket.has_ipv6 and Path("/proc/net/if_inet6").read_text():
            with socket.create_connection(("::1", server.http), 10) as sock:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert clients.parse(clients.drain(sock)).status == 200
