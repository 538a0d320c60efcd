"""prefork-ssl-cert dummy: a server can start with it, and clients told to trust it accept the server."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from blackbox.desk import Desk
from blackbox.ports import ReservedPort
from blackbox.until import until

pytestmark = pytest.mark.needs("openssl")

HOSTS = "--host localhost --host 127.0.0.1 ::1 '*.a.test'"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_openssl_verifies_it(desk: Desk, kind: str) -> None:
    desk.cert(f"dummy --cert a.crt --key a.key --type {kind} {HOSTS}")
    for name in (
        "-verify_hostname localhost",
        "-verify_hostname b.a.test",
        "-verify_ip 127.0.0.1",
        "-verify_ip ::1",
    ):
        desk.openssl(f"verify -x509_strict -CAfile a.crt -purpose sslserver {name} a.crt")
    for name in ("-verify_hostname a.test", "-verify_hostname c.b.a.test", "-verify_ip 127.0.0.2"):
        desk.openssl(f"verify -CAfile a.crt {name} a.crt", status=2)


@pytest.mark.parametrize(
    ("options", "size", "usage"),
    [
        ("", "NIST CURVE: P-256", "Digital Signature"),
        ("--type rsa", "Public-Key: (3072 bit)", "Digital Signature, Key Encipherment"),
    ],
)
def test_extensions(desk: Desk, options: str, size: str, usage: str) -> None:
    desk.cert(f"dummy --cert a.crt --key a.key {options} {HOSTS}")
    text = desk.openssl("x509 -in a.crt -noout -text")
    assert size in text
    assert re.search(rf"Key Usage: critical\n +{usage}\n", text)
    assert re.search(r"Basic Constraints: critical\n +CA:FALSE\n", text)
    assert re.search(r"Extended Key Usage: *\n +TLS Web Server Authentication\n", text)
    assert "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:*.a.test" in text


def test_it_is_valid_for_30_days_or_as_many_as_asked(desk: Desk) -> None:
    desk.cert("dummy --cert a.crt --key a.key --host a")
    desk.openssl(f"x509 -in a.crt -noout -checkend {30 * 86400 - 60}")
    desk.openssl(f"x509 -in a.crt -noout -checkend {30 * 86400}", status=1)
    desk.cert("dummy --cert b.crt --key b.key --host a --days 2")
    desk.openssl(f"x509 -in b.crt -noout -checkend {2 * 86400 - 60}")
    desk.openssl(f"x509 -in b.crt -noout -checkend {2 * 86400}", status=1)


def test_serial_numbers_are_random_positive_and_long(desk: Desk) -> None:
    numbers = set()
    for _ in range(4):
        desk.cert("dummy --cert a.crt --key a.key --host a --force")
        digits = desk.openssl("x509 -in a.crt -noout -serial").strip().removeprefix("serial=")
        assert 16 <= len(digits) <= 40
        numbers.add(int(digits, 16))
    assert len(numbers) == 4
    assert min(numbers) > 2**64


def test_the_key_is_for_its_owner_only_and_not_encrypted(desk: Desk) -> None:
    old = os.umask(0)
    try:
        desk.cert("dummy --cert a.crt --key a.key --host a")
    finally:
        os.umask(old)
    assert (desk / "a.key").stat().st_mode & 0o777 == 0o600
    assert (desk / "a.crt").stat().st_mode & 0o777 == 0o644
    desk.openssl("pkey -in a.key -noout -check")


def test_a_host_longer_than_a_common_name_stands_in_the_alternative_names_alone(desk: Desk) -> None:
    host = ".".join(["x" * 40, "y" * 40, "test"])
    desk.cert(f"dummy --cert a.crt --key a.key --host {host}")
    desk.openssl(f"verify -x509_strict -CAfile a.crt -verify_hostname {host} a.crt")
    assert "Subject Alternative Name: critical" in desk.openssl("x509 -in a.crt -noout -text")


def test_nothing_is_overwritten_without_force(desk: Desk) -> None:
    desk.cert("dummy --cert a.crt --key a.key --host a")
    assert desk.refused("dummy --cert a.crt --key new.key --host b") == "a.crt exists; --force overwrites it"
    assert desk.refused("dummy --cert new.crt --key a.key --host b") == "a.key exists; --force overwrites it"
    desk.cert("dummy --cert a.crt --key a.key --host b --force")
    desk.openssl("verify -CAfile a.crt -verify_hostname b a.crt")
    desk.cert("match --cert a.crt --key a.key")


@pytest.mark.needs("curl")
@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_server_runs_on_it_and_curl_accepts_it(desk: Desk, kind: str) -> None:
    desk.cert(f"dummy --cert a.crt --key a.key --type {kind} {HOSTS}")
    port = ReservedPort()
    command = f"openssl s_server -accept 127.0.0.1:{port} -cert a.crt -key a.key -www -quiet"
    with subprocess.Popen(shlex.split(command), cwd=desk.folder, stdin=subprocess.DEVNULL) as server:
        try:
            until(port.listening, "s_server listens")
            for host in ("localhost", "127.0.0.1"):
                subprocess.run(
                    ["curl", "-sSf", "-o", "/dev/null", "--cacert", "a.crt", f"https://{host}:{port}/"],
                    cwd=desk.folder,
                    check=True,
                    timeout=20,
                )
        finally:
            server.terminate()
