"""The key store on its way through the generations, and its place in the hooks.

A reload that is refused after the keys were loaded must not change what the store keeps. So what a generation loaded is
committed when the next one is prepared: by then it is known that it went into service.
"""

from __future__ import annotations

from collections.abc import Sequence

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Origin, Problem
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.modules.ssl.directives import SSL_PASS_PHRASE_DIALOG, SSL_PASS_PHRASE_REUSE
from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.keys.keystore import KeySource, KeyStore, Loaded
from prefork_ssl.modules.ssl.passphrase.means import Occasion, PassPhraseDialog


class Keyring:
    """A generation's hold on the key store, which is one for all generations of a master."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._loaded: Loaded | None = None

    def load(self, sources: Sequence[KeySource], settings: Settings, occasion: Occasion) -> Loaded:
        """The key material of all sources. `settings` are the main server's. Raises KeyMaterialError."""
        dialog = PassPhraseDialog(
            means=settings[SSL_PASS_PHRASE_DIALOG],
            where=str(settings.origin(SSL_PASS_PHRASE_DIALOG) or ""),
            reuse=settings[SSL_PASS_PHRASE_REUSE],
        )
        self._loaded = self._store.load(sources, dialog, occasion)
        return self._loaded

    def successor(self) -> Keyring:
        """The keyring of the next generation; called once this one is known to be in service."""
        if self._loaded is not None:
            self._loaded.commit()
        return Keyring(self._store)

    def forget(self) -> None:
        """In a worker: the keys it needs are in its contexts."""
        self._store.forget()
        self._loaded = None


KEYRING = Key[Keyring]("ssl keys")


def keyring_for(generation: Generation) -> Keyring:
    """The keyring of a generation that is being prepared."""
    previous = generation.previous.get(KEYRING) if generation.previous else None
    return previous.successor() if previous else Keyring(KeyStore())


def refused(findings: Sequence[Finding]) -> ConfigError:
    """What is wrong with key material, as problems of the configuration."""
    return ConfigError(
        Problem(f"{finding.directive}: {finding.message}", _origin(finding.where), finding.hint)
        for finding in findings
    )


def _origin(where: str) -> Origin | None:
    file, _, line = where.rpartition(":")
    return Origin(file, int(line)) if file and line.isdigit() else None


__all__ = ["KEYRING", "KeyMaterialError", "Keyring", "keyring_for", "refused"]
