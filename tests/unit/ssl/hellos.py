"""ClientHellos of real TLS clients, made in memory, and tools to cut them."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

HANDSHAKE, TLS10 = 22, b"\x03\x01"


def client_hello(
    server_name: str | None = "www.example.com",
    *,
    alpn: Iterable[str] = (),
    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> bytes:
    """The first flight of Python's own ssl module."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version, context.maximum_version = lowest, highest
    if alpn:
        context.set_alpn_protocols(list(alpn))
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=server_name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("the handshake cannot be over")


def record(payload: bytes, kind: int = HANDSHAKE) -> bytes:
    """One TLS record."""
    return bytes((kind,)) + TLS10 + len(payload).to_bytes(2, "big") + payload


def in_records(hello: bytes, sizes: Iterable[int]) -> bytes:
    """The one record `hello` cut into several: of the sizes given, and a last one with the rest."""
    message = hello[5:]
    records = b""
    for size in sizes:
        if not message[size:]:
            break
        records += record(message[:size])
        message = message[size:]
    return records + record(message)
