"""prefork-ssl-cert request: openssl verifies the requests, and a person on a terminal is asked for what is missing."""

import shlex
from pathlib import Path

import pexpect
import pytest
from blackbox.desk import PROGRAM, Desk

pytestmark = pytest.mark.needs("openssl")

SUBJECT = "/C=DE/O=Müller \\& Söhne/OU=a\\/b/CN=www.example.test"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("request"))
    desk.cert("key --out a.key --no-passphrase")
    return desk


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A desk of its own with the same files."""
    return made.copy(tmp_path)


def text(desk: Desk) -> str:
    """What openssl says of the request a.csr, whose signature it verifies."""
    shown = desk.openssl("req -in a.csr -noout -text -verify -nameopt utf8,sep_comma_plus")
    assert "verify OK" in shown
    return shown


@pytest.mark.parametrize("kind", ["ec", "ec --bits 521", "rsa --bits 2048", "ed25519"])
def test_openssl_verifies_it(desk: Desk, kind: str) -> None:
    desk.cert(f"key --out b.key --no-passphrase --type {kind}")
    desk.cert(f"request --key b.key --out a.csr --subject {shlex.quote(SUBJECT)}")
    assert "Subject: C=DE,O=Müller & Söhne,OU=a/b,CN=www.example.test\n" in text(desk)
    desk.cert("match --key b.key --request a.csr")


def test_names(desk: Desk) -> None:
    desk.cert(
        "request --key a.key --out a.csr --subject /CN=a"
        " --san DNS:www.a.test,IP:10.0.0.1,email:me@a.test --san 'URI:urn:a:b, IP:2001:db8::1,DNS:www.a.test'"
    )
    assert (
        "DNS:www.a.test, IP Address:10.0.0.1, email:me@a.test, URI:urn:a:b, IP Address:2001:DB8:0:0:0:0:0:1\n"
    ) in text(desk)


@pytest.mark.parametrize(
    ("common_name", "names"),
    [
        ("www.example.test", "DNS:www.example.test"),
        ("*.example.test", "DNS:*.example.test"),
        ("localhost", "DNS:localhost"),
        ("10.0.0.1", "IP Address:10.0.0.1"),
        ("Jane Doe", None),
        ("jane", None),
    ],
)
def test_a_common_name_that_is_a_host_becomes_an_alternative_name(
    desk: Desk, common_name: str, names: str | None
) -> None:
    desk.cert(f"request --key a.key --out a.csr --subject '/CN={common_name}'")
    shown = text(desk)
    assert (f"{names}\n" in shown) if names else ("Alternative" not in shown)


CONFIG = """\
HOME = .
# comment
[ req ]
default_bits = 2048
distinguished_name = holder
req_extensions     = wanted
{prompt}

[ holder ]
{subject}

[ wanted ]
basicConstraints = CA:TRUE   # must not be taken over
subjectAltName = critical,@names

[ names ]
DNS.1 = www.config.test
DNS.2 = config.test
  IP.1 = 10.0.0.\\
