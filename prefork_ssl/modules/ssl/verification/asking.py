"""A client is asked, in the middle of a connection, who it is: TLS 1.2 does that by a new handshake (renegotiation, in
the safe form of RFC 5746), TLS 1.3 by post-handshake authentication (RFC 8446 section 4.6.2).

The greenlet of the connection waits for the answer; nobody else does. What the client sends before it has answered is
not thrown away, but kept apart (TLSTransport.early): it comes from somebody of whom we do not know yet who that is.
"""

from __future__ import annotations

from OpenSSL import SSL

from prefork_ssl.kernel.transport import Deadline
from prefork_ssl.modules.ssl.connection.stream import receive, send_at_once
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.openssl import Authentication, Error, Rules, main_reason, queued_errors
from prefork_ssl.modules.ssl.verification.client import Client
from prefork_ssl.modules.ssl.verification.policy import Policy

# What may come before the answer: more than a pipelined request or two, less than what would fill the memory.
_MOST_EARLY = 65536


class CannotBeAsked(Exception):
    """There is no way to ask the client. Why, as an end of "it ..."."""


class NotAnswered(Exception):
    """The client was asked and has not answered, why as an end of "it ...". Should it do so later, nobody would notice
    that it has become somebody else: nothing more may be read from it."""


def ask(transport: TLSTransport, policy: Policy, ciphers: SSL.Context | None) -> None:
    """Ask for a certificate, if the policy does, and for the ciphers of a Context, if there is one (TLS 1.2).

    Afterwards `transport.client` is whoever has answered. Raises CannotBeAsked, NotAnswered.
    """
    _check(transport)
    terms = transport.host.parameters.clients
    rules = terms.rules(policy, polite=True) if policy.asks else None
    transport.wire.limit(transport.host.handshake_time.timeout or float("inf"))
    try:
        _converse(transport, rules, ciphers)
    except Deadline:
        raise NotAnswered("did not answer in time") from None
    except Error as error:
        send_at_once(transport.wire, transport.tls)
        transport.broken = True
        raise NotAnswered(_why(error)) from error
    except OSError as error:
        raise NotAnswered("has gone away") from error
    transport.meet(Client(transport.tls, policy if policy.asks else transport.client.policy))


def _check(transport: TLSTransport) -> None:
    """Raises CannotBeAsked."""
    if transport.tls.public.get_protocol_version() >= SSL.TLS1_3_VERSION:
        if not transport.hello.authenticates_later:
            raise CannotBeAsked(
                "does not do post-handshake authentication, the way to ask for a certificate in TLS 1.3"
            )
    elif not transport.host.parameters.clients.again:
        raise CannotBeAsked("is connected to a host that does not renegotiate")
    elif not transport.hello.renegotiates_safely:
        raise CannotBeAsked("does not know safe renegotiation (RFC 5746)")


def _converse(transport: TLSTransport, rules: Rules | None, ciphers: SSL.Context | None) -> None:
    """Ask, and read until there is an answer. Raises Deadline, Error, OSError."""
    tls = transport.tls
    question = Authentication(tls, transport.host.context, rules, ciphers)
    while True:
        transport.flush()
        if question.answered:
            return
        data = question.proceed()
        if data is None:
            transport.flush()
            if not question.answered and not receive(transport.wire, tls):
                raise ConnectionAbortedError
        elif data and len(transport.early) < _MOST_EARLY:
            transport.early += data
        else:
            raise ConnectionAbortedError


def _why(error: Error) -> str:
    errors = queued_errors(error)
    return f"broke off: {main_reason(errors)}" if errors else "broke off"
