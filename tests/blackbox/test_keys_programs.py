"""SSLPassPhraseDialog exec: and the pipe, with the real server: when they are run, and what becomes of bad ones."""

from __future__ import annotations

import pytest
from blackbox import clients
from blackbox.authority import Authority, rsa_key
from blackbox.encrypted import HOSTS, PHRASE, TWO_HOSTS, Program, issue
from blackbox.server import Server

EXEC = "SSLPassPhraseDialog exec:conf/phrase\n"


@pytest.fixture
def server(new_server, authority: Authority) -> Server:
    """Two hosts, an EC and an RSA key with the same pass phrase, and no program yet."""
    server = new_server(EXEC + TWO_HOSTS)
    server.write("page.txt", b"page")
    issue(authority, server.root / "conf", "one")
    issue(authority, server.root / "conf", "two", key=rsa_key())
    return server


def program(server: Server, script: str) -> Program:
    return Program(server.root / "conf", script)


def serves(server: Server, authority: Authority) -> bool:
    context = clients.tls_context(authority.cert)
    return all(
        clients.tls_get(server.https, context, "/page.txt", f"{name}.test").body == b"page" for name in HOSTS
    )


def test_called_once_for_two_keys_and_never_for_a_reload(server, authority) -> None:
    knowing = program(server, f"echo {PHRASE}")
    server.start()
    assert knowing.calls == [f"one.test:{server.https} EC"]
    for _ in range(2):
        server.reload()
    assert len(knowing.calls) == 1
    for name in HOSTS:
        (server.root / f"conf/{name}.key").unlink()
    knowing.path.unlink()
    server.reload()
    assert serves(server, authority)
    assert len(knowing.calls) == 1
    assert "refused" not in server.log()


def test_called_with_the_real_type_of_the_key(server, authority) -> None:
    issue(authority, server.root / "conf", "one", phrase="another")
    knowing = program(server, f'case "$1" in one*) echo another;; *) echo {PHRASE};; esac')
    server.start()
    assert knowing.calls == [f"one.test:{server.https} EC", f"two.test:{server.https} RSA"]


def test_a_reload_asks_the_program_for_a_new_phrase_only(server, authority) -> None:
    knowing = program(server, f"echo {PHRASE}")
    server.start()
    pair = issue(authority, server.root / "conf", "two")
    assert server.run("-k", "restart").returncode == 0
    assert len(knowing.calls) == 1
    pair = issue(authority, server.root / "conf", "two", phrase="another")
    knowing = program(server, "echo another")
    assert server.run("-k", "restart").returncode == 0
    assert len(knowing.calls) == 2
    with clients.tls(server.https, clients.tls_context(authority.cert), "two.test") as sock:
        assert sock.getpeercert(binary_form=True) == pair.der


def test_forgotten_phrases_are_asked_for_again(server, authority) -> None:
    server.configure("SSLPassPhraseReuse off\n" + EXEC + TWO_HOSTS)
    knowing = program(server, f"echo {PHRASE}")
    server.start()
    server.reload()
    assert len(knowing.calls) == 1
    issue(authority, server.root / "conf", "two")
    assert server.run("-k", "restart").returncode == 0
    assert len(knowing.calls) == 2


def test_the_pipe_is_a_dialog_with_one_program(server, authority) -> None:
    server.configure(f"SSLPassPhraseDialog '|conf/phrase {PHRASE}'\n" + TWO_HOSTS)
    answering = program(server, 'while read -r line; do case $line in Server*) echo "$1";; esac; done')
    server.start()
    assert answering.calls == [PHRASE]
    assert serves(server, authority)


BAD = [
    ("exit 1", "ended with status 1"),
    ("true", "printed no pass phrase"),
    ("echo", "printed no pass phrase"),
    ("kill -9 $$", "was ended by SIGKILL"),
    ("echo wrong", "does not open the private key"),
]


@pytest.mark.parametrize(("script", "reason"), BAD)
def test_a_bad_program_stops_the_start(server, script: str, reason: str) -> None:
    program(server, script)
    done = server.run("-D", "FOREGROUND")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert all(reason in line and f"{server.configuration_file}:" in line for line in lines)
    assert len(lines) == (2 if "wrong" in script else 1)
    assert str(server.root / "conf/phrase") in lines[0]
    assert not server.pid_file.exists()


def test_a_program_that_is_not_there_stops_the_start(server) -> None:
    done = server.run("-D", "FOREGROUND")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"prefork-ssl: {server.place('SSLPassPhraseDialog')}: SSLPassPhraseDialog: ")
    assert "cannot be started: No such file or directory" in line


@pytest.mark.parametrize(("script", "reason"), BAD)
def test_a_bad_program_stops_a_reload_and_nothing_else(server, authority, script: str, reason: str) -> None:
    program(server, f"echo {PHRASE}")
    server.start()
    workers = server.workers()
    issue(authority, server.root / "conf", "two", phrase="new")
    program(server, script)
    done = server.run("-k", "restart")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert reason in line
    for log in ("error_log", "ssl_log"):
        assert reason in server.log(log)
    assert "Traceback" not in server.log()
    assert server.workers() == workers
    assert serves(server, authority)
