"""Basic authentication on a running server: user and group files as htpasswd writes them, and what is said to whom."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from blackbox import clients
from blackbox.configurations import ONE_HOST
from blackbox.server import Server
from blackbox.visitors import basic

pytestmark = pytest.mark.needs("htpasswd")

CONFIGURATION = (
    ONE_HOST
    + r"""
LoadModule authz_module
LoadModule auth_basic_module
<Location />
    AuthType Basic
    AuthName "the \"inner\" court, für alle"
    AuthUserFile conf/users
    AuthGroupFile conf/groups
</Location>
<Location /valid>
    Require valid-user
</Location>
<Location /user>
    Require user joe "o'hara" m\xfcller
</Location>
<Location /group>
    Require group admins staff
</Location>
<Location /either>
    Require ip 192.0.2.0/24
    Require group admins
</Location>
<Location /both>
    <RequireAll>
        Require group admins staff
        Require not user ann
    </RequireAll>
</Location>
<Location /here>
    Require valid-user
    Require local
</Location>
<Location /forbidden>
    AuthzSendForbiddenOnFailure On
    Require user ann
</Location>
<Location /nobody>
    AuthType None
    Require valid-user
</Location>
<Location /open>
    Require all granted
</Location>
<Location /closed>
    Require all denied
</Location>
<Location /other>
    AuthName other
    Require valid-user
