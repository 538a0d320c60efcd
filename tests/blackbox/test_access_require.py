"""SSLRequire, SSLRequireSSL and Require on a running server: the cases of Apache's own tests (t/ssl/require.t), written
anew, in TLS 1.2 and 1.3."""

from __future__ import annotations

import ssl

import pytest
from blackbox.client_certificates import Wallet, name
from blackbox.server import Server
from blackbox.visitors import V13, VERSIONS, Visitor
from cryptography import x509

LEMONS = x509.ObjectIdentifier("1.3.6.1.4.1.18060.12.0")

CONFIGURATION = """\
LoadModule authz_module
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
    SSLCACertificateFile @ca
    SSLVerifyClient optional
    SSLCARevocationFile @crls
    SSLCARevocationCheck leaf
    SSLLog logs/ssl_log
    {sections}
</VirtualHost>
{plain}
"""

# What is required, by the path where it is.
RULES = {
    "asf": '(%{SSL_CLIENT_S_DN_O} eq "ASF" and %{SSL_CLIENT_S_DN_OU} in {"httpd", "mod_ssl"})',
    "snakeoil": '%{SSL_CLIENT_S_DN_O} eq "Snake Oil, Ltd." and %{SSL_CLIENT_S_DN_OU} in {"Staff", "CA", "Dev"}',
    "strcmp": '"a" < "b"',
    "length": '"b" < "aa"',
    "number": "56 < 128",
    "false": "128 lt 56",
    "lemons": f'"Lemons" in PeerExtList("{LEMONS.dotted_string}")',
    "comment": '"a comment" in OID("nsComment")',
    "cipher": "%{SSL_CIPHER} !~ m/^(EXP|NULL)/ and %{SSL_CIPHER_USEKEYSIZE} >= 128",
    "verified": '%{SSL_CLIENT_VERIFY} eq "SUCCESS"',
    "file": '%{SSL_CLIENT_S_DN_CN} eq file("@root/conf/name")',
    "absent": '%{SSL_CLIENT_S_DN_CN} eq file("@root/conf/absent")',
    "header": '%{HTTP:X-Word} eq "open" or %{HTTP_USER_AGENT} =~ m/sesame/i',
    "lines": 'true \\\n        and \\\n        %{REQUEST_METHOD} eq "GET"',
}


@pytest.fixture(scope="module")
def server(new_module_server, wallet: Wallet) -> Server:
    sections = "".join(
        f"<Location /{path}>\n        SSLRequire {rule}\n    </Location>\n    "
        for path, rule in RULES.items()
    )
    plain = """
        <Location /verified>
            SSLRequire true
        </Location>
        <Location /only-ssl>
            SSLRequireSSL
        </Location>
        <Location /require-ssl>
            Require ssl
        </Location>
        <Location /require-client>
            Require ssl-verify-client
        </Location>
        <Location /require-expr>
            Require expr "%{HTTPS} == 'on' && %{SSL_CLIENT_S_DN_CN} -strmatch 'asf*'"
        </Location>
        <Location /both>
            SSLRequire %{REQUEST_URI} =~ m#^/both#
        </Location>
        <Location /both/inner>
            SSLRequire %{SSL_CLIENT_S_DN_O} eq "ASF"
        </Location>
        <Location /two>
            SSLRequire %{SSL_CLIENT_S_DN_O} eq "ASF"
            SSLRequire %{SSL_CLIENT_S_DN_OU} eq "other"
        </Location>
    """
    made = new_module_server(
        CONFIGURATION.format(sections=sections, plain=plain), ca=wallet.root.file, crls=wallet.crls
    )
    for path in (
        *RULES,
        "only-ssl",
        "require-ssl",
        "require-client",
        "require-expr",
        "both",
        "both/inner",
        "two",
    ):
        made.write(f"{path}/index.html", b"let in\n")
    (made.root / "conf/name").write_text("asf")
    return made.start()


