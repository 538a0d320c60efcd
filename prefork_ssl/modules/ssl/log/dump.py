"""Bytes as people read them: sixteen in a row, and beside them what is printable."""

from __future__ import annotations

from collections.abc import Iterator

_WIDTH = 16
_PRINTABLE = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))


def rows(data: bytes) -> Iterator[str]:
    """| 0010: 13 02 13 03 13 01 c0 2f-c0 2b c0 30 c0 2c 9f 9e | ......./.+.0.,.. |"""
    for start in range(0, len(data), _WIDTH):
        row = data[start : start + _WIDTH]
        left, right = row[:8].hex(" "), row[8:].hex(" ")
        numbers = f"{left}-{right}" if right else left
        yield f"| {start:04x}: {numbers:47} | {row.translate(_PRINTABLE).decode('ascii'):16} |"
