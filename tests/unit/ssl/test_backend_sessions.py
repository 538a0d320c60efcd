"""Sessions with servers: of however many names, a bounded number is kept."""

from __future__ import annotations

from OpenSSL import SSL

from prefork_ssl.modules.ssl.backend.sessions import Sessions


def test_the_servers_that_gave_one_last_are_known():
    sessions, first, other = Sessions(), SSL.Session(), SSL.Session()
    for number in range(1024):
        sessions[str(number)] = first
    sessions["0"] = other
    for number in range(1024, 2000):
        sessions[str(number)] = first
    assert len(sessions) == 1024
    assert sessions["0"] is other
    assert "1" not in sessions
    assert "1999" in sessions
