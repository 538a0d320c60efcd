"""prefork-ssl-cert ca and sign: what a CA issues, openssl verifies; what a CA must not sign, it does not sign."""

import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pexpect
import pytest
from blackbox.desk import PROGRAM, Desk
from blackbox.ports import ReservedPort
from blackbox.until import until
from cryptography import x509

pytestmark = pytest.mark.needs("openssl")

SIGN = "sign --ca-cert ca.crt --ca-key ca.key --request a.csr --out a.crt"
SIGN_AS = "sign --ca-cert ca.crt --ca-key ca.key --request a.csr --out {}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with a CA and a request for www.a.test."""
    desk = Desk(tmp_path_factory.mktemp("ca"))
    desk.cert("ca --cert ca.crt --key ca.key --subject '/O=Example/CN=Example CA' --no-passphrase")
    desk.cert("key --out a.key --no-passphrase")
    desk.cert(
        "request --key a.key --out a.csr --subject /C=DE/CN=www.a.test --san DNS:www.a.test,IP:127.0.0.1"
    )
    return desk


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A desk of its own with the same files."""
    return made.copy(tmp_path)


@pytest.mark.parametrize("kind", ["ec", "ec --bits 384", "rsa", "ed25519"])
def test_openssl_verifies_what_a_ca_issues(tmp_path: Path, kind: str) -> None:
    desk = Desk(tmp_path)
    desk.variables["PHRASE"] = "opén"
    desk.cert(f"ca --cert ca.crt --key ca.key --subject /CN=Example --type {kind} --passphrase-env PHRASE")
    desk.openssl("verify -x509_strict -CAfile ca.crt ca.crt")
    desk.openssl("pkey -in ca.key -noout -passin env:PHRASE")
    desk.cert(f"key --out a.key --no-passphrase --type {kind}")
    desk.cert("request --key a.key --out a.csr --subject /C=DE/CN=www.a.test")
    desk.cert(f"{SIGN} --passphrase-env PHRASE")
    verify = "verify -x509_strict -CAfile ca.crt -purpose sslserver"
    desk.openssl(f"{verify} -verify_hostname www.a.test a.crt")
    desk.openssl(f"{verify} -verify_hostname b.a.test a.crt", status=2)
    desk.cert("match --cert a.crt --key a.key")


def test_the_certificate_of_a_ca(desk: Desk) -> None:
    text = desk.openssl("x509 -in ca.crt -noout -text -nameopt sep_comma_plus")
    assert "Issuer: O=Example,CN=Example CA\n" in text
    assert "Subject: O=Example,CN=Example CA\n" in text
    assert re.search(r"Basic Constraints: critical\n +CA:TRUE\n", text)
    assert re.search(r"Key Usage: critical\n +Certificate Sign, CRL Sign\n", text)
    assert "Extended Key Usage" not in text
    assert _identifier(text, "Subject") == _identifier(text, "Authority")


def test_the_certificate_of_a_server(desk: Desk) -> None:
    printed = desk.cert(f"{SIGN} --days 10")
    assert "Subject: /C=DE/CN=www.a.test\nNames:   DNS:www.a.test, IP:127.0.0.1\nProfile: server\n" in printed
    text = desk.openssl("x509 -in a.crt -noout -text -nameopt sep_comma_plus")
    assert "Issuer: O=Example,CN=Example CA\n" in text
    assert "Subject: C=DE,CN=www.a.test\n" in text
    assert re.search(r"Basic Constraints: critical\n +CA:FALSE\n", text)
    assert re.search(r"Key Usage: critical\n +Digital Signature\n", text)
    assert re.search(r"Extended Key Usage: *\n +TLS Web Server Authentication\n", text)
    assert "DNS:www.a.test, IP Address:127.0.0.1\n" in text
    assert _identifier(text, "Authority") == _identifier(
        desk.openssl("x509 -in ca.crt -noout -text"), "Subject"
    )
    desk.openssl(f"x509 -in a.crt -noout -checkend {10 * 86400 - 60}")
    desk.openssl(f"x509 -in a.crt -noout -checkend {10 * 86400}", status=1)


def _identifier(text: str, whose: str) -> str:
    found = re.search(rf"{whose} Key Identifier: *\n +([0-9A-F:]+)", text)
    assert found
    return found[1]


def test_a_client(desk: Desk) -> None:
    desk.cert("request --key a.key --out a.csr --subject '/CN=Jane Doe' --san email:jane@a.test --force")
    desk.cert(f"{SIGN} --profile client")
    desk.openssl("verify -x509_strict -CAfile ca.crt -purpose sslclient -verify_email jane@a.test a.crt")
    desk.openssl("verify -CAfile ca.crt -purpose sslserver a.crt", status=2)


def test_a_ca_below_a_ca(desk: Desk) -> None:
    desk.cert("request --key a.key --out a.csr --subject '/CN=Sub CA' --force")
    desk.cert(f"{SIGN} --profile ca")
    assert "CA:TRUE, pathlen:0" in desk.openssl("x509 -in a.crt -noout -text")
    desk.cert("key --out b.key --no-passphrase")
    desk.cert("request --key b.key --out b.csr --subject /CN=b.test")
    desk.cert("sign --ca-cert a.crt --ca-key a.key --request b.csr --out b.crt")
    desk.openssl(
        "verify -x509_strict -CAfile ca.crt -untrusted a.crt -purpose sslserver -verify_hostname b.test b.crt"
    )
    assert (
        desk.refused("sign --ca-cert a.crt --ca-key a.key --request b.csr --out c.crt --profile ca")
        == "the CA may not sign certificates of CAs: its path length is 0"
    )


def test_names_given_replace_those_of_the_request(desk: Desk) -> None:
    assert "Names:   DNS:b.test\n" in desk.cert(f"{SIGN} --san DNS:b.test")
    desk.openssl("verify -CAfile ca.crt -verify_hostname b.test a.crt")
    desk.openssl("verify -CAfile ca.crt -verify_hostname www.a.test a.crt", status=2)


def test_no_other_extension_of_a_request_is_taken_over(desk: Desk) -> None:
    desk.openssl(
        "req -new -key a.key -subj /CN=evil.test -out a.csr -addext basicConstraints=critical,CA:TRUE"
        " -addext keyUsage=keyCertSign -addext extendedKeyUsage=codeSigning -addext subjectAltName=DNS:evil.test"
        " -addext nsComment=hello"
    )
    desk.cert(SIGN)
    text = desk.openssl("x509 -in a.crt -noout -text")
    assert "CA:FALSE" in text
    for forbidden in ("CA:TRUE", "Certificate Sign", "Code Signing", "hello"):
        assert forbidden not in text


def test_a_certificate_ends_with_its_ca(desk: Desk) -> None:
    desk.cert("ca --cert ca.crt --key ca.key --subject /CN=short --days 5 --force")
    desk.cert(f"{SIGN} --days 100")
    end = "x509 -noout -enddate -in "
    assert desk.openssl(end + "a.crt") == desk.openssl(end + "ca.crt")


def test_a_ca_keeps_its_key_when_its_certificate_is_renewed(desk: Desk) -> None:
    desk.cert(SIGN)
    key = (desk / "ca.key").read_bytes()
    desk.cert("ca --cert ca.crt --key ca.key --subject '/O=Example/CN=Example CA' --force")
    assert (desk / "ca.key").read_bytes() == key
    desk.openssl("verify -CAfile ca.crt -purpose sslserver a.crt")


def test_each_certificate_stands_in_the_index(desk: Desk) -> None:
    desk.cert(SIGN)
    desk.cert(SIGN_AS.format("b.crt"))
    lines = [line.split("\t") for line in (desk / "ca.crt.index").read_text().splitlines()]
    assert [line[0] for line in lines] == ["V", "V"]
    for name, line in zip(("a.crt", "b.crt"), lines, strict=True):
        assert desk.openssl(f"x509 -in {name} -noout -serial") == f"serial={line[3]}\n"
        certificate = x509.load_pem_x509_certificate((desk / name).read_bytes())
        assert line[1] == f"{certificate.not_valid_after_utc:%y%m%d%H%M%SZ}"
    assert lines[0][3] != lines[1][3]
    # openssl ca reads it as its own.
    (desk / "ca.cnf").write_text("[ca]\ndefault_ca = d\n[d]\ndatabase = ca.crt.index\nunique_subject = no\n")
    assert f"{lines[1][3]}=Valid (V)" in desk.openssl(f"ca -config ca.cnf -status {lines[1][3]}", status=1)


def test_many_sign_at_once(desk: Desk) -> None:
    with ThreadPoolExecutor(6) as people:
        list(people.map(lambda n: desk.cert(SIGN_AS.format(f"{n}.crt")), range(6)))
    numbers = {line.split("\t")[3] for line in (desk / "ca.crt.index").read_text().splitlines()}
    assert len(numbers) == 6


def test_a_person_confirms(desk: Desk) -> None:
    for answer, status in (("n", 1), ("", 1), ("y", 0)):
        person = pexpect.spawn(
            str(PROGRAM), shlex.split(SIGN), cwd=str(desk.folder), timeout=10, encoding="utf-8"
        )
        person.expect_exact("DNS:www.a.test, IP:127.0.0.1")
        person.expect_exact("Sign this? [y/N] ")
        person.sendline(answer)
        person.expect(pexpect.EOF)
        person.close()
        assert person.exitstatus == status
        assert (desk / "a.crt").exists() == (status == 0)


@pytest.mark.needs("curl")
def test_a_server_runs_on_it_and_curl_accepts_it(desk: Desk) -> None:
    desk.cert(SIGN)
    port = ReservedPort()
    command = f"openssl s_server -accept 127.0.0.1:{port} -cert a.crt -key a.key -www -quiet"
    ask = f"curl -sSf -o /dev/null --cacert ca.crt --resolve www.a.test:{port}:127.0.0.1 https://www.a.test:{port}/"
    with subprocess.Popen(shlex.split(command), cwd=desk.folder, stdin=subprocess.DEVNULL) as server:
        try:
            until(port.listening, "s_server listens")
            subprocess.run(shlex.split(ask), cwd=desk.folder, check=True, timeout=20)
        finally:
            server.terminate()
