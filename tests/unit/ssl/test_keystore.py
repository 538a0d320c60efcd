"""The key store on real files: every format, every fault, and what a reload does not do."""

from __future__ import annotations

import base64
import gc
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ssl.issued import Issued, ca, source, write

from prefork_ssl.modules.ssl.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.key_files import Locked, Unreadable, certificates_in, private_key_in
from prefork_ssl.modules.ssl.keystore import KeyMaterial, KeySource, KeyStore, Loaded
from prefork_ssl.modules.ssl.passphrase import Means, Occasion, PassPhraseDialog, Way
from prefork_ssl.modules.ssl.passphrase_dialog import WrongPhrase

BUILTIN = PassPhraseDialog()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ROOT = ca("Root")
INTERMEDIATE = ca("Intermediate", ROOT)


class Exec:
    """A program for SSLPassPhraseDialog exec: that prints one phrase and records its calls."""

    def __init__(self, folder: Path, phrase: str) -> None:
        self.path = folder / "phrase"
        self._calls = folder / "phrase.calls"
        self.path.write_text(f'#!/bin/sh\necho "$*" >> {self._calls}\necho {phrase}\n')
        self.path.chmod(0o700)
        self.dialog = PassPhraseDialog(Means(Way.EXEC, (str(self.path),)), "ssl.conf:1", time_limit=5)

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


def start(store: KeyStore, *sources: KeySource, dialog: PassPhraseDialog = BUILTIN) -> Loaded:
    """A committed start."""
    loaded = store.load(sources, dialog, Occasion.START)
    loaded.commit()
    return loaded


def reload(store: KeyStore, *sources: KeySource, dialog: PassPhraseDialog = BUILTIN) -> Loaded:
    """A committed reload."""
    loaded = store.load(sources, dialog, Occasion.RELOAD)
    loaded.commit()
    return loaded


def material(loaded: Loaded) -> KeyMaterial:
    """What the only source gave."""
    (only,) = loaded.materials.values()
    return only


def refused(
    *sources: KeySource, dialog: PassPhraseDialog = BUILTIN, occasion: Occasion = Occasion.RELOAD
) -> tuple[Finding, ...]:
    """The errors of a load that fails, each of which is one line with its place and remedy."""
    with pytest.raises(KeyMaterialError) as caught:
        KeyStore().load(sources, dialog, occasion)
    for finding in caught.value.findings:
        assert finding.severity == "error"
        assert finding.hint
        assert re.fullmatch(r"\w+\.conf:\d+: SSL\w+: [^\n]+ \([^\n]+\)", str(finding))
    return caught.value.findings


def files(folder: Path, served: Issued, key: bytes | None = None, host: str = "www") -> KeySource:
    """HOST.crt and HOST.key."""
    certificate = write(folder / f"{host}.crt", served.pem)
    return source(certificate, write(folder / f"{host}.key", key or served.key_pem()), host=host)


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


def public(key: object) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore


def openssl(data: bytes, *arguments: str) -> bytes:
    """What the openssl program makes of the input."""
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


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


# --- chains ---


def test_the_chain_follows_the_certificate_in_its_file(tmp_path: Path) -> None:
    served = Issued(issuer=INTERMEDIATE)
    whole = write(tmp_path / "www.pem", served.key_pem() + served.pem + INTERMEDIATE.pem + ROOT.pem)
    unused = write(tmp_path / "chain.pem", ROOT.pem)
    found = material(start(KeyStore(), source(whole, chain=unused)))
    assert found.chain == (INTERMEDIATE.certificate, ROOT.certificate)


def test_the_chain_file_serves_otherwise_without_repeating_the_certificate(tmp_path: Path) -> None:
    served = Issued(issuer=INTERMEDIATE)
    chain = write(tmp_path / "chain.pem", served.pem + INTERMEDIATE.pem)
    found = material(start(KeyStore(), replace(files(tmp_path, served), chain=chain)))
    assert found.chain == (INTERMEDIATE.certificate,)


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
        (SERVED.key_pem(), "holds a private key, not a certificate", "swapped"),
        (der(SERVED.key), "holds a private key, not a certificate", "swapped"),
        (REQUEST, "holds a certificate request, not a certificate", "CA sends back"),
        (openssl(SERVED.pem, "x509", "-trustout"), "TRUSTED CERTIFICATE", "openssl x509"),
        (openssl(SERVED.pem, "crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin"), "PKCS#7", "-print_certs"),
        (b"-----BEGIN X-----\n-----END X-----\n", "nothing of use, not a certificate", "-----BEGIN"),
    ],
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


