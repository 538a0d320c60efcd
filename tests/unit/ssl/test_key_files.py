"""Certificate and key files of every format, and everything that can stand in their place."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ssl.issued import Issued, ca, source, write
from unit.ssl.loading import Exec, files, material, openssl, public, refused, start

from prefork_ssl.modules.ssl.keys.key_files import Locked, Unreadable, certificates_in, private_key_in
from prefork_ssl.modules.ssl.keys.keystore import KeyStore
from prefork_ssl.modules.ssl.passphrase.dialog import WrongPhrase

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ROOT = ca("Root")
INTERMEDIATE = ca("Intermediate", ROOT)

# --- formats ---


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (RSA, "RSA"),
        (ec.generate_private_key(ec.SECP384R1()), "EC"),
        (ed25519.Ed25519PrivateKey.generate(), "ED25519"),
        (ed448.Ed448PrivateKey.generate(), "ED448"),
    ],
)
def test_kinds_of_keys(tmp_path: Path, key: rsa.RSAPrivateKey, kind: str) -> None:
    served = Issued(key=key)
    found = material(start(KeyStore(), files(tmp_path, served)))
    assert found.key_type == kind
    assert found.certificate == served.certificate
    assert found.chain == ()
    assert public(found.key) == public(key)


def der(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


PLAIN = {
    "PKCS#8": lambda key: key,
    "traditional": lambda key: openssl(key, "pkey", "-traditional"),
    "DER, PKCS#8": lambda key: openssl(key, "pkey", "-outform", "DER"),
    "DER, traditional": lambda key: openssl(key, "rsa", "-outform", "DER", "-traditional"),
    "base64 without armour": lambda key: base64.encodebytes(openssl(key, "pkey", "-outform", "DER")),
    "CR LF": lambda key: key.replace(b"\n", b"\r\n"),
    "text around": lambda key: b"key of www\n" + key + b"\nend of key\n",
}
ENCRYPTED = {
    "PKCS#8": lambda key: openssl(key, "pkcs8", "-topk8", "-passout", "pass:geheim"),
    "PKCS#8, scrypt": lambda key: openssl(key, "pkcs8", "-topk8", "-scrypt", "-passout", "pass:geheim"),
    "PKCS#8, DER": lambda key: openssl(key, "pkcs8", "-topk8", "-outform", "DER", "-passout", "pass:geheim"),
    "traditional, AES": lambda key: openssl(key, "rsa", "-aes256", "-traditional", "-passout", "pass:geheim"),
    "traditional, DES3": lambda key: openssl(key, "rsa", "-des3", "-traditional", "-passout", "pass:geheim"),
}


@pytest.mark.parametrize("form", PLAIN)
def test_key_formats(form: str) -> None:
    found = private_key_in(PLAIN[form](Issued(key=RSA).key_pem()))
    assert not isinstance(found, Locked)
    assert public(found) == public(RSA)


@pytest.mark.parametrize("form", ENCRYPTED)
def test_encrypted_key_formats(form: str) -> None:
    found = private_key_in(ENCRYPTED[form](Issued(key=RSA).key_pem()))
    assert isinstance(found, Locked)
    with pytest.raises(WrongPhrase):
        found.open(bytearray(b"geheim "))
    assert public(found.open(bytearray(b"geheim"))) == public(RSA)
    assert public(found.open(memoryview(bytearray(b"geheim")))) == public(RSA)


@pytest.mark.parametrize("form", ENCRYPTED)
def test_a_wrong_phrase_that_decrypts_to_garbage_is_a_wrong_phrase(form: str) -> None:
    """The padding of one wrong phrase in 256 happens to be right."""
    found = private_key_in(ENCRYPTED[form](Issued(key=RSA).key_pem()))
    assert isinstance(found, Locked)
    for number in range(600 if "scrypt" not in form else 3):
        with pytest.raises(WrongPhrase):
            found.open(bytearray(b"wrong%d" % number))


def test_an_ec_key_with_its_parameters_before_it() -> None:
    pem = openssl(b"", "ecparam", "-name", "prime256v1", "-genkey")
    assert b"EC PARAMETERS" in pem
    assert isinstance(private_key_in(pem), ec.EllipticCurvePrivateKey)


def test_certificate_formats() -> None:
    served = Issued()
    raw = served.certificate.public_bytes(Encoding.DER)
    assert certificates_in(raw) == (served.certificate,)
    assert certificates_in(base64.b64encode(raw)) == (served.certificate,)
    assert certificates_in(openssl(served.pem, "x509", "-text")) == (served.certificate,)
    assert certificates_in(b"\xef\xbb\xbf" + served.pem) == (served.certificate,)
    assert certificates_in(served.key_pem() + served.pem + ROOT.pem) == (served.certificate, ROOT.certificate)


@pytest.mark.parametrize("phrase", [None, b"geheim"])
def test_pkcs12_holds_everything_and_its_chain_is_put_in_order(tmp_path: Path, phrase: bytes | None) -> None:
    served = Issued(issuer=INTERMEDIATE)
    bundle = write(tmp_path / "www.p12", served.p12(phrase, ROOT, INTERMEDIATE))
    asked = Exec(tmp_path, "geheim")
    found = material(start(KeyStore(), source(bundle), dialog=asked.dialog))
    assert found.certificate == served.certificate
    assert found.chain == (INTERMEDIATE.certificate, ROOT.certificate)
    assert public(found.key) == public(served.key)
    assert asked.calls == (["www.example.test:443 PKCS12"] if phrase else [])


# --- faults, each one line with directive, place and remedy ---

SERVED = Issued()
REQUEST = openssl(SERVED.key_pem(), "req", "-new", "-key", "/dev/stdin", "-subj", "/CN=x")
OPENSSH = SERVED.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
X25519 = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = SERVED.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
CERTIFICATE_DER = SERVED.certificate.public_bytes(Encoding.DER)


def damaged_rsa() -> bytes:
    """An RSA key whose private exponent belongs to another."""
    numbers = RSA.private_numbers()
    wrong = rsa.RSAPrivateNumbers(
        numbers.p,
        numbers.q,
        numbers.d + 2,
        numbers.dmp1 + 2,
        numbers.dmq1,
        numbers.iqmp,
        numbers.public_numbers,
    )
    key = wrong.private_key(unsafe_skip_rsa_key_validation=True)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", "is empty", "copy"),
        (b"hello\n", "neither PEM nor DER: there is no -----BEGIN line", "PEM"),
        (SERVED.pem[:300], "truncated: -----BEGIN CERTIFICATE----- without its END line", "whole file"),
        (SERVED.pem + ROOT.pem[:300], "truncated: -----BEGIN CERTIFICATE-----", "whole file"),
        (
            CERTIFICATE_DER[:-9],
            f"truncated: {len(CERTIFICATE_DER) - 9} of {len(CERTIFICATE_DER)} bytes",
            "whole file",
        ),
        (
            SERVED.pem.replace(b"MII", b"MIJ", 1),
            "damaged or unsupported certificate (number 1",
            "openssl x509",
        ),
        (
            CERTIFICATE_DER.replace(b"\xa0\3\2\1\2", b"\xa0\3\2\1\3", 1),
            "3 is not a valid X509 version",
            "openssl x509",
        ),
        (SERVED.key_pem(), "holds a private key, not a certificate", "swapped"),
        (der(SERVED.key), "holds a private key, not a certificate", "swapped"),
        (REQUEST, "holds a certificate request, not a certificate", "CA sends back"),
        (openssl(SERVED.pem, "x509", "-trustout"), "TRUSTED CERTIFICATE", "openssl x509"),
        (openssl(SERVED.pem, "crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin"), "PKCS#7", "-print_certs"),
        (b"-----BEGIN X-----\n-----END X-----\n", "nothing of use, not a certificate", "-----BEGIN"),
    ],
    ids=itertools.count(),  # the data are others in each process
)
def test_certificate_files_that_are_none(tmp_path: Path, data: bytes, message: str, hint: str) -> None:
    broken = source(write(tmp_path / "www.crt", data), write(tmp_path / "www.key", SERVED.key_pem()))
    (finding,) = refused(broken)
    assert (finding.where, finding.directive) == ("www.conf:1", "SSLCertificateFile")
    assert finding.message.startswith(f"{broken.certificate} ")
    assert message in finding.message
    assert hint in finding.hint


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b" \n", "is empty", "copy"),
        (SERVED.key_pem()[:100], "truncated: -----BEGIN PRIVATE KEY----- without its END line", "whole file"),
        (der(SERVED.key)[:-3], "is truncated", "whole file"),
        (SERVED.key_pem().replace(b"MIG", b"MIH", 1), "damaged or unsupported private key", "openssl pkey"),
        (damaged_rsa(), "damaged RSA key", "openssl pkey"),
        (SERVED.pem, "holds a certificate, not a private key", "swapped"),
        (CERTIFICATE_DER, "holds a certificate, not a private key", "swapped"),
        (PUBLIC, "holds only a public key, not a private key", "belongs to it"),
        (OPENSSH, "key in OpenSSH's own format", "ssh-keygen -p -m PEM"),
        (X25519, "cannot sign", "RSA, EC or Ed25519"),
    ],
    ids=itertools.count(),  # the data are others in each process
)
def test_key_files_that_are_none(tmp_path: Path, data: bytes, message: str, hint: str) -> None:
    broken = files(tmp_path, SERVED, data)
    (finding,) = refused(broken)
    assert (finding.where, finding.directive) == ("www.conf:2", "SSLCertificateKeyFile")
    assert finding.message.startswith(f"{broken.key} ")
    assert message in finding.message
    assert hint in finding.hint


def test_a_certificate_file_without_key_and_no_key_file(tmp_path: Path) -> None:
    (finding,) = refused(source(write(tmp_path / "www.crt", SERVED.pem)))
    assert (finding.where, finding.directive) == ("www.conf:1", "SSLCertificateFile")
    assert "holds a certificate, not a private key" in finding.message


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "cannot be read: No such file or directory"),
        (lambda path: path.mkdir(), "is a directory"),
        (make_fifo, "is not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "is not a regular file"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels"),
        (lambda path: path.write_bytes(bytes(2_000_000)), "has 2000000 bytes"),
    ],
)
def test_things_in_place_of_a_file(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    make(tmp_path / "www.key")
    (finding,) = refused(source(write(tmp_path / "www.crt", SERVED.pem), tmp_path / "www.key"))
    assert finding.directive == "SSLCertificateKeyFile"
    assert message in finding.message


# --- anything at all ---

SEEDS = [
    SERVED.pem,
    SERVED.key_pem(),
    SERVED.key_pem(b"geheim"),
    CERTIFICATE_DER,
    der(SERVED.key),
    SERVED.p12(b"geheim"),
]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_a_file_holds_is_readable_or_described(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(SEEDS))
    begin, end = sorted((data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole)))))
    mutated = whole[:begin] + data.draw(st.binary(max_size=8)) + whole[end:]
    for parse in (certificates_in, private_key_in):
        with suppress(Unreadable, WrongPhrase):
            found = parse(mutated)
            if isinstance(found, Locked):
                found.open(bytearray(b"geheim"))
