"""The key store on its way through the generations.

A reload that is refused after the keys were loaded must not change what the store keeps. So what a generation loaded is
committed when the next one is prepared: by then it is known that it went into service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Origin, Problem
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.modules.ssl.directives import SSL_PASS_PHRASE_DIALOG, SSL_PASS_PHRASE_REUSE
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.keystore import KeySource, KeyStore, Loaded
from prefork_ssl.modules.ssl.passphrase.means import Occasion, PassPhraseDialog


class Keyring:
    """The key store of a master, and what the latest generation loaded into it. One for all generations."""

    def __init__(self) -> None:
        self._store = KeyStore()
        self._commit: Callable[[], None] = _nothing
        self._generation = 0  # the one that loaded it

    def load(self, sources: Sequence[KeySource], generation: Generation) -> Loaded:
        """The key material of all sources, for a generation that is being prepared. Raises KeyMaterialError."""
        previous = generation.previous
        if previous is not None and previous.number == self._generation:
            self._commit()
        self._commit = _nothing
        occasion = Occasion.RELOAD if previous else Occasion.START
        dialog = pass_phrase_dialog(generation.configuration.server.settings)
        loaded = self._store.load(sources, dialog, occasion)
        self._commit, self._generation = loaded.commit, generation.number
        return loaded

    def protect(self) -> None:
        """In the process that stays the master, before it forks a worker: keep pass phrases out of core dumps, swap and
        workers."""
        self._store.protect()

    def forget(self) -> None:
        """In a worker: the keys it needs are in its Contexts."""
        self._store.forget()
        self._commit = _nothing


def _nothing() -> None:
    """There is nothing to commit."""


KEYRING = Key[Keyring]("ssl keys")


def keyring_of(generation: Generation) -> Keyring:
    """The keyring for a generation that is being prepared: that of the generations before."""
    inherited = generation.previous.get(KEYRING) if generation.previous else None
    keyring = inherited or Keyring()
    generation.keep(KEYRING, keyring)
    return keyring


def pass_phrase_dialog(settings: Settings) -> PassPhraseDialog:
    """How pass phrases are to be asked for; `settings` are the main server's."""
    return PassPhraseDialog(
        means=settings[SSL_PASS_PHRASE_DIALOG],
        where=str(settings.origin(SSL_PASS_PHRASE_DIALOG) or ""),
        reuse=settings[SSL_PASS_PHRASE_REUSE],
    )


def refused(findings: Sequence[Finding]) -> ConfigError:
    """What is wrong with key material, as problems of the configuration."""
    return ConfigError(
        Problem(f"{finding.directive}: {finding.message}", _origin(finding.where), finding.hint)
        for finding in findings
    )


def _origin(where: str) -> Origin | None:
    file, _, line = where.rpartition(":")
    return Origin(file, int(line)) if file and line.isdigit() else None
