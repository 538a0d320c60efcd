"""JA4, by the example of its specification and by its rules."""

from __future__ import annotations

import ssl

import pytest
from unit.ssl.hellos import client_hello

from prefork_ssl.modules.ssl.hello.client_hello import ClientHello, examine
from prefork_ssl.modules.ssl.hello.ja4 import ja4

# FoxIO, technical details of JA4: the lists of the example, in an order of no meaning.
CIPHERS = "1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035"
EXTENSIONS = "001b 0000 0033 0010 4469 0017 002d 000d 0005 0023 0012 002b ff01 000b 000a 0015"
SIGNATURES = "0403 0804 0401 0503 0805 0501 0806 0601"


def numbers(text: str) -> list[bytes]:
    return [bytes.fromhex(number) for number in text.split()]


def vector(data: bytes, width: int = 2) -> bytes:
    return len(data).to_bytes(width, "big") + data


def hello(
    ciphers: str = CIPHERS,
    extensions: str = EXTENSIONS,
    signatures: str = SIGNATURES,
    alpn: bytes = b"h2",
    versions: str = "0304 0303",
) -> ClientHello:
    """A ClientHello of these lists."""
    data = {
        0x0000: vector(b"\0" + vector(b"a.test")),
        0x000D: vector(b"".join(numbers(signatures))),
        0x0010: vector(vector(alpn, 1)),
        0x002B: vector(b"".join(numbers(versions)), 1),
    }
    block = b"".join(
        kind + vector(data.get(int.from_bytes(kind, "big"), b"")) for kind in numbers(extensions)
    )
    body = (
        b"\x03\x03"
        + bytes(32)
        + vector(b"", 1)
        + vector(b"".join(numbers(ciphers)))
        + b"\x01\x00"
        + vector(block)
    )
    return ClientHello(body)


def test_the_example_of_the_specification():
    assert ja4(hello()) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_neither_grease_nor_order_make_a_difference():
    shuffled = " ".join(sorted(EXTENSIONS.split()))
    greased = hello(
        f"0a0a {CIPHERS}", f"dada {shuffled} 1a1a", f"2a2a {SIGNATURES}", versions="fafa 0303 0304"
    )
    assert ja4(greased) == ja4(hello())


@pytest.mark.parametrize(
    ("changes", "beginning"),
    [
        ({"versions": "0303 0302"}, "t12d1516h2_"),
        ({"extensions": "000d"}, "t12i150100_"),  # without versions, the one in front counts
        ({"alpn": b"http/1.1"}, "t13d1516h1_"),
        ({"alpn": b"\xab\xcd"}, "t13d1516ad_"),
        ({"ciphers": " ".join(f"{0x1000 + n:04x}" for n in range(120))}, "t13d9916h2_"),
    ],
)
def test_the_first_part(changes, beginning):
    assert ja4(hello(**changes)).startswith(beginning)


def test_nothing_at_all():
    assert ja4(hello(ciphers="", extensions="")) == "t12i000000_000000000000_000000000000"
    assert ja4(ClientHello(b"")) == "t00i000000_000000000000_000000000000"


def test_a_client_is_told_from_others_whatever_it_asks_for():
    def of(**more) -> str:
        found = examine(client_hello(**more))
        assert isinstance(found, ClientHello)
        return ja4(found)

    assert of() == of()
    assert of(server_name="another.test") == of()
    assert of(highest=ssl.TLSVersion.TLSv1_2) != of()
