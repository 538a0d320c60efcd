"""prefork-ssl-cert show: the facts are those that openssl prints, and what is wrong is said."""

import datetime
import json
import re
import shlex
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pexpect
import pytest
from blackbox.desk import PROGRAM, Desk
from blackbox.ports import ReservedPort
from blackbox.until import until
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with a.crt, issued by sub.crt, issued by ca.crt, and everything else that can be shown."""
    desk = Desk(tmp_path_factory.mktemp("show"))
    desk.variables["PHRASE"] = "opén"
    desk.cert("ca --cert ca.crt --key ca.key --subject '/O=Ex\\/ample/CN=Ä CA' --no-passphrase")
    for name in ("sub", "a"):
        desk.cert(f"key --out {name}.key --no-passphrase")
    desk.cert("request --key sub.key --out sub.csr --subject /CN=Sub")
    desk.cert("sign --ca-cert ca.crt --ca-key ca.key --request sub.csr --out sub.crt --profile ca")
    desk.cert(
        "request --key a.key --out a.csr --subject /C=DE/CN=a.test --san DNS:a.test,IP:127.0.0.1,DNS:localhost"
    )
    desk.cert("sign --ca-cert sub.crt --ca-key sub.key --request a.csr --out a.crt --days 100")
    desk.cert("revoke --ca-cert ca.crt --cert sub.crt")
    desk.cert("crl --ca-cert ca.crt --ca-key ca.key --out ca.crl --days 5")
    desk.cert("convert --in a.crt sub.crt a.key --out a.p12 --to pkcs12 --new-passphrase-env PHRASE")
    desk.cert("dummy --cert dummy.crt --key dummy.key --host a.test --days 10")
    for name, sources in {"chain": "a sub", "gap": "a ca", "wrong": "a dummy"}.items():
        parts = [(desk / f"{source}.crt").read_bytes() for source in sources.split()]
        (desk / f"{name}.pem").write_bytes(b"".join(parts))
    (desk / "pair.pem").write_bytes((desk / "a.crt").read_bytes() + (desk / "dummy.key").read_bytes())
    return desk


def shown(desk: Desk, what: str) -> dict[str, Any]:
    """What show says in JSON."""
    said = json.loads(desk.cert(f"show {what} --json"))
    assert isinstance(said, dict)
    return said


def test_a_certificate(desk: Desk) -> None:
    (facts,) = shown(desk, "a.crt")["objects"]
    text = desk.openssl("x509 -in a.crt -noout -text")
    sha1 = desk.openssl("x509 -in a.crt -noout -fingerprint -sha1").strip().partition("=")[2]
    assert (
        facts
        | {
            "kind": "certificate",
            "subject": "/C=DE/CN=a.test",
            "names": ["DNS:a.test", "IP:127.0.0.1", "DNS:localhost"],
            "issuer": "/CN=Sub",
            "days_left": 99,
            "ca": False,
            "purposes": ["server"],
            "key": "EC secp256r1",
            "signature_hash": "sha256",
            "fingerprint_sha256": desk.fingerprint("a.crt"),
            "fingerprint_sha1": sha1,
            "serial_number": desk.openssl("x509 -in a.crt -noout -serial")
            .strip()
            .partition("=")[2]
            .lstrip("0"),
        }
        == facts
    )
    end = datetime.datetime.fromisoformat(facts["not_after"])
    assert f"Not After : {end:%b %e %H:%M:%S %Y} GMT" in text
    assert facts["public_key_sha256"] in desk.cert("match --cert a.crt --key a.key")


def test_a_ca(desk: Desk) -> None:
    (facts,) = shown(desk, "ca.crt")["objects"]
    assert facts["subject"] == facts["issuer"] == "/O=Ex\\/ample/CN=Ä CA"
    assert facts["ca"] is True
    assert shown(desk, "ca.crt")["problems"] == []


def test_a_request(desk: Desk) -> None:
    (facts,) = shown(desk, "a.csr")["objects"]
    assert facts["names"] == ["DNS:a.test", "IP:127.0.0.1", "DNS:localhost"]
    assert facts["signature_valid"] is True


def test_a_crl(desk: Desk) -> None:
    (facts,) = shown(desk, "ca.crl")["objects"]
    number = desk.openssl("x509 -in sub.crt -noout -serial").strip().partition("=")[2].lstrip("0")
    assert facts["issuer"] == "/O=Ex\\/ample/CN=Ä CA"
    assert (facts["days_left"], facts["revoked"]) == (4, [number])


def test_a_pkcs12_file_shows_no_secret(desk: Desk) -> None:
    text = desk.cert("show a.p12 --passphrase-env PHRASE")
    kinds = [facts["kind"] for facts in shown(desk, "a.p12 --passphrase-env PHRASE")["objects"]]
    assert kinds == ["certificate", "certificate", "private key"]
    assert "PRIVATE" not in text
    assert "opén" not in text


PROBLEMS = {
    "chain.pem": [],
    "gap.pem": [
        "/C=DE/CN=a.test is not signed by the next in the chain, /O=Ex\\/ample/CN=Ä CA",
    ],
    "wrong.pem": [
        "/CN=a.test expires in 9 days",
        "/C=DE/CN=a.test is not signed by the next in the chain, /CN=a.test",
    ],
    "dummy.crt": [
        "/CN=a.test expires in 9 days",
        "/CN=a.test is self-signed: clients must be told to trust it",
    ],
    "pair.pem": ["the private key belongs to none of the certificates"],
    "weak.crt": [
        "/CN=old is signed with sha1, which is broken",
        "/CN=old has an RSA key of only 1024 bits",
        "/CN=old has no subjectAltName: clients accept it for no host",
    ],
    "curve.crt": [
        "/CN=curve has a signature or a key of an unknown kind",
        "/CN=curve is self-signed: clients must be told to trust it",
    ],
    "curve.pem": [
        "/CN=curve has a signature or a key of an unknown kind",
        "/CN=curve is self-signed: clients must be told to trust it",
        "the private key belongs to none of the certificates",
    ],
    "old.pem": ["/CN=old is signed with sha1, which is broken", "/CN=old has an RSA key of only 1024 bits"],
    "past.crt": ["/CN=old expired on 2020-02-01"],
    "future.crt": ["/CN=old is not valid before 2999-01-01"],
}


@pytest.mark.parametrize("file", PROBLEMS)
def test_problems(desk: Desk, file: str) -> None:
    _weak(desk)
    _odd_curve(desk)
    _dated(desk, "past", 2020)
    _dated(desk, "future", 2999)
    assert shown(desk, file)["problems"] == PROBLEMS[file]


def _weak(desk: Desk) -> None:
    (desk / "weak.ext").write_text("extendedKeyUsage=serverAuth\n")
    desk.openssl("req -new -newkey rsa:1024 -noenc -keyout weak.key -subj /CN=old -out weak.csr")
    desk.openssl(
        "x509 -req -sha1 -in weak.csr -CA ca.crt -CAkey ca.key -extfile weak.ext -days 99 -out weak.crt"
    )
    # A signature that is too old to be checked does not put the chain out of order.
    (desk / "weak.ext").write_text("extendedKeyUsage=serverAuth\nsubjectAltName=DNS:old.test\n")
    desk.openssl(
        "x509 -req -sha1 -in weak.csr -CA ca.crt -CAkey ca.key -extfile weak.ext -days 99 -out old.crt"
    )
    (desk / "old.pem").write_bytes((desk / "old.crt").read_bytes() + (desk / "ca.crt").read_bytes())


def _odd_curve(desk: Desk) -> None:
    desk.openssl("ecparam -name secp112r1 -genkey -noout -out curve.key")
    desk.openssl(
        "req -x509 -new -key curve.key -subj /CN=curve -days 99 -out curve.crt -addext basicConstraints=CA:FALSE"
    )
    (desk / "curve.pem").write_bytes((desk / "curve.crt").read_bytes() + (desk / "a.key").read_bytes())


def _dated(desk: Desk, file: str, year: int) -> None:
    """A certificate that is valid in January of a year."""
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), 1)
        .not_valid_before(datetime.datetime(year, 1, 1))
        .not_valid_after(datetime.datetime(year, 2, 1))
        .sign(key, SHA256())
    )
    (desk / f"{file}.crt").write_bytes(certificate.public_bytes(Encoding.PEM))


def test_escapes_in_a_certificate_do_not_reach_the_terminal(desk: Desk) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    evil = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "\x1b]0;evil\x07\n")])
    names = x509.SubjectAlternativeName([x509.DNSName("\x1b[31mevil")])
    certificate = (
        x509.CertificateBuilder(evil, evil, key.public_key(), 1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2999, 2, 1))
        .add_extension(names, critical=False)
        .sign(key, SHA256())
    )
    (desk / "evil.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    text = desk.cert("show evil.crt")
    assert "/CN=\\x1B]0;evil\\x07\\x0A" in text
    assert "DNS:\\x1B[31mevil" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_colours_on_a_terminal_only(desk: Desk) -> None:
    person = pexpect.spawn(
        str(PROGRAM),
        ["show", "dummy.crt"],
        cwd=str(desk.folder),
        timeout=10,
        encoding="utf-8",
        env={**desk.variables, "TERM": "xterm-256color", "PATH": "/usr/bin:/bin"},
    )
    person.expect(r"days left +\x1b\[0m\x1b\[33m9\x1b\[0m")
    person.expect(pexpect.EOF)
    assert "\x1b" not in desk.cert("show dummy.crt")


@contextmanager
def serving(desk: Desk, options: str) -> Iterator[ReservedPort]:
    """`openssl s_server` with these options, on a port of its own."""
    port = ReservedPort()
    command = f"openssl s_server -accept 127.0.0.1:{port} -quiet {options}"
    with subprocess.Popen(shlex.split(command), cwd=desk.folder, stdin=subprocess.DEVNULL) as server:
        try:
            until(port.listening, "s_server listens")
            yield port
        finally:
            server.terminate()


SERVERS = {
    "-cert a.crt -key a.key -cert_chain sub.crt": ("localhost", "ca.crt", []),
    "-cert a.crt -key a.key -cert_chain sub.crt -tls1_2": ("127.0.0.1", "ca.crt", []),
    "-cert a.crt -key a.key": (
        "localhost",
        "ca.crt",
        ["the chain is not trusted: unable to get local issuer certificate"],
    ),
    "-cert a.crt -key a.key -cert_chain ca.crt": (
        "localhost",
        "ca.crt",
        [
            "/C=DE/CN=a.test is not signed by the next in the chain, /O=Ex\\/ample/CN=Ä CA",
            "the chain is not trusted: unable to get local issuer certificate",
        ],
    ),
    "-cert dummy.crt -key dummy.key": (
        "localhost",
        "ca.crt",
        [
            "/CN=a.test expires in 9 days",
            "/CN=a.test is self-signed: clients must be told to trust it",
            "/CN=a.test is not good for DNS:localhost",
            "the chain is not trusted: self-signed certificate",
        ],
    ),
}


@pytest.mark.parametrize("options", SERVERS)
def test_a_server(desk: Desk, options: str) -> None:
    host, trusted, problems = SERVERS[options]
    with serving(desk, options) as port:
        said = shown(desk, f"{host}:{port} --ca-cert {trusted}")
    assert said["problems"] == problems
    assert said["protocol"] == ("TLSv1.2" if "-tls1_2" in options else "TLSv1.3")
    name = options.split()[1]
    assert said["objects"][0]["fingerprint_sha256"] == desk.fingerprint(name)


def test_the_name_is_sent_to_the_server(desk: Desk) -> None:
    options = "-cert dummy.crt -key dummy.key -servername localhost -cert2 a.crt -key2 a.key"
    with serving(desk, options) as port:
        assert shown(desk, f"localhost:{port}")["objects"][0]["subject"] == "/C=DE/CN=a.test"
        assert shown(desk, f"127.0.0.1:{port}")["objects"][0]["subject"] == "/CN=a.test"


def test_a_server_that_speaks_no_tls(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        answer = threading.Thread(target=_answer_in_plain, args=(listener,))
        answer.start()
        reason = desk.refused(f"show 127.0.0.1:{number}")
        answer.join()
    assert reason.startswith(f"127.0.0.1:{number} does not speak TLS as it should: ")


def _answer_in_plain(listener: socket.socket) -> None:
    stream, _ = listener.accept()
    with stream:
        stream.recv(4096)
        stream.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")


def test_a_server_that_hangs_up(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        answer = threading.Thread(target=_hang_up, args=(listener,))
        answer.start()
        reason = desk.refused(f"show 127.0.0.1:{number}")
        answer.join()
    assert re.match(rf"127.0.0.1:{number} does not speak TLS as it should: ", reason)


def _hang_up(listener: socket.socket) -> None:
    stream, _ = listener.accept()
    stream.close()


REFUSALS = {
    "nowhere": "nowhere is no file, and not HOST:PORT either",
    "ca.key:443x": "ca.key:443x is no file, and not HOST:PORT either",
    "localhost:99999": "localhost:99999 is no file, and not HOST:PORT either",
    ".": ".: Is a directory",
    "a.p12": "a.p12 needs a pass phrase and there is no terminal: see the pass phrase options of --help",
    "localhost:1 --ca-cert a.key": "a.key holds no certificates in PEM",
    "localhost:1 --ca-cert no.crt": "no.crt holds no certificates in PEM",
}


@pytest.mark.parametrize("what", REFUSALS)
def test_refusals(desk: Desk, what: str) -> None:
    assert desk.refused(f"show {what}") == REFUSALS[what]


def test_nobody_there(desk: Desk) -> None:
    port = ReservedPort()
    assert desk.refused(f"show 127.0.0.1:{port}") == f"cannot connect to 127.0.0.1:{port}: Connection refused"


def test_whoever_reads_the_output_may_go(desk: Desk) -> None:
    line = f"{PROGRAM} show chain.pem | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(
        ["bash", "-c", line], cwd=desk.folder, capture_output=True, text=True, timeout=20, check=True
    )
    assert (result.stdout, result.stderr) == ("1\n", "")


def test_a_terminal_that_cannot_show_a_name(desk: Desk) -> None:
    ascii_only = Desk(desk.folder)
    ascii_only.variables["PYTHONIOENCODING"] = "ascii"
    assert "/CN=\\xc4 CA" in ascii_only.cert("show ca.crt")
