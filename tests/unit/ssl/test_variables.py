"""SSL_* in real connections: their values are what the client sees of the same connection."""

from __future__ import annotations

import queue
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from unit.ssl.issued import Issued
from unit.ssl.serving import prepare, serving
from unit.ssl.tls_clients import PATIENCE, ROOT, V12, V13, connect, files, host, says, trusting

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.transport import Transport
from prefork_ssl.kernel.variables import resolve
from prefork_ssl.modules.ssl.module import module

RSA = Issued("rsa.test", ("a.test", "*.b.test"), ROOT, key=rsa.generate_private_key(65537, 2048))
EC = Issued("ec.test", ("a.test",), ROOT)


def value(transport: Transport, name: str) -> str:
    variable = resolve(name, [module])
    assert variable is not None, name
    return variable(SimpleNamespace(transport=transport, settings=Settings()))


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """ask(names, context, ...) connects, and gives the variables as the server sees them, and the client's socket."""
    folder = tmp_path_factory.mktemp("variables")
    both = files(folder, RSA).lines + files(folder, EC).lines
    wanted, answers = queue.Queue(), queue.Queue()

    def answer(transport):
        transport.write(transport.read())
        names = wanted.get()
        answers.put({name: value(transport, name) for name in names})
        answers.put({name: value(transport, name) for name in names})
        transport.read()

    with serving(prepare(folder, "SSLSessionTickets off\n" + host("a.test", both)), answer) as served:

        def connect_and_ask(*names, context=None, session=None, server_name="a.test"):
            sock = connect(served.port, server_name, context, session)
            says(sock, b"x")
            wanted.put(names)
            first, second = answers.get(timeout=PATIENCE), answers.get(timeout=PATIENCE)
            assert first == second
            return first, sock

        yield connect_and_ask


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_the_connection(ask, version):
    context = trusting(versions=[version])
    context.set_alpn_protocols(["http/1.1"])
    names = (
        "SSL_PROTOCOL",
        "SSL_CIPHER",
        "SSL_CIPHER_USEKEYSIZE",
        "SSL_TLS_SNI",
        "SSL_SESSION_RESUMED",
        "SSL_ALPN",
    )
    found, sock = ask(
        *names, "SSL_CIPHER_ALGKEYSIZE", "SSL_CIPHER_EXPORT", "SSL_HANDSHAKE_GROUP", context=context
    )
    with sock:
        cipher, _, bits = sock.cipher()
        assert [found[name] for name in names] == [
            sock.version(),
            cipher,
            str(bits),
            "a.test",
            "Initial",
            "http/1.1",
        ]
    assert found["SSL_CIPHER_ALGKEYSIZE"] == str(bits)
    assert found["SSL_CIPHER_EXPORT"] == "false"
    assert found["SSL_HANDSHAKE_GROUP"] == "x25519"


def test_a_session_by_its_id(ask):
    context = trusting(versions=[V12])
    names = ("SSL_SESSION_ID", "SSL_SESSION_RESUMED")
    found, sock = ask(*names, context=context)
    session = sock.session
    sock.close()
    assert found == {"SSL_SESSION_ID": session.id.hex().upper(), "SSL_SESSION_RESUMED": "Initial"}
    found, sock = ask(*names, context=context, session=session)
    sock.close()
    assert found == {"SSL_SESSION_ID": session.id.hex().upper(), "SSL_SESSION_RESUMED": "Resumed"}


def test_a_client_that_says_little(ask):
    found, sock = ask("SSL_TLS_SNI", "SSL_ALPN", "SSL_CLIENT_VERIFY", server_name=None)
    sock.close()
    assert found == {"SSL_TLS_SNI": "", "SSL_ALPN": "", "SSL_CLIENT_VERIFY": "NONE"}


@pytest.mark.parametrize(
    ("kind", "shown", "expected"),
    [
        ("RSA", RSA, ("rsaEncryption", "rsa.test", "*.b.test")),
        ("ECDSA", EC, ("id-ecPublicKey", "ec.test", "")),
    ],
)
def test_the_certificate_that_was_shown(ask, kind, shown, expected):
    context = trusting(versions=[V12])
    context.set_ciphers(f"ECDHE-{kind}-AES128-GCM-SHA256")
    parts = ("A_KEY", "A_SIG", "S_DN_CN", "SAN_DNS_1")
    more = ("M_SERIAL", "M_VERSION", "V_START", "V_END", "S_DN", "I_DN", "I_DN_O", "S_DN_CN_1", "CERT")
    found, sock = ask(*(f"SSL_SERVER_{part}" for part in parts + more), context=context)
    with sock:
        assert sock.getpeercert(binary_form=True) == shown.certificate.public_bytes(Encoding.DER)
    found = {name.removeprefix("SSL_SERVER_"): value for name, value in found.items()}
    algorithm = "ecdsa-with-SHA256"  # ROOT has an EC key
    assert [found[part] for part in parts] == [expected[0], algorithm, *expected[1:]]
    assert int(found["M_SERIAL"], 16) == shown.certificate.serial_number
    assert found["M_VERSION"] == "3"
    assert found["V_END"] == f"{shown.certificate.not_valid_after_utc:%b %e %H:%M:%S %Y} GMT"
    assert found["S_DN"] == f"CN={expected[1]}"
    assert found["I_DN"] == "CN=Test Root"
    assert found["I_DN_O"] == found["S_DN_CN_1"] == ""
    assert found["CERT"] == shown.pem.decode()


def test_without_tls_there_is_nothing_to_tell():
    plain = Transport.__new__(Transport)
    assert value(plain, "SSL_PROTOCOL") == value(plain, "SSL_SERVER_S_DN") == ""
    assert value(plain, "SSL_VERSION_LIBRARY").startswith("OpenSSL/")
    assert value(plain, "SSL_VERSION_INTERFACE").startswith("prefork_ssl/")


@pytest.mark.parametrize(
    "name", ["SSL_NONSENSE", "SSL_SERVER_", "SSL_SERVER_S_DN_XX", "SSL_SERVER_SAN_DNS_", "SSL_"]
)
def test_unknown_names(name):
    assert resolve(name, [module]) is None
