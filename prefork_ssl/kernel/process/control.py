"""How `prefork-ssl -k restart` asks the master for a reload, and hears how it went.

A Unix socket in the abstract namespace, named after the master's process id: no file to place, protect or leave behind.
The kernel tells each end who the other is, so neither believes a stranger. One line is asked ("reload", or "counters"
for the totals that modules count), some lines are answered, and the master hangs up.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from typing import Protocol

_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid (unix(7))
_LONGEST_QUESTION = 64

Answer = Callable[[str], None]


class ControlError(Exception):
    """The master cannot be asked, or gave no answer. The message is one line."""


class Watch(Protocol):
    """Where descriptors are watched: the master's loop."""

    def watch(self, file: socket.socket, readable: Callable[[], None]) -> None: ...
    def unwatch(self, file: socket.socket) -> None: ...


def _name(pid: int) -> str:
    return f"\0prefork_ssl.{pid}"


def _peer(sock: socket.socket) -> tuple[int, int]:
    """Process and user at the other end."""
    data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _gid = _CREDENTIALS.unpack(data)
    return pid, uid


def ask(pid: int, question: str) -> str:
    """Ask the master `pid`, and wait for its answer. Raises ControlError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        try:
            sock.connect(_name(pid))
            if _peer(sock)[0] != pid:
                raise ControlError(f"another process pretends to be {pid}; nothing was sent to it")
            sock.sendall(question.encode() + b"\n")
            answer = b"".join(iter(lambda: sock.recv(65536), b"")).decode().rstrip("\n")
        except OSError as error:
            raise ControlError(f"process {pid} cannot be asked: {error.strerror}") from error
    if not answer:
        raise ControlError(f"process {pid} gave no answer; its error log may tell why")
    return answer


class ControlServer:
    """The master's end. `asked` gets each question, and a function to call once with the answer."""

    def __init__(self, loop: Watch, asked: Callable[[str, Answer], None]) -> None:
        """Raises OSError if the name is taken."""
        self._loop = loop
        self._asked = asked
        self._clients: set[socket.socket] = set()
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.setblocking(False)
        self._sock.bind(_name(os.getpid()))
        self._sock.listen()
        loop.watch(self._sock, self._accept)

    def _accept(self) -> None:
        try:
            client = self._sock.accept()[0]
        except OSError:
            return  # it has gone already
        if _peer(client)[1] not in (0, os.geteuid()):
            client.close()
            return
        client.setblocking(False)
        self._clients.add(client)
        self._loop.watch(client, lambda: self._read(client))

    def _read(self, client: socket.socket) -> None:
        try:
            question = client.recv(_LONGEST_QUESTION).decode("latin-1").strip()
        except OSError:
            question = ""
        if not question:
            self._hang_up(client)
            return
        # Nothing more is expected; watching on would only tell again and again that the client waits.
        self._loop.unwatch(client)
        self._asked(question, lambda answer: self._answer(client, answer))

    def _answer(self, client: socket.socket, answer: str) -> None:
        try:
            client.sendall(answer.encode("utf-8", "backslashreplace") + b"\n")
        except OSError:
            pass  # it does not want to know any more
        finally:
            self._clients.discard(client)
            client.close()

    def _hang_up(self, client: socket.socket) -> None:
        self._loop.unwatch(client)
        self._clients.discard(client)
        client.close()

    def close(self) -> None:
        """Hang up on everybody."""
        self._loop.unwatch(self._sock)
        self.forget()

    def forget(self) -> None:
        """Close the sockets only: in a worker, which has no loop of the master's."""
        for sock in (self._sock, *self._clients):
            sock.close()
        self._clients.clear()
