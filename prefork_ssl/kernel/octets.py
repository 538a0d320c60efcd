"""Text, and what it is on the network and in header fields.

Text is Unicode: names in certificates, paths, users, the configuration. In requests it is UTF-8; bytes that are not are
kept as with os.fsdecode (PEP 383). Header fields, however, are kept as octets: strings in which each character stands
for one byte (RFC 9110 section 5.5, PEP 3333). Conditions, logs and headers mix both, so each has to say which it means.
"""

from __future__ import annotations


def as_text(octets: str) -> str:
    """What octets mean."""
    return octets if octets.isascii() else octets.encode("latin-1").decode("utf-8", "surrogateescape")


def as_octets(text: str) -> str:
    """Text as it is sent; the reverse of as_text."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")
