"""URLs made to keep an expression of the configuration busy: refused in good time, and never let through."""

from __future__ import annotations

import pytest
from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.conftest import ServerFactory
from blackbox.server import Server

CONFIGURATION = """
LoadModule authz_module
StartServers 1
<LocationMatch "^/section/(?=(a|aa)+$)">
    Require all denied
</LocationMatch>
RedirectMatch "^/redirect/(?=(a|aa)+$)" https://example.com/
<Location /not>
    Require expr ! (%{REQUEST_URI} =~ m#^/not/(?=(a|aa)+$)#)
</Location>
<LocationMatch "^/(linear)/(a+)+$">
    Require all denied
</LocationMatch>
"""

SLOW = "a" * 60 + "b"


@pytest.fixture(scope="module")
def server(new_module_server: ServerFactory) -> Server:
    server = new_module_server(ONE_HOST + CONFIGURATION)
    for folder in ("section", "not", "linear"):
        server.write(f"{folder}/{SLOW}", b"secret")
        server.write(f"{folder}/ba", b"open")
    return server.start()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/section/{SLOW}", 400),
        (f"/redirect/{SLOW}", 400),
        (f"/not/{SLOW}", 403),
        (f"/linear/{SLOW}", 200),
        ("/section/aaa", 403),
        ("/section/ba", 200),
        ("/not/ba", 200),
        ("/linear/aaa", 403),
    ],
)
def test_no_answer_is_not_taken_for_no(server: Server, path: str, status: int) -> None:
    assert clients.get(server.http, path).status == status


def test_the_administrator_is_told_once(server: Server) -> None:
    for _ in range(3):
        assert clients.get(server.http, f"/section/{SLOW}").status == 400
    server.logged("[core:warn]")
    lines = [line for line in server.log().splitlines() if "^/section/" in line]
    assert len(lines) == 1
    assert "has not been through" in lines[0]
