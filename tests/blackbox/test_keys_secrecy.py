"""Where the pass phrase must not be: command lines, environments, logs, and the memory of workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from blackbox import clients, processes
from blackbox.authority import Authority
from blackbox.encrypted import HOSTS, PHRASE, TWO_HOSTS, Program, issue
from blackbox.server import Server
from blackbox.until import until

SECRET = PHRASE.encode()
DEBUG = "LogLevel trace8\nSSLLogLevel debug\nSSLPassPhraseDialog exec:conf/phrase\n"

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of others")


@pytest.fixture
def server(new_server, authority: Authority) -> Server:
    """Two hosts, whose keys' phrase a program knows from a file; everything is logged that can be. Not started."""
    server = new_server(DEBUG + TWO_HOSTS)
    for name in HOSTS:
        issue(authority, server.root / "conf", name)
    (server.root / "conf/secret").write_text(PHRASE + "\n")
    Program(server.root / "conf", "cat secret")
    return server


def flags_where_it_is(pid: int) -> Iterator[set[str]]:
    """The kernel's flags (VmFlags, proc(5)) of each region of the process's memory that holds the phrase."""
    with Path(f"/proc/{pid}/mem").open("rb", 0) as file:
        for region in re.split(
            r"^(?=[0-9a-f]+-[0-9a-f]+ )", Path(f"/proc/{pid}/smaps").read_text(), flags=re.M
        )[1:]:
            start, end = (int(number, 16) for number in region.split(maxsplit=1)[0].split("-"))
            try:
                file.seek(start)
                found = SECRET in file.read(end - start)
            except (OSError, OverflowError):
                continue  # a device, or the kernel's own
            if found:
                yield set(region.partition("VmFlags:")[2].split())


def shown(pid: int) -> bytes:
    """What everybody may see of a process, or whoever has the same user; nothing if it is gone."""
    folder = Path(f"/proc/{pid}")
    try:
        return (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@only_root
def test_only_the_master_has_the_phrase_where_no_dump_and_no_child_gets_it(server, authority) -> None:
    server.start()
    server.reload()
    with clients.tls(server.https, clients.tls_context(authority.cert), "one.test"):
        found = list(flags_where_it_is(server.pid))
        assert found
        # Not in core dumps (dd), and zeros in the memory of children (wf).
        assert all({"dd", "wf"} <= flags for flags in found)
        assert len(server.workers()) == 2
        for worker in server.workers():
            assert not list(flags_where_it_is(worker))


@only_root
def test_the_master_forgets_if_it_is_told_to(server) -> None:
    server.configure("SSLPassPhraseReuse off\n" + DEBUG + TWO_HOSTS)
    server.start()
    assert not list(flags_where_it_is(server.pid))


def test_nothing_shows_the_phrase(server, authority) -> None:
    server.start()
    for pid in processes.family(server.pid):
        assert SECRET not in shown(pid)
    issue(authority, server.root / "conf", "two", phrase="wrong")
    assert server.run("-k", "restart").returncode == 1
    for worker in server.workers():
        os.kill(worker, signal.SIGUSR2)
    until(lambda: "greenlet is doing" in server.log(), "the workers tell what they do")
    assert server.stop() == 0
    for path in (server.root / "logs").iterdir():
        assert SECRET not in path.read_bytes(), path


def test_nothing_shows_it_while_the_program_runs(server) -> None:
    program = Program(server.root / "conf", "cat secret; sleep 1")
    with subprocess.Popen(server.command("-D", "FOREGROUND"), stderr=subprocess.PIPE) as process:
        try:
            until(lambda: program.calls, "the program is called")
            family = processes.family(process.pid)
            assert len(family) > 1
            assert any(map(shown, family))
            assert not any(SECRET in shown(pid) for pid in family)
            until(server.pid_file.exists, "the server has started")
        finally:
            process.terminate()
        assert process.stderr
        assert SECRET not in process.stderr.read()
