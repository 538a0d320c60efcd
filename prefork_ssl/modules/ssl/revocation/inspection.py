"""The client's chain is looked at: is any of it revoked?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cryptography import x509

from prefork_ssl.modules.ssl.certificate.parsing import UNREADABLE
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.log.events import revocation as events
from prefork_ssl.modules.ssl.revocation.directives import Scope
from prefork_ssl.modules.ssl.revocation.line import Line
from prefork_ssl.modules.ssl.revocation.policy import RevocationPolicy
from prefork_ssl.modules.ssl.stapling.errand import Outcome
from prefork_ssl.modules.ssl.verification.client import Client


def inspect(transport: TLSTransport, line: Line) -> None:
    """Ask about whoever is there, if its host wants that. Of whom we are not told anything good, we think nothing good:
    `transport.client` is then refused."""
    policy = transport.host.parameters.clients.revocation
    client = transport.client
    if not policy.asks or client.certificate is None:
        return
    if refusal := _refusal(transport, policy, line):
        transport.client = Client(transport.tls, client.policy, refusal)


def _refusal(transport: TLSTransport, policy: RevocationPolicy, line: Line) -> str:
    """Why the client is not believed; "" if it is."""
    if not transport.client.verified:
        return "nobody can be asked whether it is revoked, because its issuer is not known"
    try:
        chain = transport.tls.public.get_verified_chain(as_cryptography=True) or []
    except UNREADABLE:
        return "nobody can be asked whether it is revoked, because one of its CAs breaks the rules for certificates"
    for certificate, issuer in _questions(chain, policy):
        if not policy.responder(certificate):
            if policy.asking.lenient:
                continue
            events.nobody_to_ask(transport, certificate)
            return "nobody is known whom to ask whether it is revoked"
        job = policy.job(certificate, issuer)
        outcome = line.ask(job)
        events.asked(transport, certificate, job.url, outcome)
        if line.is_news(job.url, outcome.reason):
            events.trouble(transport.host.log, job.url, outcome.reason)
        if outcome.status != "good":
            return _words(outcome)
    return ""


def _questions(
    chain: Sequence[x509.Certificate], policy: RevocationPolicy
) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
    """Certificates and their issuers, from the client's own upwards. Of those that are CAs by themselves, nobody knows
    more than we do."""
    pairs = list(pairwise(chain))
    yield from pairs[:1] if policy.asking.scope is Scope.LEAF else pairs


def _words(outcome: Outcome) -> str:
    if outcome.status == "failed":
        return "it could not be found out whether it is revoked"
    return (
        f"certificate {outcome.status}" if outcome.status == "revoked" else "its CA does not know it (OCSP)"
    )
