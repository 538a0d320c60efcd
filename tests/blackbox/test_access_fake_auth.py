"""FakeBasicAuth and SSLUserName on a running server: the cases of Apache's own tests (t/ssl/basicauth.t), written anew,
and everybody who only pretends to have a certificate."""

from __future__ import annotations

import base64

import pytest
from blackbox.client_certificates import Wallet, name
from blackbox.server import Server
from blackbox.visitors import V12, V13, VERSIONS, Visitor
from cryptography import x509
from cryptography.x509.oid import NameOID

HASH = "xxj31ZMTZzkVA"  # of "password", in DES: as the directive's manual prints it

CONFIGURATION = """\
LoadModule authz_module
LoadModule auth_basic_module
<Location />
    AuthType Basic
    AuthName "certificates only"
    AuthUserFile conf/subjects
</Location>
<VirtualHost *:@http>
    <Location />
        Require valid-user
    </Location>
</VirtualHost>
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional_no_ca
    CustomLog logs/users "%U %u %>s"
    <Location /fake>
        SSLOptions +FakeBasicAuth
        Require valid-user
    </Location>
    <Location /fake/legacy-or-not>
        SSLOptions +LegacyDNStringFormat
    </Location>
    <Location /passwords>
        Require valid-user
    </Location>
    <Location /named>
        AuthType None
        SSLUserName SSL_CLIENT_S_DN_CN
        Require user ok
    </Location>
    <Location /named/both>
        SSLOptions +FakeBasicAuth
        AuthType Basic
        Require user "/C=DE/O=Clients/CN=ok"
    </Location>
    <Location /addressed>
        AuthType None
        SSLUserName REMOTE_ADDR
        Require user 127.0.0.1
    </Location>
</VirtualHost>
"""


@pytest.fixture(scope="module")
def others(wallet: Wallet):
    """Certificates by the CA that servers believe, but for the last."""
    multi = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Süd & Söhne"),
            x509.NameAttribute(NameOID.COMMON_NAME, "müller"),
        ]
    )
    pretender = wallet.stranger.client("pretender", name("ok"))
    return {
        "unlisted": wallet.root.client("unlisted"),
        "colon": wallet.root.client("colon", name("has:colon")),
        "müller": wallet.root.client("mueller", multi),
        "pretender": pretender,  # has a listed name, by a CA that nobody believes
    }


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    made = new_module_server(CONFIGURATION, ca=wallet.root.file)
    (made.root / "conf/subjects").write_text(
        f"/C=DE/O=Clients/CN=ok:{HASH}\n"
        f"/C=DE/O=Clients/CN=has:{HASH}\n"
        f"/O=S\\xC3\\xBCd & S\\xC3\\xB6hne/CN=m\\xC3\\xBCller:{HASH}\n"
        "joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"  # "secret"
    )
    for path in ("fake/page", "fake/legacy-or-not", "passwords", "named/page", "named/both", "addressed"):
        made.write(path, b"let in\n")
    return made.start()


@VERSIONS
@pytest.mark.parametrize(
    ("who", "path", "expected"),
    [
        (None, "/fake/page", 401),
        ("ok", "/fake/page", 200),
        ("ok", "/fake/legacy-or-not", 200),
        ("müller", "/fake/page", 200),
        ("unlisted", "/fake/page", 401),
        ("colon", "/fake/page", 403),
        ("pretender", "/fake/page", 401),
        # without the option, a certificate is no password
        ("ok", "/passwords", 401),
        # named by a variable
        (None, "/named/page", 403),
        ("ok", "/named/page", 200),
        ("unlisted", "/named/page", 403),
        ("pretender", "/named/page", 403),
        ("ok", "/named/both", 200),
        (None, "/addressed", 200),
    ],
)
def test_whom_certificates_let_in(server, authority, wallet, others, version, who, path, expected):
    pair = {None: None, "ok": wallet.ok, **others}[who]
    assert Visitor(server, authority, pair, version).status(path) == expected


def test_the_log_has_the_name(server, authority, wallet, others):
    Visitor(server, authority, wallet.ok).status("/fake/page")
    Visitor(server, authority, wallet.ok).status("/named/page")
    Visitor(server, authority, others["müller"]).status("/fake/page")
    assert server.logged("/fake/page /C=DE/O=Clients/CN=ok 200", "users")
    assert server.logged("/named/page ok 200", "users")
    assert server.logged(r"/fake/page /O=S\\xC3\\xBCd & S\\xC3\\xB6hne/CN=m\\xC3\\xBCller 200", "users")


def test_passwords_work_beside_certificates(server, authority, wallet):
    assert Visitor(server, authority).status("/fake/page", login="joe:secret") == 200
    assert Visitor(server, authority).status("/passwords", login="joe:secret") == 200
    # the certificate goes first, as in mod_ssl
    Visitor(server, authority, wallet.ok).status("/fake/page", login="joe:wrong")
    assert Visitor(server, authority, wallet.ok).status("/fake/page", login="joe:wrong") == 200


SPOOFS = [
    "/C=DE/O=Clients/CN=ok:password",
    "/C=DE/O=Clients/CN=nobody:password",
    "/:password",
    # all the same to crypt(3), by which the word is hashed
    "/C=DE/O=Clients/CN=ok:passwords",
    "/C=DE/O=Clients/CN=ok:password:x",
]


@pytest.mark.parametrize("login", SPOOFS)
@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize("path", ["/fake/page", "/passwords"])
def test_nobody_can_say_that_he_has_a_certificate(server, authority, others, login, version, path):
    for pair in (None, others["unlisted"], others["pretender"]):
        assert Visitor(server, authority, pair, version).status(path, login=login) == 403
    assert server.logged(f"access to {path} failed, reason: it has the name and password of FakeBasicAuth")


def test_nor_with_an_eighth_bit(server, authority):
    spoof = base64.b64encode(b"/C=DE/O=Clients/CN=ok:pass\xf7ord").decode()
    assert Visitor(server, authority).status("/fake/page", f"Authorization: Basic {spoof}") == 403


@pytest.mark.parametrize("login", SPOOFS)
def test_nor_in_the_clear(server, authority, login):
    visitor = Visitor(server, authority)
    assert visitor.plain("/passwords", login=login) == 403
    assert visitor.plain("/passwords", login="joe:secret") == 200


def test_whoever_has_the_certificate_may_say_so(server, authority, wallet):
    visitor = Visitor(server, authority, wallet.ok)
    assert visitor.status("/fake/page", login="/C=DE/O=Clients/CN=ok:password") == 200
    assert visitor.status("/fake/page", login="/C=DE/O=Clients/CN=other:password") == 403
    # where the option is off, it is a password like any other, and that is not to be known
    assert visitor.status("/passwords", login="/C=DE/O=Clients/CN=ok:password") == 403


@pytest.mark.parametrize(
    "login", ["/C=DE/O=Clients/CN=ok:Password", "/C=DE/O=Clients/CN=ok:", "C=DE:password", ":password"]
)
def test_other_wrong_passwords_are_just_wrong(server, authority, login):
    assert Visitor(server, authority).status("/fake/page", login=login) == 401
