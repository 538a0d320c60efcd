"""Loading key material in tests, as the master does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from unit.ssl.issued import Issued, source, write

from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.keys.keystore import KeyMaterial, KeySource, KeyStore, Loaded
from prefork_ssl.modules.ssl.passphrase.means import Means, Occasion, PassPhraseDialog, Way

BUILTIN = PassPhraseDialog()


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


def public(key: object) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore


def openssl(data: bytes, *arguments: str) -> bytes:
    """What the openssl program makes of the input."""
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout
