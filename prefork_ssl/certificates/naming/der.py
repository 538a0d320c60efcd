"""As much of DER (X.690) as it takes to look into the fields of a certificate: elements with short tags."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Element:
    """One tag, length, value; `data` is the whole of it, `contents` the value."""

    tag: int
    contents: bytes
    data: bytes


def elements(data: bytes) -> Iterator[Element]:
    """Yield the elements that follow one another in `data`; ValueError if it is cut short."""
    position = 0
    while position < len(data):
        element = _element(data, position)
        yield element
        position += len(element.data)


def _element(data: bytes, start: int) -> Element:
    header = 2
    length = int.from_bytes(data[start + 1 : start + 2])
    if length >= 0x80:
        header += length - 0x80
        length = int.from_bytes(data[start + 2 : start + header])
    end = start + header + length
    if end > len(data):
        raise ValueError("DER is cut short")
    return Element(data[start], data[start + header : end], data[start:end])


def encode(tag: int, contents: bytes) -> bytes:
    """The DER of one element."""
    length = len(contents)
    if length < 0x80:
        return bytes([tag, length]) + contents
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + contents
