"""Memory of a worker: bounded, whatever is sent through it and however often."""

import hashlib
import random

import pytest
from blackbox import clients, processes
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.server import Server
from blackbox.until import until

MEGABYTE = 1 << 20
SIZE = 200 * MEGABYTE + 12345


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    server = new_module_server(ONE_HOST + "StartServers 1\nMaxKeepAliveRequests 0\n")
    piece = random.Random(2).randbytes(MEGABYTE)
    with server.write("large.bin", b"").open("ab") as file:
        while file.tell() < SIZE:
            file.write(piece[: SIZE - file.tell()])
    server.write("page.txt", b"page")
    return server.start()


def digest(server: Server) -> str:
    with (server.root / "htdocs/large.bin").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_large_file_passes_through_little_memory(server: Server, authority: Authority, scheme: str) -> None:
    (worker,) = server.workers()
    port = server.ports[scheme].number
    clients.get(server.http, "/page.txt")
    before = processes.resident(worker)
    highest = before
    sock = (
        clients.tls(port, clients.tls_context(authority.cert)) if scheme == "https" else clients.connect(port)
    )
    received = hashlib.sha256()
    with sock:
        sock.sendall(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head, _, data = sock.recv(4096).partition(b"\r\n\r\n")
        assert f"content-length: {SIZE}" in head.decode().lower()
        received.update(data)
        count = 0
        while data := sock.recv(1 << 18):
            received.update(data)
            count += 1
            if count % 50 == 0:
                highest = max(highest, processes.resident(worker))
    assert received.hexdigest() == digest(server)
    assert highest - before < 16 * MEGABYTE


def test_connections_leave_nothing_behind(server: Server, authority: Authority) -> None:
    (worker,) = server.workers()
    context = clients.tls_context(authority.cert)

    def visit(times: int) -> None:
        for _ in range(times):
            assert clients.tls_get(server.https, context, "/page.txt").body == b"page"
            clients.exchange(server.https, b"\x16\x03\x01 nonsense")
            clients.exchange(server.http, b"nonsense\r\n\r\n")

    visit(100)
    files, before = processes.open_files(worker), processes.resident(worker)
    visit(300)
    # 900 connections; one that stayed would hold 30 KB and a descriptor.
    assert processes.resident(worker) - before < 4 * MEGABYTE
    until(lambda: processes.open_files(worker) <= files + 2, "descriptors are closed")