</Location>
ErrorDocument 401 "who are you?"
CustomLog logs/users "%U %u %>s"
"""
)

# User, password, and how htpasswd is told to hash it.
USERS = {
    "joe": ("s:ecr:et", "-B"),
    "ann": ("apr", "-m"),
    "o'hara": ("sha", "-s"),
    "old": ("crypt", "-d"),
    "bob": ("sha256", "-2"),
    "eve": ("sha512", "-5"),
    "müller": ("pässwörd", "-B"),
    "md5": ("password", None),
}
# Of "password", as old manuals print it.
MD5 = "$1$OXLyS...$Owx8s2/m9/gfkcRVXzgoE/"


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    made = new_module_server(CONFIGURATION.replace(r"\xfc", "ü"))
    write_users(made, USERS)
    (made.root / "conf/groups").write_text("# comment\nadmins: joe ann\nstaff:bob\nstaff: müller\nempty:\n")
    for path in (
        "valid",
        "user",
        "group",
        "either",
        "both",
        "here",
        "forbidden",
        "nobody",
        "open",
        "closed",
        "other",
    ):
        made.write(path, b"let in\n")
    return made.start()


def write_users(server: Server, users) -> None:
    file = server.root / "conf/users"
    lines = ["# those who may enter", ""]
    for user, (password, option) in users.items():
        lines.append(f"{user}:{MD5}" if option is None else hashed(user, password, option))
    file.write_text("\n".join([*lines, "broken:$9$what", "no colon here", "empty:", ""]))


def hashed(user: str, password: str, option: str) -> str:
    done = subprocess.run(
        ["htpasswd", "-nb", option, user, password], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def status(server: Server, path: str, login: str | None = None, **options) -> int:
    lines = [] if login is None else [f"Authorization: {basic(login)}"]
    return clients.get(server.http, path, *lines, **options).status


LOGINS = {user: f"{user}:{password}" for user, (password, _) in USERS.items()}


@pytest.mark.parametrize("user", USERS)
def test_every_kind_of_hash(server, user):
    for _ in range(2):  # the second time it is known
        assert status(server, "/valid", LOGINS[user]) == 200
    assert status(server, "/valid", f"{LOGINS[user]}x") == 401
    assert status(server, "/valid", f"{user}:") == 401


@pytest.mark.parametrize(
    ("path", "admitted"),
    [
        ("/valid", set(USERS)),
        ("/user", {"joe", "o'hara", "müller"}),
        ("/group", {"joe", "ann", "bob", "müller"}),
        ("/either", {"joe", "ann"}),
        ("/both", {"joe", "bob", "müller"}),
        ("/here", {None, *USERS}),
        ("/open", {None, *USERS}),
        ("/closed", set()),
    ],
)
def test_who_is_let_in(server, path, admitted):
    assert {user for user in (None, *USERS) if status(server, path, LOGINS.get(user)) == 200} == admitted


@pytest.mark.parametrize(
    "field",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        f"Basic {'x' * 4000}",
        "Basic am9l",  # no colon
        basic("joe"),
        basic("joe:wrong"),
        basic("joe:s:ecr:et").replace("Basic", "Bearer"),
        basic("joe:s:ecr:et") + "x",
        basic("joe\0:s:ecr:et"),
        basic("joe:s:ecr:et\0"),
        basic(":"),
        basic("nobody:x"),
        basic("broken:x"),
        basic("empty:"),
        basic("no colon here:"),
        basic("#:x"),
        basic(f"joe:{'x' * 5000}"),
    ],
)
def test_who_is_not_logged_in_is_asked(server, field):
    reply = clients.get(server.http, "/valid", *([] if field is None else [f"Authorization: {field}"]))
    assert reply.status == 401
    realm = 'Basic realm="the \\"inner\\" court, für alle", charset="UTF-8"'
    assert reply.headers["www-authenticate"] == realm.encode().decode("latin-1")
    assert reply.body == b"who are you?"


def test_the_scheme_is_known_in_any_case(server):
    for scheme in ("basic", "BASIC"):
        field = basic(LOGINS["joe"]).replace("Basic", scheme)
        assert clients.get(server.http, "/valid", f"Authorization: {field}").status == 200


def test_two_authorizations_are_none(server):
    field = f"Authorization: {basic(LOGINS['joe'])}"
    assert clients.get(server.http, "/valid", field, field).status == 401


def test_users_who_may_not_enter_are_asked_again_or_refused(server):
    assert status(server, "/group", LOGINS["old"]) == 401
    assert "[authz:error]" in server.logged("user old: not let in to /group")
    assert status(server, "/forbidden", LOGINS["joe"]) == 403
    assert status(server, "/forbidden", "joe:wrong") == 401
    assert status(server, "/closed") == 403
    assert status(server, "/nobody", LOGINS["joe"]) == 403
    assert "access to /nobody needs a user" in server.logged("/nobody")


def test_each_section_has_its_realm(server):
    assert 'realm="other"' in clients.get(server.http, "/other").headers["www-authenticate"]


def test_the_log_tells_who_it_was(server):
    assert status(server, "/valid", LOGINS["müller"]) == 200
    assert server.logged(r"/valid m\xc3\xbcller 200", "users")
    assert status(server, "/valid", 'joe"\nx:wrong') == 401
    assert server.logged("/valid - 401", "users")
    line = server.logged(r'user joe"\nx: not logged in to /valid')
    assert "[auth_basic:error]" in line
    assert "wrong" not in server.log()


def test_it_is_the_same_over_tls(server, authority):
    context = clients.tls_context(authority.cert)
    with clients.tls(server.https, context) as sock:
        for login, expected in (("joe:wrong", b"401"), (LOGINS["joe"], b"200"), (LOGINS["joe"], b"200")):
            sock.sendall(
                f"GET /valid HTTP/1.1\r\nHost: localhost\r\nAuthorization: {basic(login)}\r\n\r\n".encode()
            )
            data = b""
            while b"\r\n\r\n" not in data:
                data += sock.recv(65536)
            assert data.split()[1] == expected
            until_body_is_read(sock, data)


def until_body_is_read(sock, data: bytes) -> None:
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split()[0])
    while len(body) < length:
        body += sock.recv(65536)


# --- files that change ---


def test_files_are_read_again_when_they_have_changed(new_server):
    server = new_server(CONFIGURATION.replace(r"\xfc", "ü"))
    write_users(server, {"joe": ("first", "-m")})
    (server.root / "conf/groups").write_text("admins: ann\n")
    server.write("valid", b"")
    server.write("group", b"")
    server.start()
    assert status(server, "/valid", "joe:first") == 200
    assert status(server, "/group", "joe:first") == 401

    write_users(server, {"joe": ("second", "-m"), "sue": ("third", "-m")})
    (server.root / "conf/groups").write_text("admins: joe\n")
    assert status(server, "/valid", "joe:first") == 401
    assert status(server, "/valid", "joe:second") == 200
    assert status(server, "/valid", "sue:third") == 200
    assert status(server, "/group", "joe:second") == 200

    write_users(server, {"sue": ("third", "-m")})
    assert status(server, "/valid", "joe:second") == 401

    (server.root / "conf/groups").unlink()
    assert status(server, "/group", "sue:third") == 403
    assert "conf/groups cannot be read: No such file or directory" in server.logged("AuthGroupFile")
    (server.root / "conf/users").unlink()
    assert status(server, "/valid", "sue:third") == 500
    assert "conf/users cannot be read: No such file or directory" in server.logged("AuthUserFile")


def test_others_are_served_while_passwords_are_hashed(new_server):
    server = new_server(
        CONFIGURATION.replace(r"\xfc", "ü").replace("StartServers 2", "") + "StartServers 1\n"
    )
    (server.root / "conf/users").write_text(f"joe:{slow_hash('right')}\n")
    (server.root / "conf/groups").write_text("")
    server.write("valid", b"")
    server.write("open", b"")
    server.start()
    began = time.monotonic()
    assert status(server, "/valid", "joe:wrong") == 401
    alone = time.monotonic() - began
    assert alone > 0.2  # the hash is slow enough for what follows to mean something

    served = 0
    with ThreadPoolExecutor(4) as pool:
        guesses = [pool.submit(status, server, "/valid", f"joe:wrong{number}") for number in range(4)]
        while not all(guess.done() for guess in guesses):
            assert status(server, "/open") == 200
            served += 1
    assert [guess.result() for guess in guesses] == [401] * 4
    assert served > 10  # between four hashes, there would be four

    # and who was right once is let in without it
    assert status(server, "/valid", "joe:right") == 200
    began = time.monotonic()
    for _ in range(10):
        assert status(server, "/valid", "joe:right") == 200
    assert time.monotonic() - began < 5 * alone
    assert status(server, "/valid", "joe:wrong") == 401


def test_names_are_not_told_by_the_time_that_it_takes(new_server):
    server = new_server(CONFIGURATION.replace(r"\xfc", "ü"))
    (server.root / "conf/users").write_text(f"joe:{slow_hash('right')}\n")
    (server.root / "conf/groups").write_text("")
    server.write("valid", b"")
    server.start()

    def seconds(login: str) -> float:
        began = time.monotonic()
        assert status(server, "/valid", login) == 401
        return time.monotonic() - began

    assert seconds("nobody:x") > 0.5 * seconds("joe:x")


def slow_hash(password: str) -> str:
    done = subprocess.run(
        ["htpasswd", "-nbBC", "12", "x", password], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().partition(":")[2]


# --- the configuration ---

# What is wrong with a line by itself, and what is wrong once all modules are known: each kind is told all at once.
WRITTEN = {
    "AuthType Digest": "AuthType: must be basic|none, not 'Digest'",
    "AuthUserFile conf/absent": "conf/absent does not exist or cannot be reached",
    'AuthName "a\tb"': "AuthName: must be a text without control characters",
    "AuthBasicProvider ldap": "AuthBasicProvider: must be file, not 'ldap' (users are looked up in AuthUserFile",
    "Require": "Require: needs to say what is required",
    "Require not": "Require: needs to say what is required",
    "<RequireAny>\n</RequireAny>": "<RequireAny>: there is no Require line in it",
    "<RequireAny>\nAuthType None\n</RequireAny>": "AuthType cannot stand in <RequireAny> (there can be Require",
    "ErrorDocument 401 https://example.com/": "the document of status 401 cannot be on another server",
}
MEANT = {
    "Require group": "Require group: needs names of groups",
    "Require grupp x": "Require grupp: nobody offers 'grupp' (did you mean group?)",
    "Require host example.com": "Require host: the names of clients are not looked up (write Require ip",
    "Require valid-user joe": "Require valid-user: takes nothing more, and was given 'joe'",
    "Require ip": "Require ip: needs addresses or networks",
    "Require ip 300": "Require ip: '300' is neither an address nor a network",
    "Require all maybe": "Require all: must be granted or denied, not 'maybe'",
    "Require not user joe": "Require not user joe keeps nobody out here, where any of the rules lets in (put it into",
    "<RequireAll>\nRequire not user joe\n</RequireAll>": "<RequireAll> lets nobody in",
    "AuthType Basic": "AuthType Basic finds no users (add AuthUserFile",
}


@pytest.mark.parametrize("mistakes", [WRITTEN, MEANT], ids=["written", "meant"])
def test_mistakes_are_told(new_server, mistakes):
    sections = "".join(f"<Location />\n{lines}\n</Location>\n" for lines in mistakes)
    server = new_server(ONE_HOST + f"LoadModule authz_module\nLoadModule auth_basic_module\n{sections}")
    done = server.run("-t")
    assert done.returncode == 1
    said = done.stderr.splitlines()
    for text in mistakes.values():
        assert [line for line in said if text in line and f"{server.configuration_file}:" in line], text
    assert "Traceback" not in done.stderr
