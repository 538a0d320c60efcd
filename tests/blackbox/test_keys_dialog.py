"""The pass phrase dialog of the real server, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pexpect
import pytest
from blackbox import clients, processes
from blackbox.authority import Authority
from blackbox.encrypted import HOSTS, PHRASE, TWO_HOSTS, issue
from blackbox.server import Server
from blackbox.until import until

Child = pexpect.spawn
Dialog = Callable[..., Child]


@pytest.fixture
def server(new_server, authority: Authority) -> Server:
    """Two hosts whose keys have the same pass phrase."""
    server = new_server(TWO_HOSTS)
    for name in HOSTS:
        issue(authority, server.root / "conf", name)
    return server


@pytest.fixture
def dialog(server: Server) -> Iterator[Dialog]:
    """dialog(argument...): the program on a terminal of its own."""
    children = []

    def start(*arguments: str) -> Child:
        program, *rest = server.command(*arguments)
        child = pexpect.spawn(program, rest, encoding="utf-8", timeout=20)
        children.append(child)
        return child

    yield start
    server.run("-k", "stop")
    for child in children:
        child.close(force=True)


def prompted(child: Child) -> str:
    """Wait for a prompt; what came before it."""
    child.expect("Enter pass phrase:")
    return str(child.before)


def finish(child: Child) -> tuple[int, str]:
    """The exit status, and all that the program still says."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, str(child.before)


def serves(server: Server, authority: Authority, *names: str) -> bool:
    context = clients.tls_context(authority.cert)
    return all(
        clients.tls_get(server.https, context, "/page.txt", f"{name}.test").body == b"page" for name in names
    )


def test_wrong_once_then_right_two_hosts_one_phrase_two_questions(server, dialog, authority) -> None:
    server.write("page.txt", b"page")
    child = dialog("-k", "start")
    said = prompted(child)
    assert "(Pass Phrase Dialog)" in said
    assert f"one.test:{server.https}" in said
    assert "EC key" in said
    assert str(server.root / "conf/one.key") in said
    child.sendline("not it")
    assert "pass phrase incorrect (5 more attempts)" in prompted(child)
    child.sendline(PHRASE)
    status, said = finish(child)
    assert status == 0
    assert "OK: Pass Phrase Dialog successful." in said
    assert "Enter pass phrase" not in said
    assert PHRASE not in said
    assert "not it" not in said
    assert serves(server, authority, *HOSTS)


def test_the_server_outlives_its_terminal_and_reloads_without_one(server, dialog, authority) -> None:
    server.write("page.txt", b"page")
    child = dialog("-k", "start")
    prompted(child)
    child.sendline(PHRASE)
    assert finish(child)[0] == 0
    master = int(server.pid_file.read_text())
    workers = set(processes.children(master))
    for name in HOSTS:
        (server.root / f"conf/{name}.key").unlink()
    done = server.run("-k", "restart")
    assert (done.returncode, done.stderr) == (0, "")
    until(lambda: not workers & set(processes.children(master)), "all workers are new")
    assert serves(server, authority, *HOSTS)


def test_a_new_key_with_a_known_phrase_is_opened_by_a_reload(server, dialog, authority) -> None:
    server.write("page.txt", b"page")
    child = dialog("-D", "FOREGROUND")
    prompted(child)
    child.sendline(PHRASE)
    until(server.pid_file.exists, "the pid file")
    until(server.ports["https"].listening, "the server")
    pair = issue(authority, server.root / "conf", "two")
    assert server.run("-k", "restart").returncode == 0
    with clients.tls(server.https, clients.tls_context(authority.cert), "two.test") as sock:
        assert sock.getpeercert(binary_form=True) == pair.der


def test_each_phrase_is_asked_for_once(server, dialog, authority) -> None:
    server.write("page.txt", b"page")
    issue(authority, server.root / "conf", "two", phrase="another one")
    child = dialog("-k", "start")
    prompted(child)
    child.sendline(PHRASE)
    said = prompted(child)
    assert f"two.test:{server.https}" in said
    assert "(Pass Phrase Dialog)" not in said
    child.sendline("another one")
    assert finish(child)[0] == 0
    assert serves(server, authority, *HOSTS)


@pytest.mark.parametrize("way", ["end of file", "Ctrl-C"])
def test_who_gives_up_gets_a_clean_end(server, dialog, way: str) -> None:
    child = dialog("-k", "start")
    prompted(child)
    if way == "Ctrl-C":
        child.sendintr()
    else:
        child.sendeof()
    status, said = finish(child)
    assert status == 1
    (line,) = [line for line in said.splitlines() if line.strip()]
    assert server.place("conf/one.key") in line
    assert "SSLCertificateKeyFile" in line
    assert not server.pid_file.exists()
    assert not server.ports["https"].listening()


def test_empty_input_does_not_count(server, dialog) -> None:
    child = dialog("-k", "start")
    for _ in range(8):
        prompted(child)
        child.sendline("")
    prompted(child)
    child.sendline(PHRASE)
    assert finish(child)[0] == 0


def test_the_check_asks_too_and_starts_nothing(server, dialog) -> None:
    child = dialog("-t")
    prompted(child)
    child.sendline(PHRASE)
    status, said = finish(child)
    assert status == 0
    assert "Syntax OK" in said
    assert not server.pid_file.exists()


def test_without_a_terminal_the_check_tells_what_it_left_out(server) -> None:
    done = server.run("-t")
    assert done.returncode == 0
    assert done.stderr.count("is encrypted and was not opened") == 2
    assert "Syntax OK" in done.stderr


def test_without_a_terminal_the_start_says_which_directive_would_help(server) -> None:
    done = server.run("-k", "start")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    for line in done.stderr.splitlines():
        assert "SSLPassPhraseDialog exec:" in line
        assert f"{server.configuration_file}:" in line


def test_a_key_that_no_phrase_opens_is_refused_by_a_reload_and_nothing_changes(
    server, dialog, authority
) -> None:
    server.write("page.txt", b"page")
    child = dialog("-k", "start")
    prompted(child)
    child.sendline(PHRASE)
    assert finish(child)[0] == 0
    issue(authority, server.root / "conf", "two", phrase="unheard of")
    done = server.run("-k", "restart")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    for text in (line, server.log(), server.log("ssl_log")):
        assert server.place("conf/two.key") in text
        assert "no pass phrase known to the server opens it" in text
        assert "set SSLPassPhraseDialog exec:" in text
    assert serves(server, authority, *HOSTS)
