"""What is read out of real ClientHellos, whole and in pieces, and what is made of everything else."""

from __future__ import annotations

import ssl

import pytest
from unit.ssl.hellos import client_hello, in_records, record

from prefork_ssl.modules.ssl.hello.client_hello import ClientHello, Foreign, Missing, examine
from prefork_ssl.modules.ssl.hello.first_bytes import Protocol


def offered(data: bytes) -> ClientHello:
    hello = examine(data)
    assert isinstance(hello, ClientHello)
    return hello


def with_server_name(extension: bytes) -> bytes:
    """A minimal hello whose only extension is server_name with these bytes."""
    block = b"\x00\x00" + len(extension).to_bytes(2, "big") + extension
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00"
    body += len(block).to_bytes(2, "big") + block
    return record(b"\x01" + len(body).to_bytes(3, "big") + body)


def test_a_modern_client():
    hello = offered(client_hello("WWW.Example.COM", alpn=("h2", "http/1.1")))
    assert hello.server_name == "www.example.com"
    assert hello.alpn == (b"h2", b"http/1.1")
    assert set(hello.versions) == {0x0304, 0x0303}
    assert 0x1301 in hello.cipher_suites
    assert 0x001D in hello.groups
    assert 0x0403 in hello.signature_algorithms
    assert len(hello.session_id) == 32
    assert not hello.offers_psk
    assert not hello.offers_ticket


def test_a_client_of_tls_1_2_only():
    hello = offered(client_hello(highest=ssl.TLSVersion.TLSv1_2))
    assert hello.versions == (0x0303,)
    assert hello.session_id == b""
    assert 0x1301 not in hello.cipher_suites


def test_a_client_that_names_no_host():
    assert offered(client_hello(None)).server_name is None


@pytest.mark.parametrize("sizes", [(1,), (3,), (4, 1, 1, 1), (200, 100), (1,) * 60])
def test_a_hello_in_several_records_reads_the_same(sizes):
    data = client_hello()
    assert offered(in_records(data, sizes)).body == offered(data).body


def test_every_beginning_of_a_hello_says_how_much_is_missing():
    data = client_hello()
    for length in range(len(data)):
        answer = examine(data[:length])
        assert isinstance(answer, Missing)
        assert 1 <= answer.count <= len(data) - length


def test_a_hello_in_absurdly_many_records_is_refused():
    assert examine(in_records(client_hello(), (1,) * 400)) == Foreign(Protocol.BROKEN_TLS)


def test_what_follows_the_hello_is_left_alone():
    data = client_hello()
    assert offered(data + b"\x14\x03\x03\x00\x01\x01").body == offered(data).body


@pytest.mark.parametrize(
    ("extension", "name"),
    [
        (b"\x00\x06\x00\x00\x03a.b", "a.b"),
        (b"\x00\x07\x00\x00\x04a.b.", "a.b"),
        (b"\x00\x04\x00\x00\x01.", None),
        (b"", None),
        (b"\x00\x03\x00\x00\x00", None),
        (b"\x00\x06\x01\x00\x03a.b", None),  # not of type host_name
        (b"\x00\x09\x00\x00\x03a.b", None),  # list longer than the extension
        (b"\x00\x06\x00\x00\x09a.b", None),  # name longer than the list
        (b"\x00\x0c\x00\x00\x03a.b\x00\x00\x03c.d", None),  # two names
        (b"\x00\x06\x00\x00\x03\xff\x00\n", "\xff\x00\n"),  # for the log to escape
    ],
)
def test_server_names_in_odd_shapes(extension, name):
    assert offered(with_server_name(extension)).server_name == name


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:40],  # ends within the cipher suites
        lambda body: body[:34] + b"\xff" + body[35:],  # session id longer than the hello
        lambda body: body[:-1],  # last extension cut short
        lambda body: body + b"\0",  # a byte too much
    ],
)
def test_a_hello_that_is_broken_inside_offers_nothing(change):
    body = change(offered(client_hello()).body)
    hello = offered(record(b"\x01" + len(body).to_bytes(3, "big") + body))
    assert hello.extensions == {}
    assert hello.alpn == ()
    assert hello.groups == ()


def test_an_extension_that_comes_twice():
    body = offered(client_hello()).body
    twice = ClientHello(body[:-1] + b"\x00")
    assert twice.server_name == "www.example.com"
    block = b"\x00\x10\x00\x03\x00\x01\x00" * 2
    start = body[:34] + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00"
    assert ClientHello(start + len(block).to_bytes(2, "big") + block).extensions == {}


@pytest.mark.parametrize(
    ("data", "protocol"),
    [
        (b"GET / HTTP/1.1\r\n", Protocol.HTTP),
        (b"POST http://host/ HTTP/1.1\r\n", Protocol.HTTP),
        (b"OPTIONS * HTTP/1.1\r\n", Protocol.HTTP),
        (b"CONNECT host:443 HTTP/1.1\r\n", Protocol.HTTP),
        (b"get /x HTTP/1.1\r\n", Protocol.HTTP),
        (b"VERSION-CONTROL /x HTTP/1.1\r\n", Protocol.HTTP),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Protocol.HTTP2),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Protocol.SSH),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Protocol.PROXY),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Protocol.PROXY),
        (b"\x03\x00\x00\x13\x0e\xe0", Protocol.REMOTE_DESKTOP),
        (b"EHLO mail.example\r\n", Protocol.SMTP),
        (b"\x80\x2e\x01\x03\x01\x00", Protocol.SSL2),
        (b"\x80\x2e\x01\x00\x02\x00", Protocol.SSL2),
        (b"\x15\x03\x01\x00\x02\x02\x28", Protocol.TLS_ALERT),
        (b"\x16\x03\x01\x40\x01\x01", Protocol.BROKEN_TLS),  # longer than a record may be
        (b"\x16\x03\x01\x00\x00", Protocol.BROKEN_TLS),  # empty
        (b"\x16\x02\x00\x00\x05\x01", Protocol.BROKEN_TLS),
        (b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", Protocol.BROKEN_TLS),  # a ServerHello
        (b"\x16\x03\x01\x00\x05\x01\x01\x00\x00\x00", Protocol.BROKEN_TLS),  # 65536 bytes
        (b"GET index.html\r\n", Protocol.UNKNOWN),
        (b"\0\0\0\0", Protocol.UNKNOWN),
        (b"\x17\x03\x03\x00\x01\x00", Protocol.UNKNOWN),
        (b"A" * 33, Protocol.UNKNOWN),
    ],
)
def test_what_is_no_hello(data, protocol):
    assert examine(data) == Foreign(protocol)
    for length in range(len(data)):
        assert examine(data[:length]) in (Foreign(protocol), *(Missing(count) for count in range(1, 0x4000)))
