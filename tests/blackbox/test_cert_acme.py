"""prefork-ssl-cert acme: certificates from an ACME CA, with http-01 answered by a web server from the webroot."""

import functools
import http.server
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from blackbox.acme_server import AcmeServer, Behaviour
from blackbox.desk import Desk
from blackbox.ports import ReservedPort

pytestmark = pytest.mark.needs("openssl")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def web_server(root: Path) -> Iterator[int]:
    """Serve a directory over HTTP; the port."""
    handler = functools.partial(_Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The CA's keys, and the certificate of its ACME server."""
    desk = Desk(tmp_path_factory.mktemp("acme"))
    desk.cert("ca --cert ca.crt --key ca.key --subject '/CN=ACME CA' --no-passphrase")
    desk.cert("dummy --cert acme.crt --key acme.key --host localhost")
    return desk


@pytest.fixture(scope="module")
def webroot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("webroot")


@pytest.fixture(scope="module")
def running_ca(made: Desk, webroot: Path) -> Iterator[AcmeServer]:
    with web_server(webroot) as port:
        server = AcmeServer(made / "ca.crt", made / "ca.key", port)
        with server.running(made / "acme.crt", made / "acme.key"):
            yield server


@pytest.fixture
def ca(running_ca: AcmeServer, webroot: Path) -> Iterator[AcmeServer]:
    """The CA without accounts and orders; after the test the webroot must be as empty as before."""
    running_ca.behaviour = Behaviour()
    running_ca.accounts.clear()
    running_ca.contacts.clear()
    running_ca.orders.clear()
    yield running_ca
    assert list(webroot.iterdir()) == []


@pytest.fixture
def desk(made: Desk, ca: AcmeServer, tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    for name in ("ca.crt", "acme.crt"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    desk.variables |= {"REQUESTS_CA_BUNDLE": "acme.crt", "NO_PROXY": "localhost"}
    return desk


@pytest.fixture
def order(ca: AcmeServer, webroot: Path) -> str:
    """The options of a typical call."""
    return f"acme --directory {ca.directory} --webroot {webroot} --host a.test --cert a.crt --key a.key"


def test_a_certificate(desk: Desk, ca: AcmeServer, order: str) -> None:
    printed = desk.cert(f"{order} --host b.test 127.0.0.1 --email me@a.test")
    assert printed.startswith("a.crt: valid until ")
    for name in ("-verify_hostname a.test", "-verify_hostname b.test", "-verify_ip 127.0.0.1"):
        desk.openssl(f"verify -CAfile ca.crt -purpose sslserver {name} a.crt")
    desk.cert("match --cert a.crt --key a.key")
    assert (desk / "a.crt").read_text().count("BEGIN CERTIFICATE") == 2
    for name in ("a.key", "a.key.account"):
        assert stat.S_IMODE((desk / name).stat().st_mode) == 0o600
    assert ca.contacts == [["mailto:me@a.test"]]
    assert [identifier["type"] for identifier in ca.orders[0].identifiers] == ["dns", "dns", "ip"]


def test_nothing_is_done_before_it_is_due(desk: Desk, ca: AcmeServer, order: str) -> None:
    desk.cert(order)
    first = (desk / "a.crt").read_bytes()
    assert desk.cert(order) == "a.crt: valid for more than 30 days, nothing to do\n"
    assert (desk / "a.crt").read_bytes() == first
    assert len(ca.orders) == 1


def test_renewal(desk: Desk, ca: AcmeServer, order: str) -> None:
    ca.behaviour.days = 29
    desk.cert(order)
    first, key = desk.fingerprint("a.crt"), (desk / "a.key").read_bytes()
    desk.cert(order)
    assert desk.fingerprint("a.crt") != first
    assert (desk / "a.key").read_bytes() == key
    # One account for both orders, found again by its key.
    assert len(ca.accounts) == 1
    assert {each.account for each in ca.orders} == set(ca.accounts)
    desk.cert(f"{order} --renew-before 20")
    assert len(ca.orders) == 2


def test_other_hosts_make_it_due(desk: Desk, ca: AcmeServer, order: str) -> None:
    desk.cert(order)
    desk.cert(f"{order} --host b.test")
    desk.openssl("verify -CAfile ca.crt -verify_hostname b.test a.crt")


def test_a_dummy_is_replaced(desk: Desk, ca: AcmeServer, order: str) -> None:
    desk.cert("dummy --cert a.crt --key a.key --host a.test --days 365")
    key = (desk / "a.key").read_bytes()
    desk.cert(order)
    desk.openssl("verify -CAfile ca.crt -verify_hostname a.test a.crt")
    assert (desk / "a.key").read_bytes() == key


def test_an_rsa_account_and_an_encrypted_key(desk: Desk, ca: AcmeServer, order: str) -> None:
    desk.variables["PHRASE"] = "opén"
    desk.cert("key --out account.key --type rsa --bits 2048 --no-passphrase")
    desk.cert("key --out a.key --passphrase-env PHRASE")
    desk.cert(f"{order} --account-key account.key --passphrase-env PHRASE")
    assert [jwk["kty"] for jwk in ca.accounts.values()] == ["RSA"]
    desk.cert("match --cert a.crt --key a.key --passphrase-env PHRASE")


def test_a_nonce_that_went_bad_is_no_trouble(desk: Desk, ca: AcmeServer, order: str) -> None:
    ca.behaviour.bad_nonces = 1
    desk.cert(order)


def test_terms_of_service(desk: Desk, ca: AcmeServer, order: str) -> None:
    ca.behaviour.terms = "https://ca.test/terms"
    assert desk.refused(order) == (
        "an account needs your agreement to https://ca.test/terms: give --agree-terms"
    )
    desk.cert(f"{order} --agree-terms")
    # They are agreed to once.
    desk.cert(f"{order} --force")


def test_the_answers_can_be_read_by_a_server_under_any_umask(
    desk: Desk, ca: AcmeServer, order: str, webroot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    fetch = AcmeServer._fetch

    def look(self: AcmeServer, host: str, token: str) -> str:
        path = webroot / ".well-known/acme-challenge" / token
        seen.extend(stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent, path.parent.parent))
        return fetch(self, host, token)

    monkeypatch.setattr(AcmeServer, "_fetch", look)
    old = os.umask(0o077)
    try:
        desk.cert(order)
    finally:
        os.umask(old)
    assert seen == [0o644, 0o755, 0o755]


def test_a_challenge_that_fails_is_explained(desk: Desk, order: str) -> None:
    desk.cert("key --out a.key.account --no-passphrase")
    (desk / "elsewhere").mkdir()
    reason = desk.refused(f"{order} --webroot elsewhere")
    assert "Authorization for a.test failed due to one or more failed challenges" in reason
    assert "The client lacks sufficient authorization" in reason
    assert list((desk / "elsewhere").iterdir()) == []


def test_nobody_at_the_webroot(
    desk: Desk, ca: AcmeServer, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.cert("key --out a.key.account --no-passphrase")
    port = ReservedPort()
    monkeypatch.setattr(ca, "http_port", port.number)
    assert "Connection refused" in desk.refused(order)
    port.release()


REFUSALS = {
    "--host '*.a.test'": "*.a.test: http-01 cannot prove control of a wildcard (RFC 8555 7.1.4)",
    "--host 'a b'": "'a b' is not a host name",
    "--webroot nowhere": "the webroot nowhere is not a directory",
    "--account-key ed25519.key": "the account key must be RSA or EC with 256 bits",
    "--cert acme.crt": "acme.crt belongs to another key than a.key; --force overwrites it",
    "--cert ed25519.key": "ed25519.key holds a private key, not a certificate",
    "--key acme.crt": "acme.crt holds a certificate, not a private key",
    "--cert no/a.crt": "cannot write no/a.crt: there is no directory no",
}


def test_refusals(desk: Desk, order: str) -> None:
    desk.cert("key --out ed25519.key --type ed25519 --no-passphrase")
    desk.cert("key --out a.key --no-passphrase")
    desk.cert("key --out a.key.account --no-passphrase")
    for options, reason in REFUSALS.items():
        assert desk.refused(f"{order} {options}") == reason


def test_a_ca_that_refuses(desk: Desk, ca: AcmeServer, order: str) -> None:
    desk.cert("key --out a.key.account --no-passphrase")
    ca.behaviour.refuse_orders = "not this one"
    assert desk.refused(order).endswith(":: not this one")


def test_a_ca_without_http_01(desk: Desk, ca: AcmeServer, order: str) -> None:
    desk.cert("key --out a.key.account --no-passphrase")
    ca.behaviour.challenge = "dns-01"
    assert desk.refused(order) == "the CA offers no http-01 for a.test"


def test_a_certificate_for_another_key_is_not_taken(desk: Desk, ca: AcmeServer, order: str) -> None:
    desk.cert("key --out a.key.account --no-passphrase")
    ca.behaviour.key_of_another = True
    assert desk.refused(order) == "the CA sent a certificate for another key or for other hosts"


def test_a_directory_that_is_none(desk: Desk, ca: AcmeServer, webroot: Path) -> None:
    options = f"--webroot {webroot} --host a.test --cert a.crt --key a.key"
    port = ReservedPort()
    assert "Connection refused" in desk.refused(f"acme --directory https://localhost:{port}/ {options}")
    assert "No scheme supplied" in desk.refused(f"acme --directory nonsense {options}")
    desk.refused(f"acme --directory {ca.url}/nowhere {options}")
    desk.variables["REQUESTS_CA_BUNDLE"] = "ca.crt"
    assert "CERTIFICATE_VERIFY_FAILED" in desk.refused(f"acme --directory {ca.directory} {options}")
