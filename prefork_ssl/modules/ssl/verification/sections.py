"""What the sections of a host (directories, files, locations) ask for beyond the host itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import DirectorySection, Host
from prefork_ssl.modules.ssl.context.ciphers import UP_TO_TLS12
from prefork_ssl.modules.ssl.directives import SSL_CIPHER_SUITE
from prefork_ssl.modules.ssl.verification.directives import SSL_VERIFY_CLIENT, SSL_VERIFY_DEPTH
from prefork_ssl.modules.ssl.verification.mode import Mode


def section_settings(host: Host) -> Iterator[Settings]:
    """The settings of each section, those nested in others included, not merged with anything."""
    yield from _settings(host.sections)


def _settings(sections: Sequence[DirectorySection]) -> Iterator[Settings]:
    for section in sections:
        yield section.settings
        yield from _settings(section.files)


def cipher_lists(host: Host) -> tuple[str, ...]:
    """The lists for TLS 1.2 that sections of the host have, each once."""
    lists = (settings[SSL_CIPHER_SUITE].get(UP_TO_TLS12) for settings in section_settings(host))
    return tuple(dict.fromkeys(ciphers for ciphers in lists if ciphers is not None))


def modes(host: Host) -> set[Mode]:
    """Everything that the host or one of its sections asks of clients."""
    return {host.settings[SSL_VERIFY_CLIENT]} | {
        settings[SSL_VERIFY_CLIENT] for settings in section_settings(host) if SSL_VERIFY_CLIENT in settings
    }


def deepest(host: Host) -> int:
    """The longest chain that is good enough anywhere in the host."""
    depths = (
        settings[SSL_VERIFY_DEPTH] for settings in section_settings(host) if SSL_VERIFY_DEPTH in settings
    )
    return max((host.settings[SSL_VERIFY_DEPTH], *depths))


def ask_again(host: Host) -> bool:
    """Whether a section may ask within a connection for what its handshake did not bring."""
    asking = (SSL_VERIFY_CLIENT, SSL_VERIFY_DEPTH, SSL_CIPHER_SUITE)
    return any(directive in settings for settings in section_settings(host) for directive in asking)
