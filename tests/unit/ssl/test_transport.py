"""Reading, writing and ending a connection after its handshake."""

from __future__ import annotations

import hashlib
import os
import queue
import socket
import ssl
import struct
import weakref

import pytest
from unit.ssl.serving import echo, prepare, serving
from unit.ssl.tls_clients import PATIENCE, V12, V13, connect, host, receive, says, site, trusting

from prefork_ssl.kernel.request import FileBody
from prefork_ssl.kernel.transport import SLICE, Deadline

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def generation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transport")
    return prepare(folder, host("a.test", site(folder, "a.test").lines))


@pytest.fixture(params=[V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def client(request):
    return trusting(versions=[request.param])


def answering(generation, answer):
    """A server that answers with `answer`, whose result or exception is put into a queue."""
    outcome = queue.Queue()

    def and_tell(transport):
        try:
            outcome.put(answer(transport))
        except (Deadline, OSError) as error:
            outcome.put(error)
            raise

    return serving(generation, and_tell), outcome


def test_much_data_both_ways(generation, client):
    data = os.urandom(5 * MEGABYTE)

    def return_all(transport):
        received = b"".join(iter(transport.read, b"end"))
        transport.write(received)

    server, _ = answering(generation, return_all)
    with server as served, connect(served.port, context=client) as sock:
        sock.sendall(data)
        sock.sendall(b"end")
        assert hashlib.sha256(receive(sock, len(data))).digest() == hashlib.sha256(data).digest()


def test_a_write_of_any_size_arrives_whole(generation, client):
    sizes = [0, 1, 16383, 16384, 16385, 5 * 16384, 5 * 16384 + 1, 3 * MEGABYTE]

    def write_all(transport):
        for size in sizes:
            transport.write(bytes([size % 251]) * size)

    server, _ = answering(generation, write_all)
    with server as served, connect(served.port, context=client) as sock:
        for size in sizes:
            assert receive(sock, size) == bytes([size % 251]) * size
        assert sock.recv(1) == b""


def test_a_client_that_reads_slowly_gets_everything(generation, client):
    """The writer waits; meanwhile others are served through the same buffers."""
    data = os.urandom(3 * MEGABYTE)

    def write_or_echo(transport):
        if transport.read() == b"much":
            transport.write(data)
        else:
            echo(transport)

    server, _ = answering(generation, write_or_echo)
    with server as served, connect(served.port, context=client) as slow:
        slow.sendall(b"much")
        received = receive(slow, 1000)
        with connect(served.port, context=client) as other:
            other.sendall(b"x")
            for size in (1, 100, 50000):
                assert says(other, os.urandom(size))
        received += receive(slow, len(data) - 1000)
    assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest()


def test_a_client_that_does_not_read_meets_the_deadline(generation, client):
    def write_much(transport):
        transport.wire.limit(0.1)
        transport.write(bytes(50 * MEGABYTE))

    server, outcome = answering(generation, write_much)
    with server as served, connect(served.port, context=client):
        assert isinstance(outcome.get(timeout=PATIENCE), Deadline)


def test_a_client_that_says_nothing_meets_the_deadline(generation, client):
    def read(transport):
        transport.wire.limit(0.1)
        transport.read()

    server, outcome = answering(generation, read)
    with server as served, connect(served.port, context=client):
        assert isinstance(outcome.get(timeout=PATIENCE), Deadline)


@pytest.mark.parametrize("size", [0, 100, SLICE + 12345])
def test_a_file(generation, client, tmp_path, size):
    data = os.urandom(size + 20)
    (tmp_path / "file").write_bytes(data)

    def send(transport):
        with (tmp_path / "file").open("rb") as file:
            return transport.send_file(FileBody(file.fileno(), 10, size))

    server, outcome = answering(generation, send)
    with server as served, connect(served.port, context=client) as sock:
        assert receive(sock, size) == data[10 : 10 + size]
        assert sock.recv(1) == b""
    assert outcome.get(timeout=PATIENCE) == size


def test_a_file_that_has_become_shorter(generation, client, tmp_path):
    (tmp_path / "file").write_bytes(bytes(70000))

    def send(transport):
        with (tmp_path / "file").open("rb") as file:
            return transport.send_file(FileBody(file.fileno(), 0, 90000))

    server, outcome = answering(generation, send)
    with server as served, connect(served.port, context=client) as sock:
        assert len(receive(sock, 90000)) == 70000
    assert outcome.get(timeout=PATIENCE) == 70000


def test_the_end_is_said(generation, client):
    """Without close_notify, a client could not tell the end from a cut connection."""
    with serving(generation, lambda transport: transport.write(b"bye")) as served:
        raw = socket.create_connection(("127.0.0.1", served.port), PATIENCE)
        with client.wrap_socket(raw, server_hostname="a.test", suppress_ragged_eofs=False) as sock:
            assert receive(sock, 3) == b"bye"
            assert sock.recv(1) == b""


class InMemory:
    """A client whose records we hold in our hands."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="a.test")
        self.until_done(self.tls.do_handshake)

    def until_done(self, action, *arguments):
        while True:
            try:
                result = action(*arguments)
            except ssl.SSLWantReadError:
                self.send()
                self.incoming.write(self.sock.recv(65536))
            else:
                self.send()
                return result

    def send(self) -> None:
        if data := self.outgoing.read():
            self.sock.sendall(data)

    def say_close_notify(self) -> None:
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.send()

    def read(self, length: int) -> bytes:
        return self.until_done(self.tls.read, length)


def test_a_client_that_has_said_its_end_still_gets_its_answer(generation, client):
    def answer_at_the_end(transport):
        data = b""
        while more := transport.read():
            data += more
        transport.write(data[::-1])

    server, _ = answering(generation, answer_at_the_end)
    with server as served:
        peer = InMemory(served.port, client)
        peer.until_done(peer.tls.write, b"half")
        peer.say_close_notify()
        assert peer.read(4) == b"flah"
        peer.sock.close()


@pytest.mark.parametrize("how", ["close_notify", "end of the TCP connection"])
def test_both_ways_to_end_read_as_the_end(generation, client, how):
    server, outcome = answering(generation, lambda transport: (transport.read(), transport.read()))
    with server as served:
        peer = InMemory(served.port, client)
        if how == "close_notify":
            peer.say_close_notify()
        else:
            peer.sock.shutdown(socket.SHUT_WR)
        assert outcome.get(timeout=PATIENCE) == (b"", b"")
        peer.sock.close()


def test_a_reset_is_a_connection_error(generation, client):
    server, outcome = answering(generation, lambda transport: transport.read())
    with server as served:
        peer = InMemory(served.port, client)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.sock.close()
        assert isinstance(outcome.get(timeout=PATIENCE), ConnectionError)


def test_records_cut_anywhere_are_read(generation, client):
    with serving(generation) as served:
        peer = InMemory(served.port, client)
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.tls.write(b"x" * 300)
        peer.tls.write(b"y" * 300)
        data = peer.outgoing.read()
        for at in range(len(data)):
            peer.sock.sendall(data[at : at + 1])
        received = b""
        while len(received) < 600:
            received += peer.read(600)
        assert received == b"x" * 300 + b"y" * 300
        peer.sock.close()


def test_records_that_arrive_together_are_read_one_after_the_other(generation, client):
    with serving(generation) as served:
        peer = InMemory(served.port, client)
        for text in (b"one", b"two", b"three"):
            peer.tls.write(text)
        data = peer.outgoing.read()
        peer.sock.sendall(data[:-1])
        received = b""
        while len(received) < 6:
            received += peer.read(6)
        assert received == b"onetwo"
        peer.sock.sendall(data[-1:])
        assert peer.read(5) == b"three"
        peer.sock.close()


def test_a_connection_leaves_nothing_behind(generation, client):
    """No reference cycle keeps it: OpenSSL's memory is native, and the garbage collector does not see how much."""
    left = queue.Queue()

    def answer(transport):
        transport.read()
        left.put((weakref.ref(transport), weakref.ref(transport.tls.public)))

    with serving(generation, answer) as served:
        with connect(served.port, context=client) as sock:
            sock.sendall(b"x")
            assert sock.recv(1) == b""
        transport, connection = left.get(timeout=PATIENCE)
        with connect(served.port, context=client):  # by then the server has done with the first one
            assert transport() is None
            assert connection() is None


def test_what_one_connection_breaks_does_not_break_another(generation, client):
    """OpenSSL's error queue is one for all connections of the process."""
    with serving(generation) as served, connect(served.port, context=client) as good:
        for _ in range(3):
            bad = socket.socket(fileno=connect(served.port, context=client).detach())
            with bad:
                bad.settimeout(PATIENCE)
                bad.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
                while bad.recv(65536):
                    pass
            assert says(good, b"still here") == b"still here"
