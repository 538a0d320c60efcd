"""Certificates with any name, byte for byte, which no library would make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from unit.ssl.issued import Issued

UTF8, PRINTABLE, TELETEX, IA5, UNIVERSAL, BMP = 0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E
BITS = 0x03

OIDS = {
    "C": "550406",
    "O": "55040a",
    "OU": "55040b",
    "CN": "550403",
    "L": "550407",
    "ST": "550408",
    "T": "55040c",
    "I": "55042b",
    "G": "55042a",
    "S": "550404",
    "D": "55040d",
    "UID": "0992268993f22c640101",
    "Email": "2a864886f70d010901",
    "DC": "0992268993f22c640119",
    "unknown": "2b06010401bf0f0102",  # 1.3.6.1.4.1.8079.1.2
}
Part = tuple[str, int, bytes]


def element(tag: int, content: bytes) -> bytes:
    """One DER element."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content


def name(relatives: Iterable[Sequence[Part]]) -> bytes:
    """A distinguished name of relative names, each of (attribute, tag, value)."""
    return element(
        0x30,
        b"".join(
            element(
                0x31,
                b"".join(
                    element(0x30, element(0x06, bytes.fromhex(OIDS[kind])) + element(tag, value))
                    for kind, tag, value in relative
                ),
            )
            for relative in relatives
        ),
    )


def certificate(*parts: Part | Sequence[Part]) -> x509.Certificate:
    """A certificate with this subject. Its signature is of no use."""
    relatives = [[part] if isinstance(part[0], str) else part for part in parts]  # type: ignore[list-item]
    der = _TEMPLATE.certificate.public_bytes(Encoding.DER)
    tbs = _TEMPLATE.certificate.tbs_certificate_bytes
    fields = _fields(_content(tbs))
    fields[5] = name(relatives)  # type: ignore[arg-type]
    rest = _content(der)[len(tbs) :]
    return x509.load_der_x509_certificate(element(0x30, element(0x30, b"".join(fields)) + rest))


_TEMPLATE = Issued("template")


def _fields(content: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(content):
        end = at + _size(content[at:])
        found.append(content[at:end])
        at = end
    return found


def _size(data: bytes) -> int:
    start, length = _header(data)
    return start + length


def _content(data: bytes) -> bytes:
    start, length = _header(data)
    return data[start : start + length]


def _header(data: bytes) -> tuple[int, int]:
    if data[1] < 0x80:
        return 2, data[1]
    count = data[1] & 0x7F
    return 2 + count, int.from_bytes(data[2 : 2 + count], "big")
