"""The memory that an idle connection holds in the server."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack
from pathlib import Path


def bytes_per_connection(port: int, worker: int, authority: Path, connections: int) -> float:
    """Open `connections`, make one request on each, keep them, and divide what the worker's own memory grew by."""
    context = ssl.create_default_context(cafile=str(authority))
    with ExitStack() as stack:
        # The first ones pay for what all share: allocator arenas, caches, imports.
        for _ in range(32):
            stack.enter_context(_visit(port, context))
        before = private_memory(worker)
        for _ in range(connections):
            stack.enter_context(_visit(port, context))
        return (private_memory(worker) - before) / connections


def private_memory(pid: int) -> int:
    """Bytes of memory that the process shares with no other (proc(5), Private_* of smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024


def _visit(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    sock = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="localhost")
    sock.sendall(b"GET /1k.txt HTTP/1.1\r\nHost: localhost\r\n\r\n")
    received = b""
    while b"\r\n\r\n" not in received or len(received.partition(b"\r\n\r\n")[2]) < 1024:
        data = sock.recv(16384)
        if not data:
            raise RuntimeError(f"the server ended the connection after {received!r}")
        received += data
    return sock