def test_everything_that_is_wrong_is_told_at_once_and_nobody_is_asked(tmp_path: Path) -> None:
    asked = Exec(tmp_path, "geheim")
    encrypted = files(tmp_path, SERVED, SERVED.key_pem(b"geheim"), "locked")
    swapped = source(
        write(tmp_path / "a.crt", SERVED.key_pem()), write(tmp_path / "a.key", SERVED.pem), host="a"
    )
    missing = source(tmp_path / "b.crt", tmp_path / "b.key", tmp_path / "b.chain", host="b")
    findings = refused(encrypted, swapped, missing, dialog=asked.dialog)
    assert [(finding.where, finding.directive) for finding in findings] == [
        ("a.conf:1", "SSLCertificateFile"),
        ("a.conf:2", "SSLCertificateKeyFile"),
        ("b.conf:1", "SSLCertificateFile"),
        ("b.conf:3", "SSLCertificateChainFile"),
        ("b.conf:2", "SSLCertificateKeyFile"),
    ]
    assert asked.calls == []


def test_a_key_for_others_to_read_gets_a_warning_until_its_mode_is_mended(tmp_path: Path) -> None:
    store, exposed = KeyStore(), files(tmp_path, SERVED)
    exposed.key.chmod(0o640)
    (finding,) = start(store, exposed, replace(exposed, server="again:443")).findings
    assert (finding.severity, finding.where) == ("warning", "www.conf:2")
    assert (finding.hint, "(mode 0640)" in finding.message) == (f"chmod 400 {exposed.key}", True)
    assert len(reload(store, exposed).findings) == 1
    exposed.key.chmod(0o400)
    assert reload(store, exposed).findings == ()


# --- phrases ---


def test_ten_keys_with_one_phrase_are_one_question(tmp_path: Path) -> None:
    asked = Exec(tmp_path, "geheim")
    sources = [files(tmp_path, issued := Issued(), issued.key_pem(b"geheim"), f"host{n}") for n in range(10)]
    assert len(start(KeyStore(), *sources, dialog=asked.dialog).materials) == 10
    assert asked.calls == ["host0.example.test:443 EC"]


def test_exec_is_told_the_real_key_type(tmp_path: Path) -> None:
    asked = Exec(tmp_path, "geheim")
    kinds = {
        "rsa": Issued(key=RSA),
        "ec": Issued(),
        "ed": Issued(key=ed25519.Ed25519PrivateKey.generate()),
    }
    for host, served in kinds.items():
        locked = files(tmp_path, served, served.key_pem(b"geheim"), host)
        start(KeyStore(), locked, dialog=asked.dialog)
    traditional = kinds["rsa"].key_pem(b"geheim", PrivateFormat.TraditionalOpenSSL)
    start(KeyStore(), files(tmp_path, kinds["rsa"], traditional, "trad"), dialog=asked.dialog)
    assert [call.split()[1] for call in asked.calls] == ["RSA", "EC", "ED25519", "RSA"]


def test_a_reload_never_calls_the_program_again_even_with_it_and_the_files_gone(tmp_path: Path) -> None:
    asked, store = Exec(tmp_path, "geheim"), KeyStore()
    sources = [
        files(tmp_path, issued := Issued(), issued.key_pem(b"geheim"), host) for host in ("one", "two")
    ]
    before = start(store, *sources, dialog=asked.dialog)
    asked.path.unlink()
    for gone in sources:
        gone.key.unlink()
    sources[0].certificate.unlink()
    after = reload(store, *sources, dialog=asked.dialog)
    assert [found.identity for found in after.materials.values()] == [
        found.identity for found in before.materials.values()
    ]
    assert [(finding.severity, finding.where) for finding in after.findings] == [
        ("info", "one.conf:1"),
        ("info", "one.conf:2"),
        ("info", "two.conf:2"),
    ]
    assert len(asked.calls) == 1


def test_a_changed_key_is_opened_with_a_known_phrase(tmp_path: Path) -> None:
    asked, store = Exec(tmp_path, "geheim"), KeyStore()
    start(store, files(tmp_path, SERVED, SERVED.key_pem(b"geheim")), dialog=asked.dialog)
    asked.path.unlink()
    renewed = Issued()
    found = material(reload(store, files(tmp_path, renewed, renewed.key_pem(b"geheim")), dialog=asked.dialog))
    assert public(found.key) == public(renewed.key)


