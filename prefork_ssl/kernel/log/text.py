"""What a client sent, as it may stand in a log: printable ASCII on one line, so that nobody forges or hides an entry.

Apache's rules (ap_escape_logitem, ap_escape_errorlog_item): backslashes are doubled, control characters are written as
in C, and every other byte that is not printable ASCII as \\xhh.
"""

from __future__ import annotations

from collections.abc import Callable

_NAMED = {
    ord(char): name for char, name in zip('\b\n\r\t\v\\"', ("b", "n", "r", "t", "v", "\\", '"'), strict=True)
}


class _Escapes(dict[int, str]):
    """Translation table for str.translate, filled as characters turn up: code point -> how it is written. `encode`
    makes bytes of what is not printable ASCII."""

    def __init__(self, quotes: str, encode: Callable[[int], bytes]) -> None:
        self._encode = encode
        self.update({code: chr(code) for code in range(0x20, 0x7F)})
        self.update({code: f"\\{name}" for code, name in _NAMED.items() if chr(code) != '"'})
        self[ord('"')] = quotes

    def __missing__(self, code: int) -> str:
        return "".join(f"\\x{byte:02x}" for byte in self._encode(code))


def _of_character(code: int) -> bytes:
    """In UTF-8; bytes that came out of none are themselves again (PEP 383)."""
    return bytes((code & 0xFF,)) if 0xDC80 <= code <= 0xDCFF else chr(code).encode("utf-8", "surrogatepass")


def _of_octet(code: int) -> bytes:
    return bytes((code,)) if code < 0x100 else _of_character(code)


_ITEM = _Escapes('\\"', _of_octet)
_MESSAGE = _Escapes('"', _of_character)
# What a message may have as it is.
_PLAIN = bytes(code for code in range(0x20, 0x7F) if chr(code) != "\\")


def escape_item(text: str) -> str:
    """`text` as one item of an access log, where items may stand between double quotes.

    Characters below U+0100 are taken for bytes, as in header fields; others are written as the bytes of their UTF-8
    form.
    """
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return text.translate(_ITEM)


def escape_message(text: str) -> str:
    """`text` as a message of an error log. Double quotes stay, and characters are characters (kernel/octets.py)."""
    # Faster than to ask isprintable() of a long line, and most lines are in order.
    if text.isascii() and not text.encode("ascii").translate(None, _PLAIN):
        return text
    return text.translate(_MESSAGE)
