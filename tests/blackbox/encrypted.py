"""Keys with a pass phrase, programs that know it, and files in which a server looks for both."""

from __future__ import annotations

from pathlib import Path

from blackbox.authority import Authority, Pair, PrivateKey, ec_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

PHRASE = "staple-4711-correct"

# Two hosts, each with a certificate and a key in files that a test writes.
TWO_HOSTS = """\
SSLLog logs/ssl_log
<VirtualHost *:@https>
    ServerName one.test
    SSLCertificateFile conf/one.crt
    SSLCertificateKeyFile conf/one.key
</VirtualHost>
<VirtualHost *:@https>
    ServerName two.test
    SSLCertificateFile conf/two.crt
    SSLCertificateKeyFile conf/two.key
</VirtualHost>
"""
HOSTS = ("one", "two")


def encrypt(path: Path, key: PrivateKey, phrase: str = PHRASE) -> None:
    """Write the key, encrypted, as a new file that only its owner may read."""
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(phrase.encode()))
    path.unlink(missing_ok=True)
    path.touch(mode=0o400)
    path.write_bytes(data)


def issue(
    authority: Authority, folder: Path, name: str, phrase: str = PHRASE, key: PrivateKey | None = None
) -> Pair:
    """NAME.crt and NAME.key in `folder`, for NAME.test; no phrase, no encryption."""
    key = key or ec_key()
    # Not NAME alone: all tests share the folder, and some mean another certificate by it.
    pair = authority.issue(f"encrypted-{name}", [f"{name}.test", "localhost"], key)
    certificate = folder / f"{name}.crt"
    certificate.write_bytes(pair.cert.read_bytes())
    if phrase:
        encrypt(folder / f"{name}.key", key, phrase)
    else:
        put(folder / f"{name}.key", pair.key.read_bytes())
    return Pair(certificate, folder / f"{name}.key")


def put(path: Path, data: bytes) -> None:
    """Write the file anew, as a careful program does."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o400)
    draft.write_bytes(data)
    draft.replace(path)


class Program:
    """A program for SSLPassPhraseDialog, and how it was called so far."""

    def __init__(self, folder: Path, script: str) -> None:
        self.path = folder / "phrase"
        self._calls = folder / "phrase.calls"
        self.path.write_text(f'#!/bin/sh\necho "$*" >> {self._calls}\n{script}\n')
        self.path.chmod(0o700)

    @property
    def calls(self) -> list[str]:
        """The arguments of each call."""
        return self._calls.read_text().splitlines() if self._calls.exists() else []
