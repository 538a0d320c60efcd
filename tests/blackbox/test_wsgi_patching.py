"""WSGIMonkeyPatch: an application that waits does not keep its worker from answering others, whatever it waits with.

The server has one worker, and what the applications wait for are other requests to it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import pytest
from blackbox import clients
from blackbox.authority import Authority
from blackbox.configurations import ONE_HOST
from blackbox.mounting import APPLICATIONS, PLAIN, ROOT
from blackbox.server import Server

CONFIGURATION = f"""\
{ROOT}LoadModule wsgi_module
StartServers 1
WSGIPythonPath @applications
WSGIApplication / cooperating:application
{ONE_HOST}"""

# What the standard library keeps if it is imported before, as by the server: a lock that nobody holds while waiting,
# and names for classes and functions that gevent has replaced.
KEPT = {"_strptime._thread_allocate_lock", "subprocess._waitpid", "ssl.socket", "ssl.create_connection"}


@pytest.fixture(
    scope="module", params=["", "LoadModule greedy_module blackbox.greedy:module\n"], ids=["", "late"]
)
def server(new_module_server, request: pytest.FixtureRequest) -> Server:
    """Also one where a module has imported much before."""
    made = new_module_server(request.param + CONFIGURATION, applications=APPLICATIONS)
    with mock.patch.dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[1])):
        return made.start()


def get(server: Server, target: str) -> str:
    reply = clients.get(server.http, target)
    assert reply.status == 200, reply
    return reply.body.decode()


def test_nothing_was_taken_from_python_before_it_was_patched(server: Server) -> None:
    told = json.loads(get(server, "/patched"))
    assert told["modules"] == ["socket", "ssl", "threading", "time", "select"]
    first_thing = subprocess.run(
        [sys.executable, APPLICATIONS / "references.py"], capture_output=True, check=True, text=True
    )
    assert set(told["references"]) <= set(json.loads(first_thing.stdout)) | KEPT
    assert "MonkeyPatchWarning" not in server.log("console") + server.log()


def test_requests_meet_in_one_worker(server: Server) -> None:
    with ThreadPoolExecutor(10) as pool:
        places = list(pool.map(lambda _: get(server, "/meet/ten/10"), range(10)))
    assert sorted(map(int, places)) == list(range(10))


@pytest.mark.parametrize("path", ["/ask?url=", "/thread?url="])
def test_asking_the_own_worker(server: Server, path: str) -> None:
    assert get(server, f"{path}http://127.0.0.1:{server.http}/hello") == "hello"


@pytest.mark.parametrize("path", ["/ask", "/ask_urllib"])
def test_asking_it_by_tls(server: Server, authority: Authority, path: str) -> None:
    assert get(server, f"{path}?ca={authority.cert}&url=https://localhost:{server.https}/hello") == "hello"


def test_programs_and_names(server: Server) -> None:
    assert get(server, "/program") == "done\n"
    assert json.loads(get(server, "/names")) == ["127.0.0.1", 80]


def test_off(new_server) -> None:
    server = new_server(CONFIGURATION + "WSGIMonkeyPatch off\n", applications=APPLICATIONS).start()
    assert json.loads(get(server, "/patched"))["modules"] == []


def test_threads_have_what_is_native(new_server) -> None:
    server = new_server(CONFIGURATION + "WSGIThreads 4\n", applications=APPLICATIONS).start()
    assert json.loads(get(server, "/patched"))["modules"] == []
    with ThreadPoolExecutor(4) as pool:
        places = list(pool.map(lambda _: get(server, "/meet/four/4"), range(4)))
    assert sorted(map(int, places)) == list(range(4))
    assert get(server, f"/ask?url=http://127.0.0.1:{server.http}/hello") == "hello"


def test_threads_for_a_part_of_the_site(new_server) -> None:
    sections = "<Location /plain/environ/computed>\nWSGIThreads 2\n</Location>\n"
    server = new_server(PLAIN + sections + ONE_HOST, applications=APPLICATIONS).start()
    for path, main in (("", True), ("/computed", False), ("/computed/more", False), ("/compute", True)):
        assert json.loads(get(server, f"/plain/environ{path}"))["in the main thread"] is main


def test_others_are_answered_while_threads_compute(new_server) -> None:
    """The event loop and free threads come to their turns: those who compute end when others have told them to."""
    server = new_server(CONFIGURATION + "WSGIThreads 4\n", applications=APPLICATIONS).start()
    with ThreadPoolExecutor(3) as pool:
        computing = [pool.submit(get, server, f"/compute/{number}") for number in range(3)]
        with clients.connect(server.http, 20) as sock:
            for _ in range(20):
                sock.sendall(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert sock.recv(65536).endswith(b"hello")
        assert not any(future.done() for future in computing)
        for number in range(3):
            assert get(server, f"/enough/{number}") == "told"
        assert {float(future.result(20)) for future in computing} == {0.0005}


def test_more_requests_than_threads_wait_for_their_turn(new_server) -> None:
    server = new_server(CONFIGURATION + "WSGIThreads 2\n", applications=APPLICATIONS).start()
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(lambda _: get(server, "/hello"), range(60))) == ["hello"] * 60
