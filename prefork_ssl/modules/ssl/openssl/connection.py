"""pyOpenSSL's Connection in memory, with reading and writing that allocate nothing and raise nothing
where there is only more to wait for.

A worker has one thread. So all connections share the buffers below: what is in them is only good until the next call.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib
from prefork_ssl.modules.ssl.openssl.encoding import encoded_session, session_id

# Plaintext of one write, bytes: five records of the largest size (RFC 8446 section 5.1).
WRITE_SIZE = 5 * 16384
_READ_SIZE = 16384
_RECEIVE_SIZE = 2 * 16384
# The most that `output` gives at a time, bytes: more than what one write makes.
OUTPUT_SIZE = WRITE_SIZE + 4096
# BIOs keep the memory that they once needed. One that has held more than this is exchanged for a new one.
_KEEP_SIZE = 8192

_plain = ffi.new("char[]", _READ_SIZE)
_plain_buffer = ffi.buffer(_plain)
_somewhere = ffi.new("char **")
_received = ffi.new("char[]", _RECEIVE_SIZE)
_received_view = memoryview(ffi.buffer(_received))
_to_send = ffi.new("char[]", OUTPUT_SIZE)
_to_send_view = memoryview(ffi.buffer(_to_send))

# Attribute look-ups on `lib` cost as much as some of the calls.
_SSL_read, _SSL_write, _SSL_get_error, _SSL_do_handshake = (
    lib.SSL_read,
    lib.SSL_write,
    lib.SSL_get_error,
    lib.SSL_do_handshake,
)
_SSL_set_accept_state, _SSL_shutdown, _SSL_set_shutdown = (
    lib.SSL_set_accept_state,
    lib.SSL_shutdown,
    lib.SSL_set_shutdown,
)
_BIO_read, _BIO_write, _BIO_get_mem_data = lib.BIO_read, lib.BIO_write, lib.BIO_get_mem_data
_ERR_clear_error = lib.ERR_clear_error
# Before OpenSSL 4, an error left behind by anybody turns the next "more is needed" into a failure.
_ERRORS_STAY = SSL.OPENSSL_VERSION_NUMBER < 0x40000000
_WANT_READ, _ZERO_RETURN = lib.SSL_ERROR_WANT_READ, lib.SSL_ERROR_ZERO_RETURN
_BOTH_SIDES = SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN


class MemoryConnection:
    """One side of a TLS connection, in memory: ciphertext goes in by `receive`, out by `output`.

    OpenSSL never sees the socket. So none of its calls is left half done for want of the network, a read never wants a
    write, and several records leave in one system call. `public` is the same connection as pyOpenSSL has it.
    `has_input` is false when all that was received has been read, so that `plaintext` could only tell that.
    `has_output` is false when OpenSSL has done nothing since `output` gave all that there was.
    """

    __slots__ = ("_grown", "_input", "_output", "_ssl", "has_input", "has_output", "public")

    def __init__(self, context: SSL.Context) -> None:
        self.public = public = SSL.Connection(context, None)
        self._ssl = public._ssl
        self._input: Any = public._into_ssl
        self._output: Any = public._from_ssl
        self._grown = False
        self.has_input = True
        self.has_output = True

    def receive(self, sock: socket.socket) -> int:
        """Take in what the socket has; the number of bytes, 0 when the peer has ended its side. Raises OSError."""
        count = sock.recv_into(_received_view)
        _BIO_write(self._input, _received, count)
        self.has_input = True
        if count > _KEEP_SIZE:
            self._grown = True
        return count

    def output(self) -> memoryview | None:
        """What is to be sent, if anything. Good until the next call for any connection. There may be more if it has
        OUTPUT_SIZE bytes."""
        count = _BIO_read(self._output, _to_send, OUTPUT_SIZE)
        self.has_output = count == OUTPUT_SIZE
        if count <= 0:
            return None
        if count > _KEEP_SIZE:
            self._grown = True
        return _to_send_view[:count]

    def handshake(self) -> bool:
        """Go on with the handshake: True when it is complete, False if more must be received. Raises Error."""
        _ERR_clear_error()
        self.has_output = True
        result = _SSL_do_handshake(self._ssl)
        if result == 1:
            return True
        if _SSL_get_error(self._ssl, result) != _WANT_READ:
            self.public._raise_ssl_error(self._ssl, result)
        return False

    def plaintext(self) -> bytes | None:
        """Up to 16 KB of what the peer says; b"" when it has sent close_notify, None if more must be received.

        Raises Error.
        """
        if _ERRORS_STAY:
            _ERR_clear_error()
        self.has_output = True
        count = _SSL_read(self._ssl, _plain, _READ_SIZE)
        if count > 0:
            # A record has no more than that, and OpenSSL takes one after the other out of the input.
            self.has_input = _BIO_get_mem_data(self._input, _somewhere) > 0
            return _plain_buffer[:count]  # type: ignore[no-any-return]
        why = _SSL_get_error(self._ssl, count)
        if why == _WANT_READ:
            self.has_input = False
            return None
        if why != _ZERO_RETURN:
            self.public._raise_ssl_error(self._ssl, count)
        return b""

    def say(self, data: bytes) -> None:
        """Encrypt `data`, at most WRITE_SIZE bytes and at least one. Raises Error."""
        self.has_output = True
        count = _SSL_write(self._ssl, data, len(data))
        if count <= 0:
            self.public._raise_ssl_error(self._ssl, count)

    def end(self) -> None:
        """Encrypt a close_notify; nothing after a failure, which has said all there was to say."""
        self.has_output = True
        if _SSL_shutdown(self._ssl) < 0:
            _ERR_clear_error()

    def keep_session(self) -> None:
        """To be called before the connection is let go of. Otherwise, unless both sides have said close_notify, OpenSSL
        forgets the session, and clients of TLS 1.2 that come back without a ticket need a full handshake."""
        _SSL_set_shutdown(self._ssl, _BOTH_SIDES)

    def release_memory(self) -> None:
        """Give back what was needed for much data. To be called when `output` is empty and all input was read."""
        if self._grown:
            self._input, self._output = _memory(), _memory()
            lib.SSL_set_bio(self._ssl, self._input, self._output)
            self._grown = False

    def key_sizes(self) -> tuple[int, int]:
        """Bits of the cipher's key: those in use, and those that the algorithm has."""
        possible = ffi.new("int *")
        used = lib.SSL_CIPHER_get_bits(lib.SSL_get_current_cipher(self._ssl), possible)
        return used, possible[0]

    def resumed(self) -> bool:
        """Whether the handshake resumed a session."""
        return bool(lib.SSL_session_reused(self._ssl))

    def session_id(self) -> bytes:
        """The id of the session in use; b"" if it has none."""
        return session_id(encoded_session(self._ssl))


