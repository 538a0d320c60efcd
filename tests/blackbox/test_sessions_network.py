"""The session cache on a server that machines share: redis and memcached, real ones, also when they are slow, stopped,
killed, or never were there."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blackbox.authority import Authority
from blackbox.ports import ReservedPort
from blackbox.resuming import V12, V13, Visitor
from blackbox.server import Server
from blackbox.test_sessions_dbm import CONFIGURATION, cache
from blackbox.test_sessions_faults import load, one_line_with_a_hint, resumes, told
from blackbox.until import until

PROTOCOLS = {
    "redis": ["redis-server", "--save", "", "--port"],
    "memcache": ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p"],
}
PROGRAMS = pytest.mark.needs("redis-server", "memcached")


class Shared:
    """A cache server."""

    def __init__(self, protocol: str, folder: Path) -> None:
        self.protocol = protocol
        self.port = ReservedPort()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def directive(self) -> str:
        return f"{self.protocol}:127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [*PROTOCOLS[self.protocol], str(self.port)]
        self._process = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self.port.listening, "it listens")

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        self.kill()
        self.port.release()


@pytest.fixture(params=PROTOCOLS)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shared]:
    server = Shared(request.param, tmp_path)
    yield server
    server.end()


redis = pytest.mark.parametrize("shared", ["redis"], indirect=True)

Machine = Callable[..., Server]


@pytest.fixture
def machine(new_server, shared: Shared, tmp_path: Path) -> Machine:
    """Starts a server that uses the cache, with the key that all have, or another one."""
    (tmp_path / "key").write_bytes(os.urandom(32).hex().encode())

    def start(tickets: str = "off", *, own_key: bool = False, workers: int = 4) -> Server:
        key = "" if own_key else f"SSLSessionCacheKeyFile {tmp_path / 'key'}\n"
        # All machines call the host the same, and that has the port.
        text = CONFIGURATION.replace("    ServerName localhost\n", "    ServerName localhost:443\n")
        text = text.replace("StartServers 4", f"StartServers {workers}")
        server = new_server(key + text, cache=shared.directive, tickets=tickets, more="")
        server.write("index.html", b"<p>hello\n")
        return server.start()

    (tmp_path / "key").chmod(0o600)
    return start


def across(server: Server, visitor: Visitor) -> Visitor:
    """The same client, visiting another server."""
    visitor._server = server
    return visitor


@PROGRAMS
@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_machines_share_their_sessions(machine: Machine, authority: Authority, version) -> None:
    one, other = machine(), machine()
    visitor = Visitor(one, authority, version)
    visitor.visit()
    assert visitor.visits(8) == 8
    assert across(other, visitor).visits(8) == 8
    assert across(one, visitor).visits(8) == 8
    one.reload()
    assert visitor.visits(8) == 8
    assert one.stop() == 0
    one.start()
    assert visitor.visits(8) == 8  # the key is in a file, and the sessions are elsewhere


@PROGRAMS
def test_without_the_key_there_is_nothing_to_share(machine: Machine, authority: Authority) -> None:
    one, other = machine(), machine(own_key=True)
    visitor = Visitor(one, authority, V12)
    visitor.visit()
    assert visitor.visits(4) == 4
    assert not across(other, visitor).visit()
    assert "for its own workers only" in other.log("ssl_log")


@PROGRAMS
def test_a_session_of_tls13_is_used_once(machine: Machine, authority: Authority) -> None:
    one, other = machine(), machine()
    visitor = Visitor(one, authority, V13)
    visitor.visit()
    first = visitor.session
    assert visitor.visit()

    def used_up(server: Server) -> bool:
        visitor.session = first
        return not across(server, visitor).visit()

    # It is taken out behind the client's back, and goes for both at once.
    until(lambda: used_up(one), "it is taken out")
    assert used_up(one)
    assert used_up(other)


@PROGRAMS
def test_killed_and_started_again(machine: Machine, shared: Shared, authority: Authority) -> None:
    server = machine()
    assert resumes(server, authority)
    with load(server, authority) as clients:
        shared.kill()
        until(lambda: told(server), "it is told", 15)
        clients.goes_on(2)
        shared.start()
        until(lambda: resumes(server, authority), "sessions are shared again", 60)
    one_line_with_a_hint(server, f"{shared.directive}: ")
    until(lambda: "its server answers again" in server.log("ssl_log"), "its end is told")


@PROGRAMS
def test_stopped(machine: Machine, shared: Shared, authority: Authority) -> None:
    """It accepts connections, and says nothing: nobody waits for longer than it may take, and soon nobody asks."""
    server = machine()
    assert resumes(server, authority)
    with load(server, authority) as clients:
        shared.signal(signal.SIGSTOP)
        try:
            until(lambda: told(server), "it is told", 15)
            clients.slowest = 0.0
            clients.goes_on(2)
            assert clients.slowest < 1.0
        finally:
            shared.signal(signal.SIGCONT)
        until(lambda: resumes(server, authority), "sessions are shared again", 60)
    one_line_with_a_hint(server, "no answer within 50 ms", "timed out", "Timeout")


@PROGRAMS
@redis
def test_while_one_waits_others_are_served(machine: Machine, shared: Shared, authority: Authority) -> None:
    """The greenlet waits; the worker, which is alone, does not."""
    server = machine("on", workers=1)
    waiting, other = Visitor(server, authority, V12), Visitor(server, authority, V13)
    waiting.context.options |= ssl.OP_NO_TICKET
    waiting.visit()
    assert waiting.visit()
    other.visit()
    shared.signal(signal.SIGSTOP)
    try:
        took, others = _meanwhile(waiting, other)
    finally:
        shared.signal(signal.SIGCONT)
    assert took > 0.045
    assert others > 2


def _meanwhile(waiting: Visitor, other: Visitor) -> tuple[float, int]:
    """How many seconds one visit takes, and how many others there are in the meantime."""
    times: list[float] = []

    def visit() -> None:
        began = time.monotonic()
        waiting.visit()
        times.append(time.monotonic() - began)

    thread = threading.Thread(target=visit)
    thread.start()
    visits = 0
    while thread.is_alive():
        visits += other.visit()
    return times[0], visits


@PROGRAMS
def test_it_never_was_there(machine: Machine, shared: Shared, authority: Authority) -> None:
    shared.kill()
    server = machine()
    with load(server, authority) as clients:
        clients.goes_on(2)
    one_line_with_a_hint(server, "refused")
    shared.start()
    until(lambda: resumes(server, authority), "sessions are shared", 60)


@PROGRAMS
@redis
def test_what_is_in_it(machine: Machine, shared: Shared, authority: Authority) -> None:
    server = machine()
    visitor = Visitor(server, authority, V12)
    visitor.visit()
    assert visitor.visits(4) == 4
    assert visitor.session is not None
    assert visitor.session.id.hex().upper() in cache(server, "list")
    facts = cache(server, "stat", json_output=True)
    assert (facts["entries"], facts["counters"]["hits"]) == (1, 4)
    assert facts["cache"] == shared.directive
    assert "1 session removed" in cache(server, "purge")
    assert not visitor.visit()
