"""The key store on real files: what a load does, whom it asks, and what a reload does not do."""

from __future__ import annotations

import gc
import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat
from unit.ssl.issued import Issued, ca, source, write
from unit.ssl.loading import BUILTIN, Exec, files, material, openssl, public, refused, reload, start

from prefork_ssl.modules.ssl.keys.findings import KeyMaterialError
from prefork_ssl.modules.ssl.keys.keystore import KeyMaterial, KeyStore
from prefork_ssl.modules.ssl.passphrase.means import Occasion

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ROOT = ca("Root")
INTERMEDIATE = ca("Intermediate", ROOT)
SERVED = Issued()

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


# --- everything at once ---


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
