"""Byte ranges (RFC 9110 section 14): a few are sent, overlapping and neighbouring ones as one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prefork_ssl.modules.files.open_files import OpenFile

# As Apache's MaxRanges: who asks for more gets the whole file.
_MOST = 200
# Bytes between two ranges that cost less than a part of their own (RFC 9110 section 15.3.7.2).
_NEIGHBOURS = 80
_CHUNK = 65536

_RANGE = re.compile(r"(\d{1,19})-(\d{0,19})|-(\d{1,19})", re.ASCII)


class Span(NamedTuple):
    """The bytes from `start` up to but not including `end`."""

    start: int
    end: int

    def content_range(self, size: int) -> str:
        """The value of Content-Range for a file of `size` bytes."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse_range(field: str, size: int) -> list[Span] | None:
    """The satisfiable spans of a Range field, none if no range is satisfiable; None if the field is to be ignored.

    `size` is the file's, in bytes; an empty file has no ranges.
    """
    unit, equals, text = field.partition("=")
    if unit.strip().lower() != "bytes" or not equals:
        return None
    words = [word for word in map(str.strip, text.split(",")) if word]
    matches = [_RANGE.fullmatch(word) for word in words]
    if not size or not words or len(words) > _MOST or None in matches:
        return None
    spans = [_span(match, size) for match in matches if match]
    if any(span is None for span in spans):
        return None
    return _coalesced([span for span in spans if span and span.start < span.end])


def _span(match: re.Match[str], size: int) -> Span | None:
    """None for a range that ends before it begins: it makes the whole field invalid."""
    first, last, suffix = match.groups()
    if suffix is not None:
        return Span(max(size - int(suffix), 0), size)
    if last and int(last) < int(first):
        return None
    return Span(int(first), min(int(last) + 1, size) if last else size)


def _coalesced(spans: list[Span]) -> list[Span]:
    """The spans as asked for if they lie apart; otherwise joined, and in the order of the file."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start <= joined[-1].end + _NEIGHBOURS:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return spans if len(joined) == len(spans) else joined


class MultipartRanges:
    """The body of a multipart/byteranges response: an iterable of chunks, and a close() that closes the file.

    `content_type` is the field that tells the file's type, if that is known.
    """

    def __init__(
        self, file: OpenFile, spans: Sequence[Span], content_type: Sequence[tuple[str, str]]
    ) -> None:
        self.boundary = secrets.token_hex(12)
        self._file = file
        self._parts = [(self._head(span, file.size, content_type), span) for span in spans]
        self._tail = f"\r\n--{self.boundary}--\r\n".encode("ascii")
        self.length = sum(len(head) + span.end - span.start for head, span in self._parts) + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        for head, span in self._parts:
            yield head
            yield from self._read(span)
        yield self._tail

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self, span: Span) -> Iterator[bytes]:
        position = span.start
        while position < span.end:
            chunk = self._file.read(position, min(_CHUNK, span.end - position))
            if not chunk:
                raise EOFError("the file was cut short while it was being sent")
            position += len(chunk)
            yield chunk

    def _head(self, span: Span, size: int, content_type: Sequence[tuple[str, str]]) -> bytes:
        kind = "".join(f"{name}: {value}\r\n" for name, value in content_type)
        text = f"\r\n--{self.boundary}\r\n{kind}Content-Range: {span.content_range(size)}\r\n\r\n"
        return text.encode("latin-1")
