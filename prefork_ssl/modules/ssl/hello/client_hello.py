"""What a client offers: its ClientHello (RFC 8446 section 4.1.2), out of the first bytes that it sent.

The server must know the name that the client asks for before OpenSSL sees a byte, since everything else hangs on the
virtual host. That is all that is looked for while a client waits; the rest is parsed when somebody asks.

Nothing here raises, whatever the bytes. A hello that is broken inside reads as one that offers nothing; OpenSSL, which
gets the same bytes, then answers with the right alert.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from prefork_ssl.modules.ssl.hello.first_bytes import Protocol, recognise

# The longest hello looked at, in bytes: key shares and tickets of today need a tenth of it.
LONGEST = 0xFFFF
# The most records that one hello may come in. Each further byte of the client makes us look at all of them again.
MOST_RECORDS = 64

_HANDSHAKE, _CLIENT_HELLO = 22, 1
# Type, version and length of the record; type of the message, and its length in three bytes.
_BEGINNING = struct.Struct(">BBxHBBH")
_LONGEST_RECORD = 16384  # RFC 8446 section 5.1

# Extensions (RFC 6066, 7301, 7627, 8446).
_SERVER_NAME, _GROUPS, _SIGNATURES, _ALPN, _TICKET, _PSK, _VERSIONS = 0, 10, 13, 16, 35, 41, 43
_EXTENDED_MASTER_SECRET, _POST_HANDSHAKE_AUTH, _RENEGOTIATION_INFO = 23, 49, 0xFF01
# A cipher suite that is none (TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746).
_SAFE_RENEGOTIATION = 0x00FF


@dataclass(frozen=True, slots=True)
class Missing:
    """The hello has only begun; at least `count` bytes are still to come."""

    count: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """No hello that TLS could begin with."""

    protocol: Protocol


def examine(data: bytes) -> ClientHello | Missing | Foreign:
    """What the first bytes of a connection are: a whole ClientHello, the beginning of one, or something else."""
    if len(data) > 9:
        record, version, record_length, message, high, low = _BEGINNING.unpack_from(data)
        if record == _HANDSHAKE and version == 3 and message == _CLIENT_HELLO:
            hello_end = 9 + (high << 16 | low)
            if hello_end <= 5 + record_length <= len(data):
                return ClientHello(data[9:hello_end])
    return _examine_records(data)


def _examine_records(data: bytes) -> ClientHello | Missing | Foreign:
    """As `examine`, for what did not come as one record."""
    if data[:1] != b"\x16":
        protocol = recognise(data)
        return Foreign(protocol) if protocol else Missing(1)
    message = bytearray()
    start = 0
    for _ in range(MOST_RECORDS):
        header = data[start : start + 5]
        if len(header) < 5:
            return Missing(5 - len(header))
        length = header[3] << 8 | header[4]
        if header[0] != _HANDSHAKE or header[1] != 3 or not 0 < length <= _LONGEST_RECORD:
            return Foreign(Protocol.BROKEN_TLS)
        end = start + 5 + length
        message += data[start + 5 : end]
        whole = _message(message)
        if whole is not None:
            return whole
        if end > len(data):
            return Missing(end - len(data))
        start = end
    return Foreign(Protocol.BROKEN_TLS)


def _message(message: bytearray) -> ClientHello | Foreign | None:
    """The ClientHello that `message` begins with; None if it is not complete."""
    if message and message[0] != _CLIENT_HELLO:
        return Foreign(Protocol.BROKEN_TLS)
    if len(message) < 4:
        return None
    size = int.from_bytes(message[1:4], "big")
    if size > LONGEST:
        return Foreign(Protocol.BROKEN_TLS)
    return ClientHello(bytes(message[4 : 4 + size])) if len(message) >= 4 + size else None


class ClientHello:
    """A ClientHello. `body` is the handshake message without its header.

    Lists are in the client's order and hold the numbers that IANA assigned, GREASE (RFC 8701) included.
    """

    def __init__(self, body: bytes) -> None:
        self.body = body

    @property
    def server_name(self) -> str | None:
        """The host name asked for (RFC 6066 section 3), in lower case and without a trailing dot; None without one.

        One character is one byte; what is no host name is not refused here.
        """
        body = self.body
        try:
            at = 35 + body[34]  # behind version, random and session id
            at += 2 + (body[at] << 8 | body[at + 1])  # cipher suites
            at += 3 + body[at]  # compression methods, length of the extensions
            while True:
                length = body[at + 2] << 8 | body[at + 3]
                if not (body[at] or body[at + 1]):
                    return _host_name(body[at + 4 : at + 4 + length])
                at += 4 + length
        except IndexError:
            return None

    @cached_property
    def session_id(self) -> bytes:
        """legacy_session_id: a session to resume (TLS 1.2), or up to 32 bytes of no meaning (TLS 1.3)."""
        return _vector(self.body, 34, 1)

    @cached_property
    def cipher_suites(self) -> tuple[int, ...]:
        """The cipher suites offered."""
        return _numbers(_vector(self.body, 35 + len(self.session_id), 2))

    @cached_property
    def extensions(self) -> dict[int, bytes]:
        """Extension data by type; empty if they are malformed or one comes twice."""
        block = self._extension_block()
        found: dict[int, bytes] = {}
        at = 0
        while at < len(block):
            start = at + 4
            if start > len(block):
                return {}
            kind = block[at] << 8 | block[at + 1]
            end = start + (block[at + 2] << 8 | block[at + 3])
            if kind in found or end > len(block):
                return {}
            found[kind] = block[start:end]
            at = end
        return found

    @property
    def versions(self) -> tuple[int, ...]:
        """The protocol versions offered: 0x0304 is TLS 1.3. Older clients name the highest only."""
        listed = self.extensions.get(_VERSIONS)
        if listed is not None:
            return _numbers(_vector(listed, 0, 1))
        return _numbers(self.body[:2])

    @property
    def groups(self) -> tuple[int, ...]:
        """supported_groups: curves and key encapsulations."""
        return _numbers(_vector(self.extensions.get(_GROUPS, b""), 0, 2))

    @property
    def signature_algorithms(self) -> tuple[int, ...]:
        """signature_algorithms."""
        return _numbers(_vector(self.extensions.get(_SIGNATURES, b""), 0, 2))

    @property
    def alpn(self) -> tuple[bytes, ...]:
        """The application protocols offered (RFC 7301)."""
        names = _vector(self.extensions.get(_ALPN, b""), 0, 2)
        return tuple(_strings(names))

    @property
    def renegotiates_safely(self) -> bool:
        """Whether the client binds a renegotiation to its connection (RFC 5746); in TLS 1.3 there is none."""
        return _SAFE_RENEGOTIATION in self.cipher_suites or _RENEGOTIATION_INFO in self.extensions

    @property
    def has_extended_master_secret(self) -> bool:
        """Whether, in TLS 1.2, the keys depend on the whole handshake (RFC 7627): OpenSSL agrees to it when it is
        offered."""
        return _EXTENDED_MASTER_SECRET in self.extensions

    @property
    def authenticates_later(self) -> bool:
        """Whether the client can be asked for its certificate after the handshake (RFC 8446 section 4.2.6)."""
        return _POST_HANDSHAKE_AUTH in self.extensions

    @property
    def offers_ticket(self) -> bool:
        """Whether a session ticket of TLS 1.2 (RFC 5077) is sent along."""
        return bool(self.extensions.get(_TICKET))

    @property
    def offers_psk(self) -> bool:
        """Whether the client wants to resume a TLS 1.3 session (or to use an external key)."""
        return _PSK in self.extensions

    def _extension_block(self) -> bytes:
        ciphers_end = 37 + len(self.session_id) + 2 * len(self.cipher_suites)
        compression = _vector(self.body, ciphers_end, 1)
        start = ciphers_end + 1 + len(compression)
        block = _vector(self.body, start, 2)
        return block if start + 2 + len(block) == len(self.body) else b""


def _vector(data: bytes, start: int, width: int) -> bytes:
    """The variable-length vector (RFC 8446 section 3.4) at `start`, its length in `width` bytes; b"" if cut short."""
    begin = start + width
    length = int.from_bytes(data[start:begin], "big")
    return data[begin : begin + length] if begin + length <= len(data) else b""


def _numbers(data: bytes) -> tuple[int, ...]:
    """Numbers of 16 bits each; an odd byte at the end is left out."""
    count = len(data) // 2
    return struct.unpack_from(f">{count}H", data)


def _strings(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        name = _vector(data, at, 1)
        if not name:
            return
        yield name
        at += 1 + len(name)


def _host_name(extension: bytes) -> str | None:
    """The name in a server_name extension, which holds one of type host_name and nothing else."""
    length = len(extension) - 5
    if length < 1 or (extension[0] << 8 | extension[1]) != length + 3:
        return None
    if extension[2] or (extension[3] << 8 | extension[4]) != length:
        return None
    return extension[5:].decode("latin-1").lower().rstrip(".") or None
