"""The wire and the plain transport: waiting, turns, deadlines, ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import gevent
import pytest

from prefork_ssl.kernel.request import FileBody
from prefork_ssl.kernel.transport import LINGER_BYTES, READ_SIZE, SLICE, Deadline, Transport, Wire

ADDRESS = ("192.0.2.1", 1)


@dataclass
class Pair:
    """A transport and the socket at its other end (with small buffers)."""

    transport: Transport
    far: socket.socket

    @property
    def wire(self) -> Wire:
        return self.transport.wire

    def read_all(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            try:
                received += self.far.recv(100000)
            except BlockingIOError:
                gevent.sleep(0.001)
        return received


@pytest.fixture
def pair() -> Iterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        far = socket.create_connection(listener.getsockname())
        near, _ = listener.accept()
    near.setblocking(False)
    far.setblocking(False)
    wire = Wire(near, ADDRESS, ADDRESS)
    yield Pair(Transport(wire), far)
    wire.close()
    wire.close()  # twice is no harm
    far.close()


def turned() -> list[bool]:
    """A list that is no longer empty once the loop had a turn."""
    turns: list[bool] = []
    gevent.get_hub().loop.run_callback(turns.append, True)
    return turns


def expire(wire: Wire) -> None:
    gevent.get_hub().loop.run_callback(wire.interrupt, Deadline())


def test_the_first_read_is_tried_at_once_and_every_other_waits_for_its_turn(pair):
    pair.far.send(b"x" * (3 * READ_SIZE))
    gevent.sleep(0.01)
    turns = turned()
    assert pair.transport.read() == b"x" * READ_SIZE
    assert turns == []
    assert pair.transport.read() == b"x" * READ_SIZE
    assert turns == [True]


def test_reading_waits_and_ends(pair):
    gevent.spawn_later(0.01, pair.far.send, b"hello")
    assert pair.transport.read() == b"hello"
    pair.far.close()
    assert pair.transport.read() == b""


def test_writing_waits_for_the_reader(pair):
    data = os.urandom(3 * SLICE)
    writer = gevent.spawn(pair.transport.write, data)
    assert pair.read_all(len(data)) == data
    writer.get(timeout=10)


def test_sending_a_file(pair, tmp_path):
    (tmp_path / "file").write_bytes(data := os.urandom(3 * SLICE))
    with (tmp_path / "file").open("rb") as file:
        sender = gevent.spawn(pair.transport.send_file, FileBody(file.fileno(), 10, len(data) - 20))
        assert pair.read_all(len(data) - 20) == data[10:-10]
        assert sender.get(timeout=10) == len(data) - 20
        # cut short meanwhile
        assert pair.transport.send_file(FileBody(file.fileno(), len(data) - 5, 50)) == 5
        assert pair.read_all(5) == data[-5:]


def test_a_deadline_reaches_who_waits(pair):
    reader = gevent.spawn(pair.transport.read)
    gevent.sleep(0)
    expire(pair.wire)
    with pytest.raises(Deadline):
        reader.get(timeout=10)
    pair.wire.interrupt(Deadline())  # nobody waits: nothing happens
    pair.far.send(b"on")
    assert pair.transport.read() == b"on"


def test_patience_begins_anew_with_each_wait_to_write(pair):
    pair.wire.patience = 5.0
    pair.wire.limit(0.0)
    writer = gevent.spawn(pair.transport.write, b"x" * (20 * SLICE))
    gevent.sleep(0.01)
    assert pair.wire.deadline > pair.wire.now() + 4.0
    expire(pair.wire)
    with pytest.raises(Deadline):
        writer.get(timeout=10)


def test_without_patience_a_limit_holds_for_writing_too(pair):
    pair.wire.limit(1.0)
    limit = pair.wire.deadline
    writer = gevent.spawn(pair.transport.write, b"x" * (20 * SLICE))
    gevent.sleep(0.01)
    assert pair.wire.deadline == limit
    expire(pair.wire)
    with pytest.raises(Deadline):
        writer.get(timeout=10)


def test_unread(pair):
    assert not pair.wire.unread()
    pair.far.send(b"x")
    gevent.sleep(0.01)
    assert pair.wire.unread()
    assert pair.transport.read() == b"x"
    pair.far.shutdown(socket.SHUT_WR)
    gevent.sleep(0.01)
    assert not pair.wire.unread()


@pytest.mark.parametrize("end", ["peer ends", "peer resets", "time is over"])
def test_lingering_ends_in_any_case(pair, end):
    pair.far.send(b"x" * 1000)
    lingering = gevent.spawn(pair.wire.linger, 5.0)
    gevent.sleep(0.01)
    assert not lingering.ready()
    assert pair.far.recv(10) == b""  # we send no more
    if end == "peer ends":
        pair.far.close()
    elif end == "peer resets":
        pair.far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        pair.far.close()
    else:
        expire(pair.wire)
    lingering.get(timeout=10)


def test_lingering_does_not_read_for_ever(pair):
    lingering = gevent.spawn(pair.wire.linger, 60.0)
    sent = 0
    while not lingering.ready() and sent < 100 * LINGER_BYTES:
        try:
            sent += pair.far.send(b"x" * 100000)
        except BlockingIOError:
            gevent.sleep(0.001)
    assert lingering.ready()


def test_aborting_resets(pair):
    pair.transport.write(b"half")
    assert pair.read_all(4) == b"half"
    pair.wire.abort()
    pair.wire.close()
    gevent.sleep(0.01)
    with pytest.raises(ConnectionResetError):
        pair.far.recv(10)