@pytest.fixture(scope="module")
def people(wallet: Wallet):
    def client(stem: str, organisation: str, unit: str, *extensions: x509.ExtensionType):
        return wallet.root.client(
            stem, name(stem, organisation, ORGANIZATIONAL_UNIT_NAME=unit), extensions=extensions
        )

    return {
        None: None,
        "asf": client(
            "asf",
            "ASF",
            "httpd",
            x509.UnrecognizedExtension(LEMONS, b"\x0c\x06Lemons"),
            x509.UnrecognizedExtension(x509.ObjectIdentifier("2.16.840.1.113730.1.13"), b"\x16\x09a comment"),
        ),
        "oil": client("oil", "Snake Oil, Ltd.", "Dev", x509.UnrecognizedExtension(LEMONS, b"\x0c\x06Limons")),
        "guest": client("guest", "Snake Oil, Ltd.", "Guests"),
    }


@VERSIONS
@pytest.mark.parametrize(
    ("path", "admitted"),
    [
        ("asf", {"asf"}),
        ("snakeoil", {"oil"}),
        ("strcmp", {None, "asf", "oil", "guest"}),
        ("length", {None, "asf", "oil", "guest"}),
        ("number", {None, "asf", "oil", "guest"}),
        ("false", set()),
        ("lemons", {"asf"}),
        ("comment", {"asf"}),
        ("cipher", {None, "asf", "oil", "guest"}),
        ("verified", {"asf", "oil", "guest"}),
        ("file", {"asf"}),
        ("absent", set()),
        ("header", set()),
        ("lines", {None, "asf", "oil", "guest"}),
        ("only-ssl", {None, "asf", "oil", "guest"}),
        ("require-ssl", {None, "asf", "oil", "guest"}),
        ("require-client", {"asf", "oil", "guest"}),
        ("require-expr", {"asf"}),
        ("both", {None, "asf", "oil", "guest"}),
        ("both/inner", {"asf"}),
        ("two", set()),
    ],
)
def test_who_is_let_in(server, authority, people, version, path, admitted):
    # There is an index file in each folder, so what holds for the folder's path must hold for the file's too.
    found = {
        who
        for who, pair in people.items()
        if Visitor(server, authority, pair, version).status(f"/{path}/") == 200
    }
    assert found == admitted


def test_headers_of_the_client_can_be_required(server, authority):
    visitor = Visitor(server, authority)
    assert visitor.status("/header/", "X-Word: open") == 200
    assert visitor.status("/header/", "User-Agent: Open Sesame") == 200
    assert visitor.status("/header/", "X-Word: close", "X-Word: open") == 403


def test_a_revoked_certificate_ends_the_handshake(server, authority, wallet):
    with pytest.raises(ssl.SSLError, match="REVOKED"):
        Visitor(server, authority, wallet.revoked).get("/strcmp/")


@pytest.mark.parametrize(
    "path", ["verified", "only-ssl", "require-ssl", "require-client", "require-expr", "two"]
)
def test_in_the_clear_nobody_is_let_in(server, authority, path):
    assert Visitor(server, authority).plain(f"/{path}/") == 403


def test_the_logs_tell_which_part_failed(server, authority, people):
    assert Visitor(server, authority, people["guest"], V13).status("/snakeoil/") == 403
    part = '%{SSL_CLIENT_S_DN_OU} in {"Staff", "CA", "Dev"}'
    place = server.place('SSLRequire %{SSL_CLIENT_S_DN_O} eq "Snake Oil')
    reason = server.logged("SSL_CLIENT_S_DN_OU is Guests")
    assert f"access to /snakeoil/ failed, reason: SSLRequire at {place}: {part} (SSL_CLIENT_S_DN_OU" in reason
    assert "[ssl:error]" in reason
    assert "[client 127.0.0.1:" in reason
    told = server.logged(f"failed: {part} (SSL_CLIENT_S_DN_OU is Guests)", "ssl_log")
    assert f"[info]  access denied by SSLRequire at {place} (client 127.0.0.1:" in told


