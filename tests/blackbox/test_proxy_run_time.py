"""Servers behind us that only requests name (RewriteRule with P): any number of them, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from blackbox import clients, processes
from blackbox.backend import PROXY, Backend, Visit, backend, ok
from blackbox.server import Server
from blackbox.until import until

# How many a worker knows at most.
MOST = 256

RULES = PROXY + "LoadModule rewrite_module\nRewriteEngine on\n"
BY_FILE = RULES + "RewriteRule ^/([0-9]+)/(.*)$ unix:@root/servers/$1|http://app/$2 [P]\n"
BY_ADDRESS = RULES + "RewriteRule ^/([0-9.]+)/(.*)$ http://$1:@backend/$2 [P]\n"


class Patience:
    """Answers at once, but for /hold: the rest of that answer follows when `enough` is set, or never."""

    def __init__(self) -> None:
        self.enough = threading.Event()

    def __call__(self, visit: Visit) -> None:
        while head := visit.head():
            if b" /hold " in head:
                visit.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nheld\r\n")
                self.enough.wait(30)
                visit.say(b"0\r\n\r\n")
            else:
                visit.say(ok())


@pytest.fixture
def running(new_server: Callable[..., Server]) -> Iterator[tuple[Server, Backend, Patience]]:
    """A server, and one behind it that has a thousand names."""
    server = new_server(BY_FILE)
    folder = server.root / "servers"
    folder.mkdir()
    patience = Patience()
    with backend(patience, folder / "socket") as back:
        for number in range(1000):
            (folder / str(number)).symlink_to("socket")
        yield server.start(), back, patience
        patience.enough.set()


def ask(server: Server, numbers: range) -> list[int]:
    """The statuses of requests to these, one after the other."""
    return [clients.get(server.http, f"/{number}/").status for number in numbers]


def hold(server: Server, number: int, held: ExitStack) -> None:
    """Begin a request that keeps a server busy for as long as the client is there."""
    sock = held.enter_context(clients.connect(server.http, 20))
    sock.sendall(b"GET /%d/hold HTTP/1.1\r\nHost: localhost\r\n\r\n" % number)
    data = b""
    while b"held" not in data:
        more = sock.recv(65536)
        assert more, data
        data += more


def test_more_than_a_worker_knows(running):
    server, back, _ = running
    (worker,) = server.workers()
    before = processes.open_files(worker)
    assert set(ask(server, range(300))) == {200}
    assert back.visits == 300
    assert processes.open_files(worker) <= before + MOST + 2
    assert set(ask(server, range(300, 600))) == {200}
    until(lambda: processes.open_files(worker) <= before + MOST, "nothing is left of the others", 20)
    assert back.visits == 600
    ask(server, range(590, 600))
    assert back.visits == 600  # the latest are still connected to
    ask(server, range(10))
    assert back.visits == 610
    ask(server, range(10))
    assert back.visits == 610  # one that comes back is known again
    assert server.workers() == [worker]
    assert "[proxy:" not in server.log()


def test_all_are_busy(running):
    server, _, patience = running
    with ExitStack() as held:
        for number in range(MOST - 1):
            hold(server, number, held)
        # The one that is left goes from name to name.
        assert set(ask(server, range(300, 310))) == {200}
        hold(server, 310, held)
        assert set(ask(server, range(320, 325))) == {503}
        assert ask(server, range(1)) == [200]
        line = server.logged("is one server too many")
        assert "[proxy:error]" in line
        assert f"all {MOST} that rules have named in this worker are busy" in line
        assert f"unix:{server.root}/servers/320|http://app" in line
        patience.enough.set()
        until(lambda: ask(server, range(330, 331)) == [200], "there is room again", 20)
    assert server.log().count("is one server too many") == 1


def test_what_others_name_meanwhile(new_server: Callable[..., Server]):
    """A request under way is not disturbed, and its server is still known afterwards."""
    patience = Patience()
    with backend(patience) as back, ExitStack() as held:
        server = new_server(BY_ADDRESS, backend=back).start()
        sock = held.enter_context(clients.connect(server.http, 20))
        sock.sendall(b"GET /127.0.0.1/hold HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        until(lambda: back.visits, "the request is under way", 20)
        for number in range(MOST + 10):
            assert clients.get(server.http, f"/127.1.{number // 250}.{number % 250 + 1}/").status == 503
        patience.enough.set()
        assert b"0\r\n\r\n" in clients.drain(sock)
        assert clients.get(server.http, "/127.0.0.1/").status == 200
        assert "too many" not in server.log()
