"""What a place (a directory, a location) wants to know of clients beyond what the handshake with its host brings: the
access hook for SSLVerifyClient, SSLVerifyDepth and SSLCipherSuite in sections."""

from __future__ import annotations

from dataclasses import dataclass

from OpenSSL import SSL

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import RequestPhase
from prefork_ssl.kernel.request import Request, RequestError
from prefork_ssl.modules.ssl.access.options import SSL_OPTIONS, SSLOption
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.context.ciphers import UP_TO_TLS12
from prefork_ssl.modules.ssl.directives import SSL_CIPHER_SUITE
from prefork_ssl.modules.ssl.hosts.logs import SSL_LOGS
from prefork_ssl.modules.ssl.hosts.sni import SSL_VHOST_SNI_POLICY, SNIPolicy
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS, TLSHost
from prefork_ssl.modules.ssl.log.events import requests, verification
from prefork_ssl.modules.ssl.log.hints.client_certificate import CANNOT_BE_ASKED
from prefork_ssl.modules.ssl.openssl import rejection
from prefork_ssl.modules.ssl.revocation.inspection import inspect
from prefork_ssl.modules.ssl.revocation.line import LINE, Line
from prefork_ssl.modules.ssl.verification.asking import CannotBeAsked, NotAnswered, ask
from prefork_ssl.modules.ssl.verification.body import BodyTooLong, hold_body
from prefork_ssl.modules.ssl.verification.directives import SSL_RENEG_BUFFER_SIZE, SSL_VERIFY_CLIENT
from prefork_ssl.modules.ssl.verification.mode import Mode
from prefork_ssl.modules.ssl.verification.policy import Policy, policy
from prefork_ssl.modules.ssl.verification.reverification import verify_again


class NotAdmitted(RequestError):
    """Who the client is does not suffice for this place. Unlike what other rules of access say, a password does not
    overrule that (Satisfy any): TLS itself was asked to see to it. `directive` is what refuses, unless the log has been
    told."""

    def __init__(self, note: str, *, last: bool = False, directive: str = "") -> None:
        super().__init__(403, note)
        self.last = last
        self.directive = directive


@dataclass(frozen=True, slots=True)
class Demand:
    """`ciphers` is the section's own list for TLS 1.2. With `optimise` (OptRenegotiate), no client is asked for what
    can be found out without; `held` is how many bytes of a body may be held meanwhile."""

    policy: Policy
    ciphers: str | None
    optimise: bool
    held: int

    def exceeds(self, host: Host) -> bool:
        """Whether there is something that the handshakes of the host do not bring."""
        return self.ciphers is not None or not self.policy.within(policy(host.settings))


def access(generation: Generation, host: Host, settings: Settings) -> RequestPhase | None:
    """See kernel/hooks.py; None where the handshake has seen to everything."""
    demand = _demand(host, settings)
    own = generation[TLS_HOSTS].get(host)
    line = generation.get(LINE)
    log = generation[SSL_LOGS][host]
    hosts_mix = generation.configuration.server.settings[SSL_VHOST_SNI_POLICY] is SNIPolicy.INSECURE
    if not demand.exceeds(host) and not (hosts_mix and demand.policy.asks):
        return None

    def check(request: Request) -> None:
        transport = request.transport
        try:
            if isinstance(transport, TLSTransport):
                _check(request, transport, demand, own, line)
            elif own is None:
                _check_plain(demand)
        except NotAdmitted as refusal:
            if refusal.directive:
                requests.denied(log, request, refusal.directive, refusal.note)
            raise

    return check


def _demand(host: Host, settings: Settings) -> Demand:
    ciphers = settings[SSL_CIPHER_SUITE].get(UP_TO_TLS12)
    return Demand(
        policy=policy(settings).beyond(policy(host.settings)),
        ciphers=ciphers if ciphers != _own_ciphers(host) else None,
        optimise=SSLOption.OPT_RENEGOTIATE in settings[SSL_OPTIONS],
        held=settings[SSL_RENEG_BUFFER_SIZE],
    )


def _own_ciphers(host: Host) -> str | None:
    return host.settings[SSL_CIPHER_SUITE].get(UP_TO_TLS12)


def _check_plain(demand: Demand) -> None:
    """Raises NotAdmitted."""
    if demand.policy.mode is Mode.REQUIRE:
        note = "This page is only for clients with a certificate, and so only for HTTPS."
        raise NotAdmitted(note, directive=SSL_VERIFY_CLIENT.name)


