"""Listening sockets: one for each Listen line, kept where the line stays, all or none."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Origin
from prefork_ssl.kernel.directives import LISTEN, ListenAddress
from prefork_ssl.kernel.process.listeners import Listener, adopt, close_unused, open_listeners


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def settings(*lines: tuple[str, int]) -> Settings:
    addresses = [
        ListenAddress(host, port, "http", Origin("test.conf", number))
        for number, (host, port) in enumerate(lines, 1)
    ]
    return Settings({LISTEN: tuple(addresses)})


@contextmanager
def listening(
    *lines: tuple[str, int], already: tuple[socket.socket, ...] = ()
) -> Iterator[tuple[Listener, ...]]:
    listeners = open_listeners(settings(*lines), already)
    try:
        yield listeners
    finally:
        close_unused([listener.sock for listener in listeners], ())


def problems(*lines: tuple[str, int]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        open_listeners(settings(*lines))
    return list(map(str, error.value.problems))


def test_accepted_connections_inherit_what_is_set_once() -> None:
    port = free_port()
    with listening(("127.0.0.1", port)) as (listener,), socket.create_connection(("127.0.0.1", port)):
        assert listener.address == ("127.0.0.1", port)
        assert listener.sock.gettimeout() == 0
        sock, _ = listener.sock.accept()
        with sock:
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_line_without_address_takes_both_protocols_apart() -> None:
    port = free_port()
    with listening(("", port)) as listeners:
        families = {listener.sock.family: listener for listener in listeners}
        assert families[socket.AF_INET].address == ("0.0.0.0", port)
        assert all(listener.any_address for listener in listeners)
        if socket.AF_INET6 in families:
            assert families[socket.AF_INET6].sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def test_sockets_are_used_again_and_others_left_alone() -> None:
    one, two, three = free_port(), free_port(), free_port()
    with listening(("127.0.0.1", one), ("127.0.0.1", two)) as first:
        already = tuple(listener.sock for listener in first)
        with listening(("127.0.0.1", three), ("127.0.0.1", one), already=already) as second:
            assert second[1].sock is first[0].sock
            assert first[1].sock.fileno() >= 0
            close_unused(already, [listener.sock for listener in second])
            assert first[0].sock.fileno() >= 0
            assert first[1].sock.fileno() == -1


def test_if_one_fails_none_is_left_open_but_those_that_were() -> None:
    kept, new = free_port(), free_port()
    with (
        listening(("127.0.0.1", kept)) as (first,),
        closing(socket.create_server(("127.0.0.1", 0))) as other,
    ):
        taken = other.getsockname()[1]
        with pytest.raises(ConfigError):
            open_listeners(
                settings(("127.0.0.1", kept), ("127.0.0.1", new), ("127.0.0.1", taken)), [first.sock]
            )
        assert first.sock.fileno() >= 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", new)) == errno.ECONNREFUSED


def test_every_line_that_fails_is_told() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        in_use, elsewhere = problems(("127.0.0.1", port), ("192.0.2.1", port))
    assert in_use.startswith(
        f"test.conf:1: Listen 127.0.0.1:{port}: the port is in use by another program (ss "
    )
    assert elsewhere.startswith(
        f"test.conf:2: Listen 192.0.2.1:{port}: this machine has no address 192.0.2.1 ("
    )


def test_no_line_at_all() -> None:
    (problem,) = problems()
    assert "there is no Listen line" in problem


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        ("", "127.0.0.1"),
        ("127.0.0.1", ""),
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "::1"),
        ("::1", ""),
    ],
)
def test_two_lines_for_one_address(first: str, second: str) -> None:
    (problem,) = problems((first, 8080), (second, 8080))
    assert problem.startswith("test.conf:2: ")
    assert "test.conf:1 listens there already" in problem


@pytest.mark.parametrize(("first", "second"), [("0.0.0.0", "::1"), ("::", "127.0.0.1"), ("127.0.0.1", "::1")])
def test_two_lines_for_two_protocols(first: str, second: str) -> None:
    port = free_port()
    with listening((first, port), (second, port)) as listeners:
        assert [listener.address for listener in listeners] == [(first, port), (second, port)]


def test_what_connections_cannot_be_accepted_on_is_not_adopted() -> None:
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    unix = socket.socket(socket.AF_UNIX)
    stream = socket.socket()
    stream.bind(("127.0.0.1", 0))
    with stream:
        assert adopt([datagrams, unix, stream], 5) == [stream]
        assert stream.gettimeout() == 0
    assert datagrams.fileno() == unix.fileno() == -1
