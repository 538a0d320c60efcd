"""What applications print arrives at once: on the console of a server in the foreground, or in the error log."""

from __future__ import annotations

from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, PLAIN
from blackbox.server import Server
from blackbox.until import until


def say(server: Server, word: str) -> bool:
    return clients.get(server.http, f"/plain/print?{word}").status == 200


def test_in_the_foreground(new_server) -> None:
    server = new_server(PLAIN + ONE_HOST, applications=APPLICATIONS).start()
    assert say(server, "one")
    assert server.logged("one", "console") == "one"


def test_in_the_background_and_in_a_log_that_was_moved_away(new_server) -> None:
    server = new_server(PLAIN + ONE_HOST, applications=APPLICATIONS)
    assert server.run("-k", "start").returncode == 0
    try:
        assert say(server, "one")
        assert server.logged("one") == "one"
        (server.root / "logs/error_log").rename(server.root / "logs/error_log.1")
        until(lambda: say(server, "two") and "two\n" in server.log(), "it arrives in the new log")
    finally:
        assert server.run("-k", "stop").returncode == 0