def test_phrases_are_forgotten_after_the_load_without_reuse(tmp_path: Path) -> None:
    asked, store = Exec(tmp_path, "geheim"), KeyStore()
    once = replace(asked.dialog, reuse=False)
    sources = [
        files(tmp_path, issued := Issued(), issued.key_pem(b"geheim"), host) for host in ("one", "two")
    ]
    start(store, *sources, dialog=once)
    assert len(asked.calls) == 1
    files(tmp_path, SERVED, SERVED.key_pem(b"geheim"), "one")
    reload(store, *sources, dialog=once)
    assert len(asked.calls) == 2


def test_a_reload_that_would_have_to_ask_is_refused_for_each_key_and_the_running_keys_stay(
    tmp_path: Path,
) -> None:
    asked, store = Exec(tmp_path, "geheim"), KeyStore()
    sources = [
        files(tmp_path, issued := Issued(), issued.key_pem(b"geheim"), host) for host in ("one", "two")
    ]
    before = start(store, *sources, dialog=asked.dialog)
    kept = [(path, path.read_bytes()) for each in sources for path in (each.key,)]
    for each in sources:
        write(each.key, SERVED.key_pem(b"another"))
    with pytest.raises(KeyMaterialError) as caught:
        store.load(sources, BUILTIN, Occasion.RELOAD)
    assert [finding.where for finding in caught.value.findings] == ["one.conf:2", "two.conf:2"]
    assert all("a reload does not ask" in finding.message for finding in caught.value.findings)
    assert all("set SSLPassPhraseDialog exec:" in finding.hint for finding in caught.value.findings)
    for path, data in kept:
        write(path, data)
    after = reload(store, *sources)
    assert [found.identity for found in after.materials.values()] == [
        found.identity for found in before.materials.values()
    ]


def test_every_wrong_phrase_of_a_program_is_told(tmp_path: Path) -> None:
    asked = Exec(tmp_path, "wrong")
    sources = [
        files(tmp_path, issued := Issued(), issued.key_pem(b"geheim"), host) for host in ("one", "two")
    ]
    findings = refused(*sources, dialog=asked.dialog)
    assert [finding.where for finding in findings] == ["one.conf:2", "two.conf:2"]
    assert all("does not open the private key" in finding.message for finding in findings)


def test_a_program_that_is_of_no_use_is_not_tried_for_every_key(tmp_path: Path) -> None:
    asked = Exec(tmp_path, "geheim")
    asked.path.unlink()
    sources = [
        files(tmp_path, issued := Issued(), issued.key_pem(b"geheim"), host) for host in ("one", "two")
    ]
    (finding,) = refused(*sources, dialog=asked.dialog)
    assert (finding.where, finding.directive) == ("ssl.conf:1", "SSLPassPhraseDialog")
    assert "cannot be started" in finding.message


@pytest.mark.parametrize("command", [["ec", "-camellia128"], ["pkcs8", "-topk8", "-v2", "camellia-128-cbc"]])
def test_a_cipher_that_is_not_supported(tmp_path: Path, command: list[str]) -> None:
    camellia = openssl(SERVED.key_pem(), *command, "-passout", "pass:geheim")
    (finding,) = refused(files(tmp_path, SERVED, camellia), dialog=Exec(tmp_path, "geheim").dialog)
    assert finding.message.startswith(f"{tmp_path}/www.key is encrypted in a way that is not supported")
    assert "openssl pkey -aes256" in finding.hint


# --- transaction ---


def test_unchanged_files_are_not_opened(tmp_path: Path) -> None:
    """They are filled with something else behind the store's back, with all that it looks at kept as it was."""
    store, used = KeyStore(), files(tmp_path, SERVED)
    before = material(start(store, used))
    for path in (used.certificate, used.key):
        status = path.stat()
        path.chmod(0o600)
        path.write_bytes(bytes(status.st_size))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        path.chmod(0)
    assert material(reload(store, used)).key is before.key


@pytest.mark.parametrize("change", ["renamed into place", "written in place", "touched"])
def test_changed_files_are_read(tmp_path: Path, change: str) -> None:
    store, used = KeyStore(), files(tmp_path, SERVED)
    before = material(start(store, used))
    renewed = Issued()
    for path, data in ((used.certificate, renewed.pem), (used.key, renewed.key_pem())):
        path.chmod(0o600)
        if change == "renamed into place":
            write(tmp_path / "new", data).rename(path)
        elif change == "written in place":
            path.write_bytes(data + b"\n")
        else:
            path.touch()
    found = material(reload(store, used))
    assert (found.identity == before.identity) == (change == "touched")
    assert found.key is not before.key


