"""The table: from OpenSSL's reason for a failure to what to do about it.

Tests provoke each entry with a real client: the texts are those of OpenSSL 4.
"""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.modules.ssl.log.hints import offers, own_certificate
from prefork_ssl.modules.ssl.log.hints.failure import Failure


def hint(failure: Failure) -> str:
    """What to do about the failure, or how to learn more of it."""
    if failure.alert in own_certificate.ALERTS:
        return own_certificate.not_accepted(failure)
    explain = _HINTS.get(failure.reason) or _ALERTS.get(failure.alert)
    return (explain(failure) if callable(explain) else explain) or _LEARN_MORE


_NO_RENEGOTIATION = (
    "the client does not let itself be asked for a certificate later: ask for it in the handshake, "
    "with SSLVerifyClient in the <VirtualHost>"
)
_NOT_UNDERSTOOD = (
    "the client does not understand what this server has sent: it is broken, or something in between changes the "
    "handshake; no directive helps, but SSLLogLevel debug shows what was sent"
)
_LEARN_MORE = (
    "the client, or something in between, does not keep to the protocol; SSLLogLevel trace shows how far it came, "
    "debug what it has sent"
)
_CHANGED = "bytes were changed on the way: a client, a proxy or a network is broken; no directive helps"

_HINTS: dict[str, Callable[[Failure], str] | str] = {
    "unsupported protocol": offers.versions,
    "wrong version number": offers.versions_if_none_is_common,
    "no shared cipher": offers.ciphers,
    "no suitable key share": offers.groups,
    "no suitable signature algorithm": offers.signatures,
    "no application protocol": offers.application_protocols,
    "decryption failed or bad record mac": _CHANGED,
    "digest check failed": _CHANGED,
    "inappropriate fallback": "the client tried again with a lower version of TLS than both support: something between "
    "it and this server breaks handshakes of the versions that SSLProtocol allows",
    "no renegotiation": _NO_RENEGOTIATION,
}

# Other alerts with which a client gives up.
_ALERTS: dict[str, Callable[[Failure], str] | str] = {
    "protocol_version": offers.versions,
    "handshake_failure": "the client found nothing of what it wants: compare its settings with SSLProtocol and "
    "SSLCipherSuite",
    "insufficient_security": "the client wants stronger ciphers than SSLCipherSuite allows",
    "decrypt_error": "the client cannot verify our signature: something in between changes the handshake",
    "bad_record_mac": _CHANGED,
    "decryption_failed": _CHANGED,
    "internal_error": "the client has a problem of its own: look there",
    "user_canceled": "somebody stopped it",
    "no_renegotiation": _NO_RENEGOTIATION,
    **dict.fromkeys(
        (
            "unexpected_message",
            "illegal_parameter",
            "decode_error",
            "missing_extension",
            "unsupported_extension",
            "record_overflow",
        ),
        _NOT_UNDERSTOOD,
    ),
}