def test_a_file_that_is_not_there_refuses_and_is_told(server, authority, people):
    assert Visitor(server, authority, people["asf"]).status("/absent/") == 403
    assert "No such file or directory" in server.logged("access to /absent/ failed")
    # and the next request is not harmed by it
    assert Visitor(server, authority, people["asf"]).status("/file/") == 200


def test_secrets_of_requests_are_not_logged(server, authority):
    assert Visitor(server, authority).status("/header/", "X-Word: hunter2") == 403
    server.logged("access to /header/ failed")
    assert "hunter2" not in server.log() + server.log("ssl_log")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'SSLRequire %{SSL_CLIENT_S_DN_O} eq "ASF" and and true',
            [
                "SSLRequire: a condition is expected where 'and true' follows (syntax: SSLRequire expression)",
                '    %{SSL_CLIENT_S_DN_O} eq "ASF" and and true',
                "                                      ^",
            ],
        ),
        (
            "SSLRequire %{SSL_CLIENT_S_DN_X} eq 1",
            [
                "SSLRequire: there is no variable SSL_CLIENT_S_DN_X",
                "    %{SSL_CLIENT_S_DN_X} eq 1",
                "    ^",
            ],
        ),
        (
            "Require expr true or %{HTP_HOST} == ''",
            [
                "Require expr: there is no variable HTP_HOST (did you mean HTTP_HOST?)",
                "    true or %{HTP_HOST} == ''",
                "            ^",
            ],
        ),
        ("SSLUserName SSL_CLIENT_NAME", ["SSLUserName: there is no variable SSL_CLIENT_NAME"]),
        ("SSLOptions +StdEnvVar", ["SSLOptions: unknown option '+StdEnvVar'"]),
    ],
)
def test_mistakes_are_shown_in_their_place(new_server, wallet, line, said):
    section = f"<Location />\n{line}\n</Location>"
    made = new_server(CONFIGURATION.format(sections=section, plain=""), ca=wallet.root.file, crls=wallet.crls)
    done = made.run("-t")
    assert done.returncode == 1
    place = made.place(line)
    first, *others = said
    assert f"{place}: {first}" in done.stderr
    for other in others:
        assert f"prefork-ssl: {other}" in done.stderr.splitlines()


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        pytest.param("not " * 10000 + "true", "nested too deeply", id="not"),
        pytest.param("tolower(" * 5000 + '"a"' + ")" * 5000 + ' eq "a"', "nested too deeply", id="calls"),
        pytest.param(
            '"' + "%{tolower:" * 5000 + "a" + "}" * 5000 + '" eq "a"', "too deeply", id="references"
        ),
        pytest.param("(" * 10000, "a condition is expected where it ends", id="parentheses"),
        pytest.param(f"%{{THE_REQUEST}} =~ m/{'(' * 2000}a{')' * 2000}/", "too large", id="groups"),
        pytest.param("%{THE_REQUEST} =~ m/(((a{1000}){1000}){1000})/", "too large", id="repetitions"),
        pytest.param("%{THE_REQUEST} =~ m/(/", "is not a regular expression", id="group"),
        pytest.param(r'"\777" eq "b"', r"\777 is more than a byte can hold", id="octal"),
        pytest.param('"abc eq', 'the closing " is expected', id="quote"),
    ],
)
def test_hostile_expressions_are_mistakes_like_others(new_server, wallet, expression, said):
    section = f"<Location />\nSSLRequire {expression}\n</Location>"
    made = new_server(CONFIGURATION.format(sections=section, plain=""), ca=wallet.root.file, crls=wallet.crls)
    done = made.run("-t")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert f"{made.place(f'SSLRequire {expression}')}: SSLRequire:" in lines[0]
    assert said in lines[0]
    assert all(line.startswith("prefork-ssl: ") and len(line) < 400 for line in lines)


def test_parentheses_may_be_many(new_server, wallet):
    section = f"<Location />\nSSLRequire {'(' * 10000}true{')' * 10000}\n</Location>"
    made = new_server(CONFIGURATION.format(sections=section, plain=""), ca=wallet.root.file, crls=wallet.crls)
    assert made.run("-t").returncode == 0