def test_a_replacement_of_the_same_size_and_time_is_noticed(tmp_path: Path) -> None:
    store, used = KeyStore(), files(tmp_path, SERVED)
    before = material(start(store, used))
    status = used.key.stat()
    write(tmp_path / "new", SERVED.key_pem()).rename(used.key)
    os.utime(used.key, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert used.key.stat().st_size == status.st_size
    assert material(reload(store, used)).key is not before.key


def test_a_load_without_commit_changes_nothing(tmp_path: Path) -> None:
    store, used = KeyStore(), files(tmp_path, SERVED)
    before = material(start(store, used))
    old = used.certificate.rename(tmp_path / "old.crt")
    renewed = material(store.load([files(tmp_path, Issued())], BUILTIN, Occasion.RELOAD))
    assert renewed.identity != before.identity
    old.rename(used.certificate)
    used.key.unlink()
    again = material(reload(store, used))
    assert again.identity == before.identity
    assert again.key is before.key


def test_a_failed_load_changes_nothing(tmp_path: Path) -> None:
    store, used = KeyStore(), files(tmp_path, SERVED)
    start(store, used)
    with pytest.raises(KeyMaterialError):
        store.load(
            [files(tmp_path, Issued(), host="other"), source(tmp_path / "missing")], BUILTIN, Occasion.RELOAD
        )
    used.key.unlink()
    assert material(reload(store, used)).key


def test_what_is_no_longer_named_is_dropped(tmp_path: Path) -> None:
    store = KeyStore()
    one, two = (files(tmp_path, Issued(), host=host) for host in ("one", "two"))
    start(store, one, two)
    reload(store, one)
    two.key.unlink()
    with pytest.raises(KeyMaterialError, match="No such file"):
        reload(store, one, two)


def test_hosts_that_share_files_share_what_was_read(tmp_path: Path) -> None:
    used = files(tmp_path, SERVED)
    one, two = start(
        KeyStore(), used, replace(used, server="other:443", where="other.conf:1")
    ).materials.values()
    assert one.key is two.key
    assert one.identity == two.identity
    assert (one.source.where, two.source.where) == ("www.conf:1", "other.conf:1")


def test_identity_is_that_of_certificate_chain_and_key(tmp_path: Path) -> None:
    served = Issued(issuer=INTERMEDIATE)
    plain = material(start(KeyStore(), files(tmp_path, served)))
    chained = replace(files(tmp_path, served), chain=write(tmp_path / "chain", INTERMEDIATE.pem))
    moved = source(write(tmp_path / "moved.pem", served.key_pem() + served.pem))
    reissued = Issued(issuer=INTERMEDIATE, key=served.key)
    identities = [
        material(start(KeyStore(), each)).identity
        for each in (chained, moved, files(tmp_path, reissued, host="re"))
    ]
    assert [identity == plain.identity for identity in identities] == [False, True, False]


def test_a_worker_forgets(tmp_path: Path) -> None:
    asked, store = Exec(tmp_path, "geheim"), KeyStore()
    used = files(tmp_path, SERVED, SERVED.key_pem(b"geheim"))
    start(store, used, dialog=asked.dialog)
    store.forget()
    gc.collect()
    assert not [found for found in gc.get_objects() if isinstance(found, KeyMaterial)]
    with pytest.raises(KeyMaterialError, match="no pass phrase known"):
        store.load([used], BUILTIN, Occasion.RELOAD)


# --- many ---


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """What is no longer used must be freed at once, not when the collector happens to run."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
def test_a_thousand_hosts_of_which_ten_change(tmp_path: Path) -> None:
    store = KeyStore()
    # 100 keys are enough variety; 1,000 files of each kind are what is measured.
    issued = [Issued() for _ in range(100)]
    sources = [files(tmp_path, issued[n % 100], host=f"host{n}") for n in range(1000)]
    start(store, *sources)
    reload(store, *sources)
    before = resident()
    for turn in range(10):
        for n in range(turn * 10, turn * 10 + 10):
            files(tmp_path, issued[(n + 1) % 100], host=f"host{n}")
        begin = time.perf_counter()
        loaded = reload(store, *sources)
        assert time.perf_counter() - begin < 1
        assert len(loaded.materials) == 1000
    assert resident() < before * 1.05


def resident() -> int:
    """Resident memory of this process in kB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


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
