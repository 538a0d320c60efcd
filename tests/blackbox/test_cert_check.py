"""prefork-ssl-cert check: a configuration with all its mistakes, and what modules say of keys and certificates."""

import re
from pathlib import Path

import pytest
from blackbox.conftest import ServerFactory
from blackbox.desk import Desk

# A module that opens what the server would use, and says what the first line of the file has to say.
MODULE = """\
from pathlib import Path

from prefork_ssl.config.errors import ConfigError, Origin, Problem
from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module


def examine(configuration):
    said = (configuration.server_root / "said").read_text().splitlines()
    yield from (line for line in said if not line.startswith("error "))
    problems = [Problem(line[6:], Origin("keys.conf", 7), "mend it") for line in said if line.startswith("error ")]
    if problems:
        raise ConfigError(problems)


module = Module(name="examiner_module", hooks=Hooks(examine=examine))
"""

CONFIGURATION = """\
LoadModule examiner_module examiner:module
ServerName localhost
User nobody
Listen 127.0.0.1:8080
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.variables["PYTHONPATH"] = str(tmp_path)
    (desk / "examiner.py").write_text(MODULE)
    (desk / "server.conf").write_text(CONFIGURATION)
    (desk / "said").touch()
    return desk


CHECK = "check server.conf --server-root ."


def rows(text: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    return [
        re.split(r" {2,}", line.strip())
        for line in text.splitlines()
        if re.match("(error|warning|info) ", line)
    ]


def test_nothing_wrong(desk: Desk) -> None:
    assert desk.cert(CHECK) == "server.conf: the server can start with this\n"


def test_warnings(desk: Desk) -> None:
    (desk / "said").write_text(
        "warning: ssl.conf:3: SSLCertificateFile: it expires\nthe host a has no name\ninfo: ssl.conf:4: all well\n"
    )
    text = desk.cert(CHECK)
    assert text.endswith("server.conf: the server can start with this\n")
    assert rows(text) == [
        ["warning", "ssl.conf:3", "SSLCertificateFile: it expires"],
        ["warning", "the host a has no name"],
        ["info", "ssl.conf:4", "all well"],
    ]


def test_errors_of_modules(desk: Desk) -> None:
    (desk / "said").write_text("error the key is another's\nerror [red]no markup\n")
    result = desk.run(CHECK)
    assert (result.returncode, result.stderr) == (1, "prefork-ssl-cert: server.conf: 2 errors\n")
    assert rows(result.stdout) == [
        ["error", "keys.conf:7", "the key is another's (mend it)"],
        ["error", "keys.conf:7", "[red]no markup (mend it)"],
    ]


def test_all_mistakes_of_a_configuration_at_once(desk: Desk) -> None:
    (desk / "server.conf").write_text(CONFIGURATION + "Lisen 80\nListen nowhere:nothing\n")
    result = desk.run(CHECK)
    assert (result.returncode, result.stderr) == (1, "prefork-ssl-cert: server.conf: 2 errors\n")
    assert [row[:2] for row in rows(result.stdout)] == [
        ["error", f"{desk / 'server.conf'}:5"],
        ["error", f"{desk / 'server.conf'}:6"],
    ]
    assert "did you mean Listen?" in result.stdout


def test_defines(desk: Desk) -> None:
    (desk / "server.conf").write_text(CONFIGURATION + "<IfDefine BAD>\nListen ${PORT}x\n</IfDefine>\n")
    desk.cert(CHECK)
    result = desk.run(f"{CHECK} --define BAD --define PORT=y")
    assert result.returncode == 1
    assert rows(result.stdout)[0][1] == f"{desk / 'server.conf'}:6"
    assert "yx" in result.stdout


def test_no_such_configuration(desk: Desk) -> None:
    result = desk.run("check nothing.conf")
    assert (result.returncode, result.stderr) == (1, "prefork-ssl-cert: nothing.conf: 1 error\n")
    assert "cannot be read: No such file or directory" in result.stdout


HOST = """\
<VirtualHost 127.0.0.1:@https>
    ServerName www.a.test
    SSLEngine on
    SSLCertificateFile @cert
    SSLCertificateKeyFile @key
</VirtualHost>
"""


def test_keys_and_certificates(desk: Desk, new_server: ServerFactory) -> None:
    desk.cert("dummy --cert a.crt --key a.key --host a.test --days 5")
    desk.cert("dummy --cert b.crt --key b.key --host www.a.test")
    server = new_server(HOST, cert=desk / "a.crt", key=desk / "a.key")
    check = f"check {server.configuration_file} --server-root {server.root}"
    place = server.place("SSLCertificateFile")
    found = rows(desk.cert(check))
    assert [row[:2] for row in found] == [["warning", place]] * 2
    assert "expires in 4 days" in found[0][2]
    assert "is not for www.a.test" in found[1][2]
    server.configure(HOST.replace("@key", str(desk / "b.key")))
    result = desk.run(check)
    assert (result.returncode, result.stderr) == (
        1,
        f"prefork-ssl-cert: {server.configuration_file}: 1 error\n",
    )
    assert "does not belong to the certificate" in result.stdout
    server.configure(HOST.replace("@key", str(desk / "b.key")).replace("@cert", str(desk / "b.crt")))
    assert rows(desk.cert(check)) == []
