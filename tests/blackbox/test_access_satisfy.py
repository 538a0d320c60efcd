"""Satisfy, StrictRequire, AuthMerging and index files on a running server."""

from __future__ import annotations

import pytest
from blackbox import clients
from blackbox.client_certificates import Wallet
from blackbox.server import Server
from blackbox.visitors import Visitor

LOGIN = "joe:secret"

CONFIGURATION = """\
LoadModule authz_module
LoadModule auth_basic_module
<Directory @root/htdocs>
    AuthType Basic
    AuthUserFile conf/users
</Directory>
<Location /all>
    SSLRequireSSL
    Require valid-user
</Location>
<Location /any>
    SSLRequireSSL
    Satisfy any
    Require valid-user
</Location>
<Location /any-certificate>
    SSLRequire %{SSL_CLIENT_VERIFY} eq "SUCCESS"
    Satisfy any
    Require valid-user
</Location>
<Location /strict>
    SSLRequire %{SSL_CLIENT_VERIFY} eq "SUCCESS"
    SSLOptions +StrictRequire
    Satisfy any
    Require valid-user
</Location>
<Location /strict-ssl>
    SSLRequireSSL
    SSLOptions +StrictRequire
    Satisfy any
    Require valid-user
</Location>
<Location /any-alone>
    SSLRequire %{SSL_CLIENT_VERIFY} eq "SUCCESS"
    Satisfy any
</Location>
<Location /merged>
    Require user joe
</Location>
<Location /merged/off>
    Require user ann
</Location>
<Location /merged/and>
    AuthMerging And
    Require ip 192.0.2.1
</Location>
<Location /merged/or>
    AuthMerging Or
    Require user ann
</Location>
<Location /merged/or/deeper>
    Require user eve
</Location>
<Location /merged/or/off>
    AuthMerging Off
    Require user eve
</Location>
<Location /merged/none>
    AuthMerging And
</Location>
<Directory @root/htdocs/index>
    <Files index.html>
        Require user joe
    </Files>
    <Files other.html>
        AuthUserFile conf/others
        Require valid-user
    </Files>
</Directory>
<Directory @root/htdocs/index/other>
    DirectoryIndex none.html other.html
    Require valid-user
</Directory>
<Location /index/hidden/index.html>
    Require all denied
</Location>
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
</VirtualHost>
"""

FILES = ("all", "any", "any-certificate", "strict", "strict-ssl", "any-alone")
MERGED = ("page", "off/page", "and/page", "or/page", "or/deeper/page", "or/off/page", "none/page")


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    made = new_module_server(CONFIGURATION, ca=wallet.root.file)
    sha_of_secret = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
    users = "".join(f"{user}:{sha_of_secret}\n" for user in ("joe", "ann", "eve"))
    (made.root / "conf/users").write_text(users)
    (made.root / "conf/others").write_text(f"sue:{sha_of_secret}\n")
    for path in (*FILES, *(f"merged/{path}" for path in MERGED)):
        made.write(path, b"let in\n")
    for path in (
        "index/index.html",
        "index/sub/index.html",
        "index/other/other.html",
        "index/hidden/index.html",
    ):
        made.write(path, b"index\n")
    return made.start()


@pytest.mark.parametrize(
    ("path", "nobody", "certificate", "password", "both", "clear", "clear_password"),
    [
        ("all", 401, 401, 200, 200, 403, 403),
        ("any", 200, 200, 200, 200, 401, 200),
        ("any-certificate", 401, 200, 200, 200, 401, 200),
        ("strict", 403, 200, 403, 200, 403, 403),
        ("strict-ssl", 200, 200, 200, 200, 403, 403),
        ("any-alone", 403, 200, 403, 200, 403, 403),
    ],
)
def test_what_is_enough(
    server, authority, wallet, path, nobody, certificate, password, both, clear, clear_password
):
    stranger, client = Visitor(server, authority), Visitor(server, authority, wallet.ok)
    path = f"/{path}"
    assert stranger.status(path) == nobody
    assert client.status(path) == certificate
    assert stranger.status(path, login=LOGIN) == password
    assert client.status(path, login=LOGIN) == both
    assert stranger.plain(path) == clear
    assert stranger.plain(path, login=LOGIN) == clear_password


def test_a_wrong_password_is_not_enough(server, authority):
    assert Visitor(server, authority).status("/any-certificate", login="joe:wrong") == 401


@pytest.mark.parametrize(
    ("path", "admitted"),
    [
        ("page", {"joe"}),
        ("off/page", {"ann"}),
        ("and/page", set()),
        ("or/page", {"joe", "ann"}),
        ("or/deeper/page", {"joe", "ann", "eve"}),
        ("or/off/page", {"eve"}),
        ("none/page", {"joe"}),
    ],
)
def test_rules_of_outer_sections(server, authority, path, admitted):
    visitor = Visitor(server, authority)
    users = ("joe", "ann", "eve")
    assert {user for user in users if visitor.plain(f"/merged/{path}", f"{user}:secret") == 200} == admitted


@pytest.mark.parametrize(
    ("path", "nobody", "joe", "ann", "sue"),
    [
        ("/index/", 401, 200, 401, 401),
        ("/index/index.html", 401, 200, 401, 401),
        ("/index/sub/", 401, 200, 401, 401),
        # both the directory and its index file must let in, each by its own user file
        ("/index/other/", 401, 401, 401, 401),
        ("/index/other/other.html", 401, 401, 401, 200),
        ("/index/hidden/", 403, 403, 403, 403),
    ],
)
def test_an_index_file_is_guarded_as_if_it_were_asked_for(server, authority, path, nobody, joe, ann, sue):
    visitor = Visitor(server, authority)
    assert visitor.plain(path) == nobody
    assert visitor.plain(path, "joe:secret") == joe
    assert visitor.plain(path, "ann:secret") == ann
    assert visitor.plain(path, "sue:secret") == sue


def test_the_log_has_what_the_client_asked_for(server):
    clients.get(server.http, "/index/?by=test")
    assert '"GET /index/?by=test HTTP/1.1" 401' in server.logged("by=test", "access_log")
