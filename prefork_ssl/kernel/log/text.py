"""What a client sent, as it may stand in a log: printable ASCII on one line, so that nobody forges or hides an entry.

Apache's rules (ap_escape_logitem, ap_escape_errorlog_item): backslashes are doubled, control characters are written as
in C, and every other byte that is not printable ASCII as \\xhh.
"""

from __future__ import annotations

_NAMED = {
    ord(char): name for char, name in zip('\b\n\r\t\v\\"', ("b", "n", "r", "t", "v", "\\", '"'), strict=True)
}


class _Escapes(dict[int, str]):
    """Translation table for str.translate, filled as characters turn up: code point -> how it is written."""

    def __init__(self, quotes: str) -> None:
        self.update({code: chr(code) for code in range(0x20, 0x7F)})
        self.update({code: f"\\{name}" for code, name in _NAMED.items() if chr(code) != '"'})
        self[ord('"')] = quotes

    def __missing__(self, code: int) -> str:
        # Header fields are latin-1: one character is one byte. Everything beyond came out of UTF-8.
        data = bytes((code,)) if code < 256 else chr(code).encode("utf-8", "surrogateescape")
        return "".join(f"\\x{byte:02x}" for byte in data)


_ITEM = _Escapes(quotes='\\"')
_MESSAGE = _Escapes(quotes='"')
# What a message may have as it is.
_PLAIN = bytes(code for code in range(0x20, 0x7F) if chr(code) != "\\")


def escape_item(text: str) -> str:
    """`text` as one item of an access log, where items may stand between double quotes.

    Characters below U+0100 are taken for bytes, others are written as the bytes of their UTF-8 form.
    """
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return text.translate(_ITEM)


def escape_message(text: str) -> str:
    """`text` as a message of an error log: as escape_item, but double quotes stay."""
    # Faster than to ask isprintable() of a long line, and most lines are in order.
    if text.isascii() and not text.encode("ascii").translate(None, _PLAIN):
        return text
    return text.translate(_MESSAGE)
