"""What is asked of clients: SSLVerifyClient and SSLVerifyDepth of a host, a directory or a location."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prefork_ssl.config.directives import Settings
from prefork_ssl.modules.ssl.verification.directives import SSL_VERIFY_CLIENT, SSL_VERIFY_DEPTH
from prefork_ssl.modules.ssl.verification.mode import Mode


@dataclass(frozen=True, slots=True)
class Policy:
    """`depth` is the most CA certificates that may stand above the client's: 0 allows none but self-signed ones."""

    mode: Mode = Mode.NONE
    depth: int = 1

    @property
    def asks(self) -> bool:
        """Whether a certificate is asked for at all."""
        return self.mode is not Mode.NONE

    def within(self, other: Policy) -> bool:
        """Whether whoever has satisfied another policy satisfies this one too."""
        return self.mode <= other.mode and (not self.asks or self.depth >= other.depth)

    def beyond(self, other: Policy) -> Policy:
        """This policy of a section, where that of its host holds as well."""
        return replace(self, mode=max(self.mode, other.mode))


def policy(settings: Settings) -> Policy:
    """What is asked for where these settings hold."""
    mode = settings[SSL_VERIFY_CLIENT]
    # How deep a chain may be makes no difference where no chain is asked for.
    return Policy(mode, settings[SSL_VERIFY_DEPTH]) if mode is not Mode.NONE else Policy()