def _check(
    request: Request, transport: TLSTransport, demand: Demand, own: TLSHost | None, line: Line | None
) -> None:
    """Raises NotAdmitted, and RequestError for a body that is too long to be held."""
    if transport.host is not own and not _believes_the_same(transport.host, own):
        _refuse_strangers(demand)
        return
    ciphers = _wanted_ciphers(transport, demand)
    known = transport.client.meets(demand.policy) or (
        demand.optimise and verify_again(transport, demand.policy)
    )
    if known and ciphers is None:
        return
    # A page that explains a refusal is not asked for by the client, which has just been asked.
    if request.previous is None:
        _hold(request, demand.held)
        _ask(request, transport, Policy() if known else demand.policy, ciphers)
        if line is not None:
            inspect(transport, line)
    _judge(request, transport, demand)


def _believes_the_same(connected: TLSHost, own: TLSHost | None) -> bool:
    return own is not None and connected.parameters.clients.agree(own.parameters.clients)


def _refuse_strangers(demand: Demand) -> None:
    """Nobody proves anything to a host that believes others (SSLVHostSNIPolicy insecure). Raises NotAdmitted."""
    if demand.policy.mode is Mode.REQUIRE or demand.ciphers is not None:
        note = "This connection was made to a host that believes other clients."
        raise NotAdmitted(note, directive=SSL_VERIFY_CLIENT.name)


# --- ciphers ---


def _wanted_ciphers(transport: TLSTransport, demand: Demand) -> SSL.Context | None:
    """The Context whose ciphers are to be agreed on; None if that is not necessary, or not possible (TLS 1.3)."""
    if demand.ciphers is None or transport.tls.public.get_protocol_version() >= SSL.TLS1_3_VERSION:
        return None
    variant = transport.host.variants.get(demand.ciphers)
    if variant is None:
        note = "This connection was made to a host that has other ciphers."
        raise NotAdmitted(note, directive=SSL_CIPHER_SUITE.name)
    in_force = transport.tls.public.get_context() is variant.context
    good_enough = demand.optimise and transport.tls.public.get_cipher_name() in variant.ciphers
    return None if in_force or good_enough else variant.context


# --- questions ---


def _hold(request: Request, most: int) -> None:
    try:
        hold_body(request, most)
    except BodyTooLong:
        note = f"Before who you are was asked, more than {most} bytes came. Ask for a page here first, then send again."
        raise RequestError(413, note) from None


def _ask(request: Request, transport: TLSTransport, wanted: Policy, ciphers: SSL.Context | None) -> None:
    """Raises NotAdmitted."""
    place, page = (transport.host.log, transport.wire.peer), _page(request)
    try:
        ask(transport, wanted, ciphers)
    except CannotBeAsked as why:
        if not wanted.asks:
            note = f"Your client cannot be asked for other ciphers: it {why}."
            raise NotAdmitted(note, directive=SSL_CIPHER_SUITE.name) from None
        verification.missing(*place, why=f"the client {why}", hint=CANNOT_BE_ASKED, page=page)
        if wanted.mode is Mode.REQUIRE or ciphers is not None:
            raise NotAdmitted(f"Your client cannot be asked who you are: it {why}.") from None
    except NotAnswered as why:
        if not wanted.asks:
            note = f"Your client was asked for other ciphers, and {why}."
            raise NotAdmitted(note, last=True, directive=SSL_CIPHER_SUITE.name) from None
        verification.missing(*place, why=f"the client was asked, and {why}", page=page)
        raise NotAdmitted(f"Your client was asked who you are, and {why}.", last=True) from None


def _judge(request: Request, transport: TLSTransport, demand: Demand) -> None:
    """Whether what is known now is enough. Raises NotAdmitted."""
    client, place = transport.client, (transport.host.log, transport.wire.peer)
    if _wanted_ciphers(transport, demand) is not None:
        note = "This page is only shown over ciphers that your client has not agreed to."
        raise NotAdmitted(note, directive=SSL_CIPHER_SUITE.name)
    if client.refused and demand.policy.asks:
        if found := rejection(transport.tls):
            verification.refused(*place, found, demand.policy.depth, page=_page(request))
        # It may have been somebody who was good enough for the host.
        last = not client.meets(transport.host.parameters.clients.policy)
        raise NotAdmitted(f"Your certificate was refused: {client.refused}.", last=last)
    if demand.policy.mode is Mode.REQUIRE and not client.meets(demand.policy):
        verification.missing(*place, page=_page(request))
        raise NotAdmitted("This page is only for clients with a certificate, and yours has sent none.")


def _page(request: Request) -> str:
    """For the log."""
    return f"{request.method} {request.path}"