2
"""

FINAL = "C = DE\n0.organizationName = Config GmbH\nCN = www.config.test"
PROMPTS = (
    "countryName = Country Name (2 letter code)\ncountryName_default = DE\ncountryName_min = 2\n"
    "0.organizationName = Name\n0.organizationName_default = Config GmbH\n"
    "commonName = Host\ncommonName_default = www.config.test"
)


@pytest.mark.parametrize(("prompt", "subject"), [("prompt = no", FINAL), ("", PROMPTS)])
def test_subject_and_names_from_an_openssl_configuration(desk: Desk, prompt: str, subject: str) -> None:
    (desk / "a.cnf").write_text(CONFIG.format(prompt=prompt, subject=subject))
    desk.cert("request --key a.key --out a.csr --config a.cnf")
    shown = text(desk)
    assert "Subject: C=DE,O=Config GmbH,CN=www.config.test\n" in shown
    assert "DNS:www.config.test, DNS:config.test, IP Address:10.0.0.2\n" in shown
    assert "Basic Constraints" not in shown
    # openssl makes the same of the same file.
    desk.openssl("req -new -batch -key a.key -config a.cnf -out openssl.csr")
    same = desk.openssl("req -in openssl.csr -noout -subject")
    assert desk.openssl("req -in a.csr -noout -subject") == same


def test_options_come_before_the_configuration(desk: Desk) -> None:
    (desk / "a.cnf").write_text(CONFIG.format(prompt="prompt = no", subject=FINAL))
    desk.cert("request --key a.key --out a.csr --config a.cnf --subject /CN=b --san DNS:b")
    shown = text(desk)
    assert "Subject: CN=b\n" in shown
    assert "DNS:b\n" in shown


def _answer(desk: Desk, line: str, answers: list[tuple[str, str]]) -> None:
    person = pexpect.spawn(
        str(PROGRAM), shlex.split(line), cwd=str(desk.folder), timeout=10, encoding="utf-8"
    )
    for prompt, answer in answers:
        person.expect_exact(prompt)
        person.sendline(answer)
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0


def test_a_person_is_asked(desk: Desk) -> None:
    _answer(
        desk,
        "request --key a.key --out a.csr",
        [
            ("Country, two letters []: ", "Germany"),
            # A wrong answer is explained, and the question comes again.
            ("Country, two letters []: ", "DE"),
            ("State or province []: ", ""),
            ("City []: ", "Köln"),
            ("Organization []: ", "Müller"),
            ("Department []: ", "."),
            ("Host name, or the name of a person [", "www.a.test"),
            ("E-mail address []: ", ""),
            ("All names, as DNS:...,IP:...,email:... [DNS:www.a.test]: ", "DNS:www.a.test,DNS:a.test"),
        ],
    )
    shown = text(desk)
    assert "Subject: C=DE,L=Köln,O=Müller,CN=www.a.test\n" in shown
    assert "DNS:www.a.test, DNS:a.test\n" in shown


def test_a_person_may_take_the_defaults_of_a_configuration(desk: Desk) -> None:
    (desk / "a.cnf").write_text(CONFIG.format(prompt="", subject=PROMPTS))
    prompts = ["[DE]", "[]", "[]", "[Config GmbH]", "[]", "[www.config.test]", "[]"]
    _answer(desk, "request --key a.key --out a.csr --config a.cnf", [(prompt, "") for prompt in prompts])
    assert "Subject: C=DE,O=Config GmbH,CN=www.config.test\n" in text(desk)


REFUSALS = {
    "request --key a.key --out b.csr": "--subject is missing, and there is no terminal to ask on",
    "request --key a.key --out a.csr --subject /CN=a": "a.csr exists; --force overwrites it",
    "request --key no.key --out b.csr --subject /CN=a": "no.key: No such file or directory",
    "request --key a.csr --out b.csr --subject /CN=a": "a.csr holds a certificate request, not a private key",
    "request --key a.key --out b.csr --subject /": "the request names nobody: give --subject or --san",
    "request --key a.key --out b.csr --subject CN=a": (
        "'CN=a' is no subject: write it as /C=DE/O=Example/CN=www.example.com"
    ),
    "request --key a.key --out b.csr --subject /CN=a/b": (
        "'b' in the subject has no '='; write \\/ for a slash within a value"
    ),
    "request --key a.key --out b.csr --subject /XY=a": "unknown subject attribute 'XY'",
    "request --key a.key --out b.csr --subject /CN=a --san a": (
        "'a' is no alternative name: write DNS:, IP:, email: or URI: before it"
    ),
    "request --key a.key --out b.csr --subject /CN=a --san IP:a": "'a' is not an IP address",
    "request --key a.key --out b.csr --subject /CN=a --san DNS:a_-.b": "'a_-.b' is not a host name",
    "request --key a.key --out b.csr --subject /CN=a --san DNS:münchen.test": (
        "host name 'münchen.test' is not ASCII: write its xn-- form"
    ),
    "request --key a.key --out b.csr --subject /CN=a --san email:me": "'me' is not an ASCII e-mail address",
    "request --key a.key --out b.csr --config binary.cnf": "binary.cnf is not an OpenSSL configuration file",
    "request --key a.key --out b.csr --config empty.cnf": "empty.cnf has no section [req]",
    "request --key a.key --out b.csr --config variable.cnf": (
        "variable.cnf: distinguished_name uses a variable; write its value instead"
    ),
    "request --key dsa.key --out b.csr --subject /CN=a": "the key in dsa.key is no RSA, EC or EdDSA key",
    "request --key weak.key --out b.csr --subject /CN=a": (
        "the private key in weak.key is malformed or of an unknown kind"
    ),
}


@pytest.fixture(scope="module")
def full_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("request"))
    desk.cert("key --out a.key --no-passphrase")
    desk.cert("request --key a.key --out a.csr --subject /CN=a")
    desk.openssl("dsaparam -genkey -noout -out dsa.key 2048")
    desk.openssl("ecparam -name secp112r1 -genkey -noout -out weak.key")
    (desk / "binary.cnf").write_bytes(b"\x80\xff")
    (desk / "empty.cnf").touch()
    (desk / "variable.cnf").write_text("[req]\ndistinguished_name = $x\n")
    return desk


@pytest.mark.parametrize("line", REFUSALS)
def test_refusals(full_desk: Desk, line: str) -> None:
    assert full_desk.refused(line) == REFUSALS[line]
