"""All that decides how a host verifies its clients, in a form that can be compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from OpenSSL import SSL

from prefork_ssl.config.tree import Host
from prefork_ssl.modules.ssl.openssl import UNKNOWN_ISSUER, Rules, ask_clients
from prefork_ssl.modules.ssl.revocation.policy import RevocationPolicy
from prefork_ssl.modules.ssl.verification.directives import Check, RevocationCheck
from prefork_ssl.modules.ssl.verification.mode import Mode
from prefork_ssl.modules.ssl.verification.policy import Policy, policy
from prefork_ssl.modules.ssl.verification.sections import ask_again, deepest
from prefork_ssl.modules.ssl.verification.trust import Trust


@dataclass(frozen=True, slots=True)
class Terms:
    """`policy` is what the handshake asks for, `trust` the identity of the CAs and CRLs, `revocation` what OCSP
    responders are asked. `again` tells whether sections may ask for more later, and `deepest` which chains are good
    enough for one of them."""

    policy: Policy
    trust: bytes
    check: RevocationCheck
    revocation: RevocationPolicy
    again: bool
    deepest: int

    @property
    def resumable(self) -> bool:
        """Whether sessions may be resumed: the chain that OCSP responders are asked about is not part of them."""
        return not (self.revocation.asks and (self.policy.asks or self.again))

    def agree(self, other: Terms) -> bool:
        """Whether both hosts believe the same clients."""
        return all(
            ours == theirs
            for ours, theirs in (
                (self.policy, other.policy),
                (self.trust, other.trust),
                (self.check, other.check),
                (self.revocation, other.revocation),
            )
        )

    def of_session(self, *, resumed: bool) -> Policy:
        """By which policy the client of a new connection was verified. A session that is resumed may be of any section
        of the host."""
        if resumed and self.policy.asks:
            return replace(self.policy, depth=self.deepest)
        return self.policy

    def rules(self, asked: Policy, *, polite: bool = False) -> Rules:
        """When a chain is refused that was asked for by a policy."""
        generous = asked.mode is Mode.OPTIONAL_NO_CA
        needed = self.check.check is not Check.NONE and not self.check.lenient
        return Rules(asked.depth, UNKNOWN_ISSUER if generous else frozenset(), polite, needed)

    def apply(self, context: SSL.Context) -> None:
        """Let the handshakes of a context ask for what they should."""
        if self.policy.asks:
            ask_clients(context, self.rules(self.policy), required=self.policy.mode is Mode.REQUIRE)


def terms(host: Host, trust: Trust, revocation: RevocationPolicy) -> Terms:
    """The terms of a host."""
    return Terms(
        policy(host.settings), trust.identity, trust.check, revocation, ask_again(host), deepest(host)
    )
