"""What a master and one of its workers say to each other: short messages on a socket pair.

    worker -> master    ready             it accepts connections
                        spent             it has served MaxConnectionsPerChild; replace it
                        failed REASON     it could not begin, and ends
    master -> worker    drain             finish what is under way, then end
                        log NUMBER        with a descriptor: what the log file with this number leads to from now on

The end of the conversation means that the other process is gone.
"""

from __future__ import annotations

import os
import socket

from prefork_ssl.kernel.process.rotation import put_in_place

# Longer reasons are cut: a message is one packet.
_LONGEST = 2000


class Channel:
    """One end of the conversation. Never blocks."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock

    @classmethod
    def pair(cls) -> tuple[Channel, WorkerChannel]:
        """The two ends: the master's and the worker's."""
        master, worker = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(master), WorkerChannel(worker)

    @property
    def open(self) -> bool:
        """Whether this end has not hung up."""
        return self._sock.fileno() >= 0

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._sock.fileno()

    def send(self, message: str) -> None:
        """Say something; if the other end is gone, nobody needs to know."""
        self._send(message, [])

    def send_log(self, number: int, fd: int) -> None:
        """Hand over the file that the log with descriptor `number` leads to from now on."""
        self._send(f"log {number}", [fd])

    def _send(self, message: str, fds: list[int]) -> None:
        data = message.encode("utf-8", "backslashreplace")[:_LONGEST]
        try:
            if self.open:
                socket.send_fds(self._sock, [data], fds)
        except (BrokenPipeError, ConnectionResetError):
            return

    def receive(self) -> str | None:
        """The next message, "" if there is none now, None when the other end is gone."""
        try:
            return self._receive() or None
        except BlockingIOError:
            return ""
        except ConnectionResetError:
            return None

    def _receive(self) -> str:
        """Descriptors that come along are closed by the system: no worker is to choose those of the master."""
        return self._sock.recv(_LONGEST).decode("utf-8", "replace")

    def close(self) -> None:
        """Hang up."""
        self._sock.close()


class WorkerChannel(Channel):
    """The worker's end: here, a log file's new descriptor is put in its place."""

    def _receive(self) -> str:
        data, fds, _flags, _address = socket.recv_fds(self._sock, _LONGEST, 1)
        message = data.decode("utf-8", "replace")
        for fd in fds:
            put_in_place(fd, int(message.removeprefix("log ")))
            os.close(fd)
        return message
