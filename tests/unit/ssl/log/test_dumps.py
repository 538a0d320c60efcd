"""Bytes in rows, and a stream in records."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from unit.ssl.hellos import record

from prefork_ssl.modules.ssl.log.dump import rows
from prefork_ssl.modules.ssl.log.records import Records


def test_rows():
    assert list(rows(b"")) == []
    assert list(rows(bytes(range(0x30, 0x43)))) == [
        "| 0000: 30 31 32 33 34 35 36 37-38 39 3a 3b 3c 3d 3e 3f | 0123456789:;<=>? |",
        "| 0010: 40 41 42                                        | @AB              |",
    ]
    assert list(rows(b"\x00\x7f\xff\n|x")) == [
        "| 0000: 00 7f ff 0a 7c 78                               | ....|x           |"
    ]


def test_all_bytes_can_be_read_back_from_the_rows():
    data = bytes(range(256)) * 3
    read = b"".join(bytes.fromhex(row.split("|")[1].split(":")[1].replace("-", " ")) for row in rows(data))
    assert read == data


@given(st.lists(st.tuples(st.integers(20, 23), st.binary(min_size=1, max_size=60)), max_size=8), st.data())
def test_records_come_out_whole_however_they_arrive(sent, data):
    stream = b"".join(record(payload, kind) for kind, payload in sent)
    records, got, at = Records(), [], 0
    while at < len(stream):
        end = data.draw(st.integers(at + 1, len(stream)))
        got += records.feed(stream[at:end])
        at = end
    names = {20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data"}
    assert got == [(names[kind], record(payload, kind)) for kind, payload in sent]


def test_what_is_no_record_is_not_waited_for():
    assert list(Records().feed(b"GET / HTTP/1.1\r\n")) == [("unknown", b"GET / HTTP/1.1\r\n")]
    assert list(Records().feed(b"\x16\x03\x01\xff\xff12")) == [("unknown", b"\x16\x03\x01\xff\xff12")]
    records = Records()
    assert list(records.feed(record(b"x") + b"??")) == [("handshake", record(b"x")), ("unknown", b"??")]
    assert list(records.feed(record(b"y"))) == [("handshake", record(b"y"))]
