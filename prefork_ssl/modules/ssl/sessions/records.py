"""What the cache holds: sessions, sealed, and the form of such a record.

A record is worth nothing to whoever steals or edits the file. The session with its master secret is encrypted with
AES-256-GCM-SIV under a key that the master makes at start and only its workers inherit; everything else in the record,
the id under which it is filed and the scope in which it may be resumed are authenticated with it. So a record that was
changed by one bit, or moved to another id or another host, does not open. SIV (RFC 8452), because nonces are random and
a key that several machines share may see so many records that two get the same one.

    expiry, milliseconds of the epoch    8 bytes, big-endian, first: stores sort and sweep by it
    protocol version                     2 bytes: 0x0303 TLS 1.2, 0x0304 TLS 1.3
    length of the host's name, name      1 byte, that many
    nonce                                12 bytes, random: workers share the key, so none may count
    session, tag                         DER of SSL_SESSION, encrypted; 16 bytes
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

# Bytes at the beginning of a record.
EXPIRY_SIZE = 8
_HEAD = struct.Struct(">QHB")
NONCE_SIZE = 12


@dataclass(frozen=True, slots=True)
class Label:
    """What may be read of a record without the key. `expiry` in seconds of the epoch."""

    expiry: float
    protocol: int
    host: str


def expiry_of(record: bytes) -> float:
    """When the record expires, in seconds of the epoch; 0 for what is no record."""
    return int.from_bytes(record[:EXPIRY_SIZE], "big") / 1000 if len(record) >= EXPIRY_SIZE else 0.0


def label_of(record: bytes) -> Label | None:
    """What the record says of itself; None for what is no record."""
    end = head_size(record)
    if end is None:
        return None
    milliseconds, protocol, _ = _HEAD.unpack_from(record)
    return Label(milliseconds / 1000, protocol, record[_HEAD.size : end].decode("utf-8", "replace"))


def head_of(label: Label) -> bytes:
    """The beginning of a record, up to the nonce."""
    name = label.host.encode()[:255]
    return _HEAD.pack(int(label.expiry * 1000), label.protocol, len(name)) + name


def head_size(record: bytes) -> int | None:
    """Where the nonce begins; None for what is no record."""
    if len(record) < _HEAD.size:
        return None
    end = _HEAD.size + record[_HEAD.size - 1]
    return end if len(record) >= end + NONCE_SIZE + 16 else None
