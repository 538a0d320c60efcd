"""Which protocol a client speaks that does not begin with a TLS record, as far as its first bytes tell."""

from __future__ import annotations

import enum
import re


class Protocol(enum.Enum):
    """What was recognised, as it is called in the log."""

    HTTP = "plain HTTP"
    SSH = "SSH"
    PROXY = "the PROXY protocol"
    SSL2 = "SSL 2.0"
    REMOTE_DESKTOP = "Remote Desktop (RDP)"
    SMTP = "SMTP"
    TLS_ALERT = "a TLS alert"
    BROKEN_TLS = "TLS with a broken ClientHello"
    UNKNOWN = "an unknown protocol"


_PREFIXES = {
    b"CONNECT ": Protocol.HTTP,
    b"SSH-": Protocol.SSH,
    b"PROXY ": Protocol.PROXY,
    b"\r\n\r\n\x00\r\nQUIT\n": Protocol.PROXY,  # version 2
    b"\x03\x00\x00": Protocol.REMOTE_DESKTOP,  # a TPKT header, RFC 1006
    b"EHLO ": Protocol.SMTP,
    b"HELO ": Protocol.SMTP,
    b"\x15\x03": Protocol.TLS_ALERT,
}

_HTTP = re.compile(rb"[A-Z]{3,20} (?:/|\*|http)")
_HTTP_BEGUN = re.compile(rb"[A-Z]{1,20}(?: (?:h|ht|htt)?)?")
_SSL2 = re.compile(rb"[\x80-\xff].\x01[\x00\x02\x03]", re.DOTALL)
_SSL2_BEGUN = re.compile(rb"[\x80-\xff](?:.(?:\x01)?)?", re.DOTALL)


def recognise(data: bytes) -> Protocol | None:
    """The protocol of a connection that began with `data`; None if more bytes are needed to tell."""
    for prefix, protocol in _PREFIXES.items():
        if data.startswith(prefix):
            return protocol
    if _HTTP.match(data):
        return Protocol.HTTP
    if _SSL2.match(data):
        return Protocol.SSL2
    begun = _HTTP_BEGUN.fullmatch(data) or _SSL2_BEGUN.fullmatch(data)
    if begun or any(prefix.startswith(data) for prefix in _PREFIXES):
        return None
    return Protocol.UNKNOWN
