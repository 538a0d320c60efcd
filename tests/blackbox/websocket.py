"""Both sides of a WebSocket (RFC 6455), as much as tests need: text messages below 64 KB, and close."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE = 1, 8


def accept_key(key: bytes) -> bytes:
    """What the server answers to a Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key + _GUID).digest())


def frame(payload: bytes, opcode: int = TEXT, *, masked: bool) -> bytes:
    """One whole message."""
    size = len(payload)
    mask_bit = 0x80 if masked else 0
    head = (
        bytes((0x80 | opcode, mask_bit | size))
        if size < 126
        else struct.pack("!BBH", 0x80 | opcode, mask_bit | 126, size)
    )
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


class Frames:
    """Reads frames from a socket, behind what has already been read."""

    def __init__(self, sock: socket.socket, data: bytes = b"") -> None:
        self._sock = sock
        self._data = data

    def next(self) -> tuple[int, bytes]:
        """Opcode and payload; (CLOSE, b"") at the end of the connection."""
        head = self._take(2)
        if len(head) < 2:
            return CLOSE, b""
        size = head[1] & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        mask = self._take(4) if head[1] & 0x80 else b"\0\0\0\0"
        payload = self._take(size)
        return head[0] & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))

    def _take(self, size: int) -> bytes:
        while len(self._data) < size and (data := self._sock.recv(65536)):
            self._data += data
        taken, self._data = self._data[:size], self._data[size:]
        return taken


def open_socket(sock: socket.socket, path: str = "/chat", host: str = "localhost") -> tuple[bytes, Frames]:
    """Ask for a WebSocket: the head of the answer, and the frames behind it."""
    key = base64.b64encode(os.urandom(16))
    sock.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key.decode()}\r\n\r\n".encode()
    )
    data = b""
    while b"\r\n\r\n" not in data and (piece := sock.recv(65536)):
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    if b" 101 " in head.partition(b"\r\n")[0]:
        assert accept_key(key) in head
    return head, Frames(sock, rest)
