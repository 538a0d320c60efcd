"""The ClientHello parser on hostile bytes: it never raises, never asks for less than what is missing, and reads a hello
the same however it is cut."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from unit.ssl.hellos import client_hello, in_records, record

from prefork_ssl.modules.ssl.hello.client_hello import ClientHello, Foreign, Missing, examine

HELLO = client_hello(alpn=("h2", "http/1.1"))
MESSAGE = HELLO[5:]


def read_everything(hello: ClientHello) -> None:
    name = hello.server_name
    assert name is None or name
    for offered in (hello.versions, hello.cipher_suites, hello.groups, hello.signature_algorithms):
        assert all(0 <= number <= 0xFFFF for number in offered)
    assert all(hello.alpn)
    assert len(hello.session_id) <= 255
    assert hello.offers_psk in (True, False)
    assert hello.offers_ticket in (True, False)


def read(data: bytes) -> None:
    answer = examine(data)
    if isinstance(answer, ClientHello):
        read_everything(answer)
    elif isinstance(answer, Missing):
        assert answer.count > 0
        # With one byte less than asked for, it still cannot be whole.
        assert not isinstance(examine(data + bytes(answer.count - 1)), ClientHello)


@given(st.binary(max_size=400))
@example(b"\x16\x03\x01\x00\x04\x01\x00\x00\x00")
def test_any_bytes(data):
    read(data)


@given(st.binary(max_size=400))
def test_any_record(payload):
    read(record(payload))
    read(record(b"\x01" + len(payload).to_bytes(3, "big") + payload))


@given(st.lists(st.tuples(st.integers(5, len(HELLO) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_real_hello_with_some_bytes_changed(changes):
    data = bytearray(HELLO)
    for place, value in changes:
        data[place] = value
    read(bytes(data))


@given(st.integers(0, len(MESSAGE)), st.binary(max_size=64), st.integers(0, len(MESSAGE)))
def test_a_real_hello_with_a_part_replaced(start, inserted, length):
    body = (MESSAGE[:start] + inserted + MESSAGE[start + length :])[4:]
    read(record(b"\x01" + len(body).to_bytes(3, "big") + body))


@given(st.lists(st.integers(1, len(MESSAGE)), max_size=60))
def test_cut_into_any_records(sizes):
    hello = examine(in_records(HELLO, sizes))
    assert isinstance(hello, ClientHello)
    assert hello.body == MESSAGE[4:]


@given(st.lists(st.integers(1, 60), max_size=20), st.integers(0, 2000))
def test_cut_short_anywhere(sizes, length):
    data = in_records(HELLO, sizes)
    answer = examine(data[:length])
    if length < len(data):
        assert isinstance(answer, Missing)
        assert answer.count <= len(data) - length
    else:
        assert not isinstance(answer, Missing | Foreign)
