"""Workers that die, hang, have served enough or hold enough connections; and what they tell of themselves."""

import itertools
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from blackbox import clients, processes
from blackbox.bare import BareServer, bare_server, gone, running
from blackbox.until import until


def others(server: BareServer, *pids: int) -> list[int]:
    return [pid for pid in server.workers() if pid not in pids]


def test_a_killed_worker_is_replaced_at_once_and_requests_go_on() -> None:
    with bare_server("StartServers 3\n") as server:
        server.start()
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        begun = time.monotonic()
        until(lambda: len(others(server, victim)) == 3, "three workers again")
        assert time.monotonic() - begun < 1
        assert server.logged(f"(pid {victim}) was ended by SIGKILL; it will be replaced")
        assert all(server.ask()[1] == 1 for _ in range(20))


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    with bare_server() as server:
        server.start()
        victim = server.workers()[0]
        os.kill(victim, signal.SIGRTMIN + 1)
        server.logged(f"(pid {victim}) was ended by signal {signal.SIGRTMIN + 1}")


def test_all_workers_may_be_killed_again_and_again() -> None:
    with bare_server() as server:
        server.start()
        for _ in range(3):
            before = server.workers()
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            # Nobody is refused: connections wait in the queue of the listening socket.
            assert server.ask()[0] not in before
            until(lambda before=before: len(others(server, *before)) == 2, "two workers again")


def test_workers_that_die_young_are_replaced_more_and_more_slowly() -> None:
    with bare_server("StartServers 1\n") as server:
        server.start()
        times = [time.monotonic()]
        for _ in range(5):
            victim = until(server.workers, "a worker")[0]
            os.kill(victim, signal.SIGKILL)
            until(lambda victim=victim: others(server, victim), "another worker")
            times.append(time.monotonic())
        pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert pauses[0] < 0.25
        assert pauses[-1] > 0.9


def test_a_stopped_worker_is_killed_and_replaced() -> None:
    with bare_server("WorkerHeartbeatTimeout 1\n") as server:
        server.start()
        victim = server.workers()[0]
        os.kill(victim, signal.SIGSTOP)
        gone(victim)
        until(lambda: len(server.workers()) == 2, "two workers again")
        line = server.logged(f"(pid {victim}) has not answered")
        assert "WorkerHeartbeatTimeout 1" in line
        assert server.ask()


def test_a_worker_that_hangs_says_where_before_it_is_killed() -> None:
    with bare_server("StartServers 1\nWorkerHeartbeatTimeout 1\n") as server:
        server.start()
        (victim,) = server.workers()
        with clients.connect(server.http) as sock:
            sock.sendall(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert clients.drain(sock) == b""
        gone(victim)
        assert "Fatal Python error: Aborted" in server.log()
        assert 'tiny.py", line' in server.log()
        assert server.ask()


def test_a_worker_that_has_served_enough_is_replaced_without_a_gap() -> None:
    with bare_server("StartServers 1\nMaxConnectionsPerChild 5\n") as server:
        server.start()
        seen: set[int] = set()
        until(lambda: seen.add(server.ask()[0]) or len(seen) > 3, "one worker after the other")
        until(lambda: len(server.workers()) == 1, "one worker")
        assert "replaced" not in server.log()


def test_a_worker_takes_no_more_connections_than_it_may_hold() -> None:
    with bare_server("StartServers 1\nWorkerConnections 2\n") as server:
        server.start()
        held = [clients.connect(server.http) for _ in range(2)]
        (worker,) = server.workers()
        until(lambda: sockets(worker) == 2, "two connections")
        waiting = clients.connect(server.http)
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        waiting.settimeout(0.5)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        held[0].close()
        waiting.settimeout(10)
        assert clients.parse(clients.drain(waiting)).status == 200
        held[1].close()
        waiting.close()


def sockets(pid: int) -> int:
    """How many TCP connections a process has open."""
    inodes = {
        row.split()[9] for row in Path("/proc/net/tcp").read_text().splitlines()[1:] if row.split()[3] == "01"
    }
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(link.removeprefix("socket:[").removesuffix("]") in inodes for link in links)


def test_no_descriptors_left_is_survived() -> None:
    with bare_server("StartServers 1\n") as server:
        limited = ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh", *server.command("-D", "FOREGROUND")]
        with running(server, limited) as process:
            crowd = [clients.connect(server.http) for _ in range(60)]
            server.logged("cannot accept connections: Too many open files; trying again in 1 s")
            for sock in crowd:
                sock.close()
            assert server.ask()
            process.terminate()
            assert process.wait(10) == 0


@pytest.mark.parametrize("told", ["worker", "master"])
def test_usr2_writes_what_every_greenlet_is_doing(told: str) -> None:
    with bare_server("StartServers 1\n") as server:
        server.start()
        with clients.connect(server.http) as sock:
            sock.sendall(b"GET /sleep?60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            server.logged("sleeping")
            os.kill(server.workers()[0] if told == "worker" else server.pid, signal.SIGUSR2)
            server.logged("what every greenlet is doing")
            server.logged("tiny.py")
            server.logged("in answer")
        assert server.ask()


@pytest.mark.skipif(
    Path("/proc/sys/kernel/core_pattern").read_text() != "core\n", reason="core files go elsewhere"
)
def test_a_crash_leaves_a_core_file_where_it_was_asked_for() -> None:
    with bare_server("StartServers 1\nCoreDumpDirectory cores\n") as server:
        folder = server.root / "cores"
        folder.mkdir()
        folder.chmod(0o777)
        server.start()
        (victim,) = server.workers()
        os.kill(victim, signal.SIGSEGV)
        gone(victim)
        if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
            until(lambda: list(folder.iterdir()), "a core file")
        assert "Fatal Python error: Segmentation fault" in server.log()


def test_a_worker_can_be_told_to_finish_and_is_replaced() -> None:
    with bare_server() as server:
        server.start()
        leaver = server.workers()[0]
        os.kill(leaver, signal.SIGUSR1)
        gone(leaver)
        until(lambda: len(server.workers()) == 2, "two workers again")


def test_connections_are_shared_among_workers() -> None:
    with bare_server("StartServers 2\n") as server:
        server.start()
        held: list[socket.socket] = []
        for _ in range(60):
            held.append(clients.connect(server.http))
            until(lambda: sum(map(sockets, server.workers())) == len(held), "the connection is accepted")
        counts = list(map(sockets, server.workers()))
        assert min(counts) >= 3, counts
        for sock in held:
            sock.close()


@pytest.mark.needs("unshare", "nsenter")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes namespaces")
def test_as_process_1_it_reaps_orphans_and_takes_none_for_a_worker() -> None:
    with bare_server("StartServers 1\n") as server:
        command = ["unshare", "--pid", "--fork", "--kill-child", *server.command("-D", "FOREGROUND")]
        with running(server, command) as outside:
            assert server.ask()  # there is a worker
            assert server.pid_file.read_text() == "1\n"
            (master,) = processes.children(outside.pid)
            worker = processes.children(master)
            orphan = ["nsenter", "-t", str(master), "-p", "sh", "-c", "(sleep 0.2; exit 3) & exit 0"]
            subprocess.run(orphan, check=True)
            until(lambda: len(processes.children(master)) == 2, "the orphan is there")
            until(lambda: processes.children(master) == worker, "the orphan was reaped")
            assert "replaced" not in server.log()
            assert server.run("-k", "stop").returncode == 0
            assert outside.wait(10) == 0
