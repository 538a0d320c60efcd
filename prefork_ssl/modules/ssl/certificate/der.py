"""Distinguished names as they stand in a certificate, byte for byte (X.690, X.501).

The library gives names as text, and none of a certificate's names when one of them is not what its type says. OpenSSL
takes such certificates, and whoever decides by a name must see it nevertheless.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

_VERSION = 0xA0  # the tag of the one field that may be left out
_EXTENSIONS = 0xA3

_ENCODINGS = {
    0x0C: "utf-8",  # UTF8String
    0x12: "ascii",  # NumericString
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # TeletexString, as everybody uses it
    0x16: "ascii",  # IA5String
    0x1A: "ascii",  # VisibleString
    0x1B: "ascii",  # GeneralString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One part of a name: its type (dotted), and its value as it is encoded."""

    oid: str
    tag: int
    content: bytes

    @property
    def text(self) -> str | None:
        """The value; None if it is no string. Bytes that are none of its characters are as with os.fsdecode."""
        encoding = _ENCODINGS.get(self.tag)
        if encoding is None:
            return None
        try:
            return self.content.decode(encoding)
        except UnicodeDecodeError:
            return self.content.decode("utf-8", "surrogateescape")

    @property
    def raw(self) -> str:
        """The bytes of the value, as with os.fsdecode."""
        return self.content.decode("utf-8", "surrogateescape")

    @property
    def der(self) -> bytes:
        """The value as one element."""
        return bytes((self.tag, *_length(len(self.content)))) + self.content


# Its relative names, each of one attribute or more, in the order of the certificate.
DistinguishedName = tuple[tuple[Attribute, ...], ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a certificate from others."""

    serial_number: int
    issuer: DistinguishedName
    subject: DistinguishedName


def identity(certificate: bytes) -> Identity:
    """That of a certificate (DER, RFC 5280 section 4.1), whatever the library thinks of it. Raises ValueError if it is
    none."""
    try:
        (_, whole), *_ = _elements(certificate)
        (_, contents), *_ = _elements(whole)
        fields = [content for tag, content in _elements(contents) if tag != _VERSION]
        return Identity(int.from_bytes(fields[0], "big", signed=True), _name(fields[2]), _name(fields[4]))
    except IndexError:
        raise ValueError("it ends too early") from None


def extension_values(certificate: x509.Certificate) -> Iterator[tuple[str, bytes]]:
    """Type (dotted) and value of each extension, in the order of the certificate; a type may come more than once, which
    the library does not take (RFC 5280 section 4.2)."""
    (_, contents), *_ = _elements(certificate.tbs_certificate_bytes)
    for tag, explicit in _elements(contents):
        if tag == _EXTENSIONS:
            (_, extensions), *_ = _elements(explicit)
            for _, extension in _elements(extensions):
                (_, oid), *_, (_, value) = _elements(extension)
                yield _dotted(oid), value


def string_in(der: bytes) -> str | None:
    """The text of an element that is a string; None if it is none, or no element: an extension may hold anything."""
    try:
        (tag, content), *_ = _elements(der)
    except (IndexError, ValueError):
        return None
    attribute = Attribute("", tag, content)
    return attribute.text if attribute.der == der else None


def _name(contents: bytes) -> DistinguishedName:
    return tuple(
        tuple(_attribute(attribute) for _, attribute in _elements(relative))
        for _, relative in _elements(contents)
    )


def _attribute(contents: bytes) -> Attribute:
    (_, oid), (tag, value) = list(_elements(contents))[:2]
    return Attribute(_dotted(oid), tag, value)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and contents of consecutive elements. That they are well formed was seen when the certificate was loaded."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        yield tag, data[at : at + length]
        at += length


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(digits),)) + digits


def _dotted(content: bytes) -> str:
    numbers = []
    number = 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2) if numbers else 0
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:]))) if numbers else ""
