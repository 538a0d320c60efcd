"""A TLS connection on hostile bytes: whatever a client sends, reading ends in data, the end, or OpenSSL's Error."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.ssl.hellos import client_hello
from unit.ssl.serving import prepare
from unit.ssl.tls_clients import host, site, trusting

from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS
from prefork_ssl.modules.ssl.openssl import Error, ServerConnection


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    ready = prepare(folder, host("a.test", site(folder, "a.test").lines))
    (only,) = ready[TLS_HOSTS].values()
    return only.context


class Bytes:
    """What stands in for a socket: gives these bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def recv_into(self, buffer: memoryview) -> int:
        count = min(len(self.data), len(buffer))
        buffer[:count], self.data = self.data[:count], self.data[count:]
        return count


class Pair:
    """A client and our side of its connection, in memory."""

    def __init__(self, context, version: ssl.TLSVersion) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = trusting(versions=[version]).wrap_bio(
            self.incoming, self.outgoing, server_hostname="a.test"
        )
        self.step()
        self.server = ServerConnection(context, self.outgoing.read())

    def step(self) -> None:
        try:
            self.client.do_handshake()
        except ssl.SSLWantReadError:
            return

    def exchange(self) -> None:
        """One flight of the server, one of the client."""
        self.server.handshake()
        self.incoming.write(bytes(self.server.output() or b""))
        self.step()

    def finish(self) -> None:
        while not self.server.handshake():
            self.incoming.write(bytes(self.server.output() or b""))
            self.step()
            self.server.receive(Bytes(self.outgoing.read()))
        self.incoming.write(bytes(self.server.output() or b""))
        self.step()


versions = st.sampled_from([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
changes = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=5)


def changed(data: bytes, places: list[tuple[int, int]]) -> bytes:
    result = bytearray(data)
    for place, value in places:
        result[place % len(result)] = value
    return bytes(result)


def read_on(server: ServerConnection) -> None:
    """Whatever comes of it is not plaintext that the client did not send."""
    try:
        if server.handshake():
            assert server.plaintext() in (None, b"")
    except Error:
        pass
    server.output()
    server.end()
    server.keep_session()


@given(versions, changes)
def test_a_hello_with_some_bytes_changed(context, version, places):
    read_on(ServerConnection(context, changed(client_hello(highest=version), places)))


@given(versions, changes)
def test_the_client_s_second_flight_with_some_bytes_changed(context, version, places):
    pair = Pair(context, version)
    pair.exchange()
    pair.server.receive(Bytes(changed(pair.outgoing.read(), places)))
    read_on(pair.server)


@given(versions, st.binary(max_size=300))
def test_anything_after_the_handshake(context, version, data):
    pair = Pair(context, version)
    pair.finish()
    pair.server.receive(Bytes(data))
    read_on(pair.server)


@given(versions, st.binary(min_size=1, max_size=40000), st.lists(st.integers(1, 5000), max_size=20))
def test_real_records_cut_anywhere(context, version, data, sizes):
    pair = Pair(context, version)
    pair.finish()
    pair.client.write(data)
    records = pair.outgoing.read()
    received = b""
    for size in [*sizes, len(records)]:
        part, records = records[:size], records[size:]
        while part:
            source = Bytes(part)
            pair.server.receive(source)
            part = source.data
            while piece := pair.server.plaintext():
                received += piece
    assert received == data
