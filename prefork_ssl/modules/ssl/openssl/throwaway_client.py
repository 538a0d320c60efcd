"""The client of throw-away handshakes: TLS 1.2 (RFC 5246) with a pre-shared key (RFC 4279), by hand.

It speaks to nobody but our own server's side in the same process, with a key that both know, so there is nothing to
negotiate, to check or to hide. The hello is always the same, and the answer depends on the server's random number only.
OpenSSL's own client needs nearly twice as long.
"""

from __future__ import annotations

import os
from hashlib import sha256
from hmac import digest

CIPHER = b"PSK-NULL-SHA256"
_SUITE = 0x00B0  # the same, as IANA has it (RFC 5487)
KEY = os.urandom(32)

_HANDSHAKE, _CHANGE_CIPHER_SPEC = 22, 20
_CLIENT_HELLO, _CLIENT_KEY_EXCHANGE, _FINISHED = 1, 16, 20
_RENEGOTIATION_INFO = 0x00FF
_VERSION = b"\x03\x03"
_RECORD_HEADER = 5
_RANDOM_OF_SERVER = slice(6, 38)  # in a ServerHello, behind type, length and version


def reply(flight: bytes) -> bytes:
    """The client's second flight, after the server's first one: records of each."""
    messages = _messages(flight)
    theirs = messages[_RANDOM_OF_SERVER]
    master = _prf(_PREMASTER, b"master secret" + _random + theirs, blocks=2)[:48]
    mac_key = _prf(master, b"key expansion" + theirs + _random)
    transcript = sha256(_hello + messages + _key_exchange).digest()
    finished = _message(_FINISHED, _prf(master, b"client finished" + transcript)[:12])
    mac = digest(mac_key, _MAC_HEADER + finished, "sha256")
    return _BEFORE_FINISHED + _record(_HANDSHAKE, finished + mac)


def _messages(flight: bytes) -> bytes:
    """What is in the records, which are of one type."""
    messages = b""
    while flight:
        end = _RECORD_HEADER + int.from_bytes(flight[3:_RECORD_HEADER], "big")
        messages += flight[_RECORD_HEADER:end]
        flight = flight[end:]
    return messages


def _prf(secret: bytes, seed: bytes, blocks: int = 1) -> bytes:
    """So many times 32 bytes (RFC 5246 section 5). `seed` begins with the label."""
    chained, output = seed, b""
    for _ in range(blocks):
        chained = digest(secret, chained, "sha256")
        output += digest(secret, chained + seed, "sha256")
    return output


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _record(kind: int, payload: bytes) -> bytes:
    return bytes([kind]) + _VERSION + len(payload).to_bytes(2, "big") + payload


def _vector(data: bytes, size: int) -> bytes:
    """`data` behind its length, which is a number of `size` bytes."""
    return len(data).to_bytes(size, "big") + data


_random = os.urandom(32)
_hello = _message(
    _CLIENT_HELLO,
    _VERSION
    + _random
    + _vector(b"", 1)  # no session
    + _vector(_SUITE.to_bytes(2, "big") + _RENEGOTIATION_INFO.to_bytes(2, "big"), 2)
    + _vector(b"\0", 1),  # no compression
)
HELLO = _record(_HANDSHAKE, _hello)

_key_exchange = _message(_CLIENT_KEY_EXCHANGE, _vector(b"a", 2))  # who we are is all the same
_BEFORE_FINISHED = _record(_HANDSHAKE, _key_exchange) + _record(_CHANGE_CIPHER_SPEC, b"\1")
_PREMASTER = _vector(bytes(len(KEY)), 2) + _vector(KEY, 2)  # RFC 4279 section 2
# What the MAC is made of before the message: the record's number, type, version and length (RFC 5246 section 6.2.3.1).
_MAC_HEADER = bytes(8) + _record(_HANDSHAKE, _message(_FINISHED, bytes(12)))[:_RECORD_HEADER]
