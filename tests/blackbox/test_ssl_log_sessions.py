"""Where resumed sessions come from, and what is done with the shared cache."""

from __future__ import annotations

import re

import pytest
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.resuming import V12, V13, Visitor
from blackbox.server import Server
from blackbox.ssl_log import Line, lines
from blackbox.until import until


def launch(new, workers: int, *settings: str) -> Server:
    server = new("\n".join((f"StartServers {workers}", "SSLLog logs/ssl_log", *settings, ONE_HOST)))
    server.write("index.html", b"hello\n")
    return server.start()


def resumptions(server: Server) -> list[str]:
    """What each handshake was, by its line."""
    done = [line.message for line in lines(server) if line.message.startswith("handshake done")]
    return [re.findall(r", (\S+|resumed \(\S+\)) session$", message)[0] for message in done]


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("settings", "source"),
    [
        (("SSLSessionTickets on",), "ticket"),
        (("SSLSessionTickets off", "SSLSessionCache dbm:logs/cache"), "internal"),
    ],
)
def test_in_one_worker(new_server, authority: Authority, version, settings, source) -> None:
    server = launch(new_server, 1, *settings)
    visitor = Visitor(server, authority, version)
    visitor.visits(2)
    until(lambda: len(resumptions(server)) == 2, "two handshakes")
    assert resumptions(server) == ["new", f"resumed ({source})"]


@pytest.mark.parametrize("version", [V12, V13])
def test_from_another_worker(new_server, authority: Authority, version) -> None:
    server = launch(
        new_server, 3, "SSLSessionTickets off", "SSLSessionCache dbm:logs/cache", "SSLLogLevel trace"
    )
    visitor = Visitor(server, authority, version)

    def adopted() -> bool:
        visitor.visit()
        return "resumed (dbm)" in resumptions(server)

    until(adopted, "a worker that has the session from the cache")
    operations = [line.message for line in lines(server) if line.message.startswith("session cache (dbm): ")]
    shape = r"session cache \(dbm\): (store|find|remove) [0-9A-F]{64}: (\d+ bytes|not there|done)"
    assert all(re.fullmatch(shape, message) for message in operations)
    assert {message.split()[3] for message in operations} >= {"store", "find"}
    at_trace: list[Line] = [line for line in lines(server) if line.message in operations]
    assert {line.level for line in at_trace} == {"trace"}
