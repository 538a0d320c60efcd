"""Which session a client would like to resume, as far as its ClientHello tells by an id that we may have filed."""

from __future__ import annotations

# Extensions: session_ticket (RFC 5077), pre_shared_key and supported_versions (RFC 8446 section 4.2).
_TICKET, _PSK, _VERSIONS = 35, 41, 43
_TLS1_3 = b"\x03\x04"
# How long OpenSSL's session ids are; those that stand for tickets in TLS 1.3 have no other length.
_ID_SIZE = 32


def offered_session(body: bytes, *, tls13: bool, tickets: bool) -> bytes | None:
    """The id in a ClientHello (its `body`) of a session that the server keeps; None if there is none to look for.

    `tls13` and `tickets` tell whether the host speaks TLS 1.3, and whether its clients keep their sessions themselves.
    Then what TLS 1.3 has in place of a session id means nothing (RFC 8446 section 4.1.2), and what comes with a ticket
    of TLS 1.2 is of the client's making (RFC 5077 section 3.4).
    """
    end = 35 + (body[34] if len(body) > 34 else 0)
    session_id = body[35:end]
    if not session_id and (tickets or not tls13):
        return None
    versions, ticket, psk = _extensions(body, end)
    if tls13 and _TLS1_3 in versions:
        return None if tickets else _identity(psk)
    return session_id if session_id and not (tickets and ticket) else None


def _extensions(body: bytes, at: int) -> tuple[bytes, bytes, bytes]:
    """The data of three extensions; `at` is where the session id ends. What is malformed is for OpenSSL to refuse."""
    versions = ticket = psk = b""
    try:
        at += 2 + (body[at] << 8 | body[at + 1])  # cipher suites
        at += 3 + body[at]  # compression methods, length of the extensions
        while True:
            length = body[at + 2] << 8 | body[at + 3]
            if not body[at]:
                kind = body[at + 1]
                if kind == _VERSIONS:
                    versions = body[at + 5 : at + 4 + length]
                elif kind == _TICKET:
                    ticket = body[at + 4 : at + 4 + length]
                elif kind == _PSK:
                    psk = body[at + 4 : at + 4 + length]
            at += 4 + length
    except IndexError:
        return versions, ticket, psk


def _identity(psk: bytes) -> bytes | None:
    """The first identity that a client offers (RFC 8446 section 4.2.11), if it is one of ours."""
    if psk[2:4] != b"\x00\x20" or len(psk) < 4 + _ID_SIZE:
        return None
    return psk[4 : 4 + _ID_SIZE]
