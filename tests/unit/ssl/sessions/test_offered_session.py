"""Which session a hello asks for: real hellos, and bytes of any kind."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ssl.hellos import client_hello
from unit.ssl.sessions.handshakes import client_of, connect, new_context
from unit.ssl.tls_clients import V12, V13

from prefork_ssl.modules.ssl.hello.client_hello import examine
from prefork_ssl.modules.ssl.hello.offered_session import offered_session


def hello_of(protocol: ssl.TLSVersion, *, tickets: bool, both: bool = False) -> tuple[bytes, bytes]:
    """A hello of a client that comes back, and the id that it has."""
    client, context = client_of(protocol), new_context(tickets=tickets)
    first = connect(context, client)
    if both:
        client.maximum_version = V13
    heard: list[bytes] = []
    connect(context, client, first.client.session, heard=heard.append)
    return examine(heard[0]).body, first.client.session.id


def test_a_session_of_tls12():
    hello, session_id = hello_of(V12, tickets=False)
    assert offered_session(hello, tls13=True, tickets=False) == session_id
    assert offered_session(hello, tls13=True, tickets=True) == session_id
    assert offered_session(hello, tls13=False, tickets=True) == session_id


def test_a_ticket_of_tls12_is_not_looked_for():
    hello, _ = hello_of(V12, tickets=True)
    assert offered_session(hello, tls13=True, tickets=True) is None


def test_a_ticket_of_tls13_that_is_an_id():
    hello, _ = hello_of(V13, tickets=False)
    found = offered_session(hello, tls13=True, tickets=False)
    assert found is not None
    assert len(found) == 32
    assert found in hello
    assert offered_session(hello, tls13=True, tickets=True) is None


def test_a_stateless_ticket_of_tls13():
    hello, _ = hello_of(V13, tickets=True)
    assert offered_session(hello, tls13=True, tickets=True) is None
    assert offered_session(hello, tls13=True, tickets=False) is None  # of before, when the host had them


def test_the_compatibility_id_of_tls13_means_nothing():
    hello = examine(client_hello()).body
    assert hello[34] == 32
    assert offered_session(hello, tls13=True, tickets=True) is None
    assert offered_session(hello, tls13=True, tickets=False) is None


def test_a_host_without_tls13_takes_it_for_an_id():
    """Which then is not there: the client says the same to servers of both versions."""
    hello = examine(client_hello()).body
    assert offered_session(hello, tls13=False, tickets=True) == hello[35:67]


def test_a_client_of_both_versions_with_a_session_of_tls12():
    """It has put the session's id where TLS 1.3 has one without meaning; TLS 1.3 is what is spoken then."""
    hello, _ = hello_of(V12, tickets=False, both=True)
    assert offered_session(hello, tls13=True, tickets=False) is None


@pytest.mark.parametrize("highest", [V12, V13])
def test_cut_anywhere(highest):
    hello = examine(client_hello(highest=highest)).body
    for length in range(len(hello)):
        for tls13 in (False, True):
            for tickets in (False, True):
                offered_session(hello[:length], tls13=tls13, tickets=tickets)


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_any_bytes(body, tls13, tickets):
    found = offered_session(body, tls13=tls13, tickets=tickets)
    assert found is None or (found in body and 0 < len(found) <= 255)
