"""The master's key material: read and decrypted once, kept over every reload.

A load is a transaction. It reads what is new or changed, takes over the rest, and returns what would be served; the
store changes only when the caller commits, which is after contexts were built and workers forked. A load that fails, or
is never committed, leaves no trace but the pass phrases that were found to be right.

Certificates and keys are pooled by file, so that hosts that share a file share what was read from it.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from prefork_ssl.modules.ssl.keys.file_pool import LockedFile, NamedFile, Pool, Stamp, Turnover
from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.keys.key_files import Certificates, Unreadable, certificates_in, private_key_in
from prefork_ssl.modules.ssl.keys.key_types import PrivateKey, key_type
from prefork_ssl.modules.ssl.passphrase.dialog import DialogEnded, NotOpened, Question
from prefork_ssl.modules.ssl.passphrase.means import Occasion, PassPhraseDialog, Unlocker
from prefork_ssl.modules.ssl.passphrase.memory import PhraseBook, protect_process_memory

CERTIFICATE_FILE = "SSLCertificateFile"
KEY_FILE = "SSLCertificateKeyFile"
CHAIN_FILE = "SSLCertificateChainFile"


@dataclass(frozen=True, slots=True)
class KeySource:
    """The files of one certificate of one host. Paths are absolute; `key` equals `certificate` if none is configured.

    `server` is "host:port". `where`, `key_where` and `chain_where` are the "file:line" of SSLCertificateFile,
    SSLCertificateKeyFile and SSLCertificateChainFile; empty means that of SSLCertificateFile.
    """

    certificate: Path
    key: Path
    chain: Path | None
    server: str
    where: str
    key_where: str = ""
    chain_where: str = ""

    @property
    def certificate_file(self) -> NamedFile:
        """The certificate file and its directive."""
        return NamedFile(self.certificate, CERTIFICATE_FILE, self.where)

    @property
    def key_file(self) -> NamedFile:
        """The key file and the directive that names it."""
        if self.key == self.certificate:
            return NamedFile(self.key, CERTIFICATE_FILE, self.where)
        return NamedFile(self.key, KEY_FILE, self.key_where or self.where)

    @property
    def chain_file(self) -> NamedFile | None:
        """The chain file and its directive, if one is configured."""
        return NamedFile(self.chain, CHAIN_FILE, self.chain_where or self.where) if self.chain else None


@dataclass(frozen=True)
class CertificateMaterial:
    """The public part of what a host serves: its certificate and the intermediates to send with it.

    The chain is what follows the first certificate in its file (of PKCS#12: its issuers), else SSLCertificateChainFile.
    """

    source: KeySource
    certificate: x509.Certificate
    chain: Certificates


@dataclass(frozen=True)
class KeyMaterial(CertificateMaterial):
    """What a host serves with. `key_type` is "RSA", "EC", "ED25519"...; `identity` (SHA-256 over the certificates and
    the key's public part) is equal if and only if the same would be served."""

    key: PrivateKey
    key_type: str
    identity: bytes

    def without_key(self) -> CertificateMaterial:
        """The public part alone."""
        return CertificateMaterial(self.source, self.certificate, self.chain)


@dataclass(frozen=True)
class Loaded:
    """What a load would serve.

    `materials` has every source, but for those in `unopened`: checked without a terminal, with the key still encrypted
    (a certificate that is encrypted with its key, in PKCS#12, is in neither). `findings` are warnings and infos.
    `stamps` has every file, as it was when it was read.
    """

    materials: Mapping[KeySource, KeyMaterial]
    unopened: tuple[CertificateMaterial, ...]
    findings: tuple[Finding, ...]
    stamps: Mapping[Path, Stamp]
    commit: Callable[[], None] = field(repr=False)
    """From now on the store keeps what this load read, and nothing else."""


class KeyStore:
    """The pool of key material. One per master."""

    def __init__(self) -> None:
        self._certificates: Pool[Certificates] = {}
        self._keys: Pool[PrivateKey] = {}
        self._phrases = PhraseBook()

    def load(self, sources: Sequence[KeySource], dialog: PassPhraseDialog, occasion: Occasion) -> Loaded:
        """Get the key material of all sources.

        Pass phrases are asked for only when everything else is in order. To be called in the main thread; blocks while
        somebody is asked, or a program runs.

        Raises:
            KeyMaterialError: with everything that is wrong; the store is as before.
        """
        turnover = _MaterialTurnover(self._certificates, self._keys)
        try:
            for source in sources:
                turnover.fetch(source)
            turnover.refuse_errors()
            turnover.open_locked(dialog, occasion, self._phrases)
            turnover.refuse_errors()
        finally:
            if not dialog.reuse:
                self._phrases.wipe()
        adopt = partial(self._adopt, turnover.certificates.entries, turnover.keys.entries)
        return turnover.loaded(sources, commit=adopt)

    def protect(self) -> None:
        """To be called once by the process that remains the master: no core dumps; phrases never reach a child."""
        protect_process_memory()
        self._phrases.keep_from_children()

    def forget(self) -> None:
        """Wipe all phrases and let go of all keys (OpenSSL zeroes what it frees). A worker calls this after its fork,
        and drops every KeyMaterial it inherited otherwise."""
        self._phrases.wipe()
        self._certificates = {}
        self._keys = {}

    def _adopt(self, certificates: Pool[Certificates], keys: Pool[PrivateKey]) -> None:
        self._certificates = certificates
        self._keys = keys


@dataclass(frozen=True, slots=True)
class _Pending:
    """A file waiting for its pass phrase."""

    question: Question
    file: LockedFile[Any]
    turnover: Turnover[Any]

    def open(self, unlocker: Unlocker) -> None:
        self.turnover.admit(self.file, unlocker.unlock(self.question, self.file.locked.open))


class _MaterialTurnover:
    """One load: certificates and keys, each with their own pool in the making."""

    def __init__(self, certificates: Pool[Certificates], keys: Pool[PrivateKey]) -> None:
        self._findings: list[Finding] = []
        self.certificates = Turnover(certificates, certificates_in, self._findings)
        self.keys = Turnover(keys, private_key_in, self._findings)
        self._pending: list[_Pending] = []

    def fetch(self, source: KeySource) -> None:
        """Read the files of a source, or take them over."""
        self._fetch(self.certificates, source.certificate_file, source)
        if source.chain_file:
            self._fetch(self.certificates, source.chain_file, source)
        self._fetch(self.keys, source.key_file, source)

    def refuse_errors(self) -> None:
        """Raise KeyMaterialError if anything is wrong."""
        if errors := [finding for finding in self._findings if finding.severity == "error"]:
            raise KeyMaterialError(dict.fromkeys(errors))  # a PKCS#12 file is opened twice, and fails twice

    def open_locked(self, dialog: PassPhraseDialog, occasion: Occasion, phrases: PhraseBook) -> None:
        """Open what is encrypted, until there is no use in asking for more."""
        if not self._pending:
            return
        with closing(Unlocker(dialog, occasion, phrases)) as unlocker:
            for pending in self._pending:
                try:
                    pending.open(unlocker)
                except DialogEnded as error:
                    self._findings.append(error.finding)
                    return
                except NotOpened as error:
                    self._findings.append(error.finding)
                except Unreadable as error:
                    self._findings.append(
                        pending.question.finding(f"{pending.question.file} {error}", error.hint)
                    )

    def loaded(self, sources: Sequence[KeySource], commit: Callable[[], None]) -> Loaded:
        """The result, once nothing is wrong."""
        served = [material for source in sources if (material := self._material(source))]
        return Loaded(
            {material.source: material for material in served if isinstance(material, KeyMaterial)},
            tuple(material for material in served if not isinstance(material, KeyMaterial)),
            (*dict.fromkeys(self._findings), *self._exposed_keys(sources)),
            {**self.certificates.stamps, **self.keys.stamps},
            commit,
        )

    def _fetch(self, turnover: Turnover[Any], named: NamedFile, source: KeySource) -> None:
        if file := turnover.fetch(named):
            kind = file.locked.key_type or self._certified_key_type(source)
            question = Question(source.server, kind, named.path, named.directive, named.where)
            self._pending.append(_Pending(question, file, turnover))

    def _certified_key_type(self, source: KeySource) -> str:
        """Encrypted PKCS#8 hides its key's type; the certificate tells it."""
        entry = self.certificates.entries.get(source.certificate)
        return (key_type(entry.value[0].public_key()) if entry else None) or "private"

    def _material(self, source: KeySource) -> CertificateMaterial | None:
        certificates = self.certificates.entries.get(source.certificate)
        if certificates is None:
            return None
        certificate, *following = certificates.value
        chain = tuple(following) or self._chain_file(source, certificate)
        key = self.keys.entries.get(source.key)
        if key is None:
            return CertificateMaterial(source, certificate, chain)
        kind = key_type(key.value.public_key()) or ""
        return KeyMaterial(
            source, certificate, chain, key.value, kind, _identity(certificate, chain, key.value)
        )

    def _chain_file(self, source: KeySource, certificate: x509.Certificate) -> Certificates:
        """The chain file's certificates; many begin with the host's own again, which is not sent twice."""
        entry = self.certificates.entries.get(source.chain) if source.chain else None
        return tuple(other for other in entry.value if other != certificate) if entry else ()

    def _exposed_keys(self, sources: Sequence[KeySource]) -> Iterator[Finding]:
        for named in {source.key: source.key_file for source in sources}.values():
            mode = self.keys.modes.get(named.path, 0)
            if mode & (stat.S_IRGRP | stat.S_IROTH):
                yield Finding(
                    "warning",
                    named.directive,
                    named.where,
                    f"the private key in {named.path} is readable by others than its owner (mode {mode:04o})",
                    f"chmod 400 {named.path}",
                )


def _identity(certificate: x509.Certificate, chain: Certificates, key: PrivateKey) -> bytes:
    digest = hashlib.sha256(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    for sent in (certificate, *chain):
        digest.update(sent.public_bytes(Encoding.DER))
    return digest.digest()
