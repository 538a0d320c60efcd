"""The failures that the log tells of, by the name that machines see, and the words that each message begins with.

Whoever reads a log in plain text finds them by these words. They are the clients' affair, told at level info, and a
client that fails again and again does not fill the disk (repeats.py). What the administrator has to act on is told at
level warn or error, and needs no word here.
"""

from __future__ import annotations

FAILURES = {
    "handshake-failed": "handshake failed",
    "handshake-timeout": "handshake timed out",
    "handshake-lost": "connection ended during the handshake",
    "not-tls": "client speaks",
    "tls-on-plain-port": "TLS on a plain HTTP port",
    "record-failed": "connection broken",
    "renegotiation-refused": "renegotiation refused",
    "client-certificate-missing": "client certificate missing",
    "client-certificate-refused": "client certificate refused",
    "misdirected": "request for another host",
    "denied": "access denied",
}

# A number of failures that were not told one by one: "12 more in 60 s not logged: " and their message.
REPEATED = "repeated"
MORE = "{count} more in {seconds:g} s not logged: {message}"
MORE_PATTERN = r"(?P<more>\d+) more in [\d.]+ s not logged: "
