"""A stream of bytes taken apart into TLS records (RFC 8446 section 5.1), as they are on the network."""

from __future__ import annotations

from collections.abc import Iterator

_TYPES = {20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data"}
_HEADER = 5
# What encryption may add to 16384 bytes (RFC 5246 section 6.2.3).
_LONGEST = 16384 + 2048


class Records:
    """One direction of a connection."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """The type and the bytes, header included, of each record that is complete with `data`. What is no record comes
        as one "unknown"."""
        data = self._begun + data
        while data:
            kind = _TYPES.get(data[0], "unknown")
            length = _HEADER + int.from_bytes(data[3:5], "big")
            if kind == "unknown" or length > _HEADER + _LONGEST:
                kind, length = "unknown", len(data)
            elif len(data) < max(_HEADER, length):
                break
            yield kind, data[:length]
            data = data[length:]
        self._begun = data
