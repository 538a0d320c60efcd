"""Which protocol a client speaks that does not begin with a TLS record, as far as its first bytes tell."""

from __future__ import annotations

import enum
import re


class Protocol(enum.Enum):
    """What was recognised, as it is called in the log."""

    HTTP = "plain HTTP"
    HTTP2 = "HTTP/2 in the clear"
    SSH = "SSH"
    PROXY = "the PROXY protocol"
    SSL2 = "SSL 2.0"
    REMOTE_DESKTOP = "Remote Desktop (RDP)"
    SMTP = "SMTP"
    TLS_ALERT = "a TLS alert"
    BROKEN_TLS = "TLS with a broken ClientHello"
    UNKNOWN = "an unknown protocol"


_PREFIXES = {
    b"PRI * HTTP/2.0\r\n": Protocol.HTTP2,  # RFC 9113 section 3.4
    b"CONNECT ": Protocol.HTTP,
    b"SSH-": Protocol.SSH,
    b"PROXY ": Protocol.PROXY,
    b"\r\n\r\n\x00\r\nQUIT\n": Protocol.PROXY,  # version 2
    b"\x03\x00\x00": Protocol.REMOTE_DESKTOP,  # a TPKT header, RFC 1006
    b"EHLO ": Protocol.SMTP,
    b"HELO ": Protocol.SMTP,
    b"\x15\x03": Protocol.TLS_ALERT,
}

# A method, which may be any token (RFC 9110 section 9.1), and what each target but that of CONNECT begins with.
_HTTP = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} (?:/|\*|http)")
_HTTP_BEGUN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}(?: (?:h|ht|htt)?)?")
_HOST_FIELD = re.compile(rb"\r\nHost:[ \t]*([^\r\n]*?)[ \t]*\r\n", re.IGNORECASE)
_SSL2 = re.compile(rb"[\x80-\xff].\x01[\x00\x02\x03]", re.DOTALL)
_SSL2_BEGUN = re.compile(rb"[\x80-\xff](?:.(?:\x01)?)?", re.DOTALL)


def recognise(data: bytes) -> Protocol | None:
    """The protocol of a connection that began with `data`; None if more bytes are needed to tell."""
    for prefix, protocol in _PREFIXES.items():
        if data.startswith(prefix):
            return protocol
    if any(prefix.startswith(data) for prefix in _PREFIXES):
        return None
    if _HTTP.match(data):
        return Protocol.HTTP
    if _SSL2.match(data):
        return Protocol.SSL2
    if _HTTP_BEGUN.fullmatch(data) or _SSL2_BEGUN.fullmatch(data):
        return None
    return Protocol.UNKNOWN


def host_field(data: bytes) -> str:
    """The Host field of the HTTP request that `data` begins with, as written (latin-1); "" as far as there is none."""
    found = _HOST_FIELD.search(data)
    return found[1].decode("latin-1") if found else ""
