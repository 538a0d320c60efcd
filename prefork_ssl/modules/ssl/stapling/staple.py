"""What is stapled to one certificate, in memory that the master writes and the workers read."""

from __future__ import annotations

import mmap
import struct
import time
import zlib

# CRC-32, length and end (time.time) of the answer that follows.
_HEADER = struct.Struct("=IId")
# Bytes. Answers have 500 to 3000; more would make handshakes slow.
LONGEST = (16 << 10) - _HEADER.size
# Seconds between two looks of a worker.
_PAUSE = 1.0

_NOTHING = (0, 0, 0.0)


class Staple:
    """An OCSP answer (DER), or nothing, until its time is over.

    There is no lock: a reader takes an answer only if its checksum is right, so that one which is being written while
    it is read goes unnoticed until the next look.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _HEADER.size + LONGEST)
        self._header: tuple[int, int, float] = _NOTHING
        self._answer = b""
        self._next_look = 0.0

    def put(self, answer: bytes, ends: float) -> None:
        """Let the workers send this answer until `ends` (time.time). To be called by the master only.

        Raises ValueError if it is longer than LONGEST.
        """
        if len(answer) > LONGEST:
            raise ValueError(f"an OCSP answer of {len(answer)} bytes")
        self._memory[_HEADER.size : _HEADER.size + len(answer)] = answer
        _HEADER.pack_into(self._memory, 0, zlib.crc32(answer), len(answer), ends)

    def clear(self) -> None:
        """Let the workers send nothing."""
        self.put(b"", 0.0)

    def current(self) -> bytes:
        """What is to be sent now; empty if there is nothing. Looked up once a second, and remembered in between."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _PAUSE
            self._look()
        return self._answer if time.time() < self._header[2] else b""

    def _look(self) -> None:
        header = checksum, length, _ = _HEADER.unpack_from(self._memory)
        if header == self._header or length > LONGEST:
            return
        answer = self._memory[_HEADER.size : _HEADER.size + length]
        if zlib.crc32(answer) == checksum:
            self._header, self._answer = header, answer
