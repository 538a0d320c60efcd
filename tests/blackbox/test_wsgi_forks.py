"""Applications that fork: their children are no workers, hold nothing of the worker's, and do not disturb it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from blackbox import clients, processes
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, ROOT, WAYS
from blackbox.server import Server
from blackbox.until import until

CONFIGURATION = f"""\
{ROOT}LoadModule wsgi_module
StartServers 1
WSGIPythonPath @applications
WSGIApplication / forking:application
{ONE_HOST}"""


@pytest.fixture(params=["greenlets", "threads"])
def server(new_server, request: pytest.FixtureRequest) -> Server:
    return new_server(CONFIGURATION + WAYS[request.param], applications=APPLICATIONS).start()


def get(server: Server, target: str) -> str:
    reply = clients.get(server.http, target)
    assert reply.status == 200, reply
    return reply.body.decode()


@contextmanager
def left_behind(server: Server) -> Iterator[int]:
    """A child that the worker has left behind; it ends with the block."""
    child = int(get(server, "/leave_behind"))
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_ports_are_free_when_the_server_has_ended(server: Server) -> None:
    with left_behind(server) as child:
        server.stop()
        assert processes.alive(child)
        for port in (server.http, server.https):
            with pytest.raises(ConnectionRefusedError):
                clients.connect(port)


def test_connections_end_when_the_worker_ends_them(server: Server) -> None:
    with clients.connect(server.http, 20) as sock:
        sock.sendall(b"GET /pid HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        with left_behind(server):
            sock.sendall(b"GET /pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := sock.recv(65536):
                answer += piece
            assert answer.endswith(get(server, "/pid").encode())


def test_children_do_not_do_the_worker_s_work(server: Server) -> None:
    with left_behind(server):
        told = {get(server, "/pid") for _ in range(50)}
    assert told == {str(pid) for pid in server.workers()}


def test_children_can_wait_and_log(server: Server) -> None:
    assert get(server, f"/ask?http://127.0.0.1:{server.http}/pid") == get(server, "/pid")
    assert server.log().count("a child asks") == 1


def test_a_child_that_comes_back_answers_nobody(server: Server) -> None:
    before = server.workers()
    for _ in range(3):
        assert get(server, "/come_back_twice") == "here"
    assert server.workers() == before
    until(lambda: not any(map(processes.alive, processes.children(before[0]))), "no child is left")


def test_signals_do_what_they_do_in_new_processes(server: Server) -> None:
    assert get(server, "/end") == str(-signal.SIGTERM)


def test_pools(new_server) -> None:
    """Of multiprocessing: in greenlets, its pipes would stop the worker."""
    server = new_server(CONFIGURATION + WAYS["threads"], applications=APPLICATIONS).start()
    assert get(server, "/pool") == "[1, 4, 9]"


def test_programs_get_nothing_of_ours(server: Server) -> None:
    assert get(server, "/program") == "['0', '1', '2']"