class ServerConnection(MemoryConnection):
    """The server's side. In `session_ids` are those under which the client may come back, as far as we file its
    sessions."""

    __slots__ = ("session_ids",)

    def __init__(self, context: SSL.Context, first_bytes: bytes) -> None:
        """`first_bytes` are what was already received: the ClientHello."""
        super().__init__(context)
        self.session_ids: tuple[bytes, ...] = ()
        _SSL_set_accept_state(self._ssl)
        _BIO_write(self._input, first_bytes, len(first_bytes))

    @property
    def files_sessions(self) -> bool:
        """Whether its sessions have a place in OpenSSL's internal cache: the one that it resumes, and those that the
        handshake agrees on."""
        return True

    def may_resume(self, size: int) -> None:
        """A session of so many bytes."""


class ClientConnection(MemoryConnection):
    """The client's side, to a server that goes by `name`, a host name or an IP address. With `named`, only a
    certificate with that name is good (RFC 9525); whether any is looked at is up to the Context."""

    __slots__ = ()

    def __init__(self, context: SSL.Context, name: str, *, named: bool) -> None:
        super().__init__(context)
        lib.SSL_set_connect_state(self._ssl)
        address = _packed(name)
        if address is None:
            self.public.set_tlsext_host_name(name.encode("ascii"))
        if named:
            _expect(lib.SSL_get0_param(self._ssl), name.encode("ascii"), address)


def _packed(name: str) -> bytes | None:
    try:
        return ipaddress.ip_address(name).packed
    except ValueError:
        return None


def _expect(parameters: Any, name: bytes, address: bytes | None) -> None:
    if address is None:
        done = lib.X509_VERIFY_PARAM_set1_host(parameters, name, len(name))
    else:
        done = lib.X509_VERIFY_PARAM_set1_ip(parameters, address, len(address))
    if done != 1:
        raise MemoryError


def _memory() -> Any:
    bio = lib.BIO_new(lib.BIO_s_mem())
    if bio == ffi.NULL:
        raise MemoryError
    return bio


def certificate_address(connection: SSL.Connection) -> int:
    """Where the certificate is that the connection shows, in memory that its Context holds; 0 if it has none yet."""
    return int(ffi.cast("uintptr_t", lib.SSL_get_certificate(connection._ssl)))
