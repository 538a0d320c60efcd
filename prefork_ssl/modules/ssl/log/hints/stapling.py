"""What to do about trouble with an OCSP responder."""

from __future__ import annotations


def responder(trouble: str) -> str:
    """What to do about this trouble, as stapling/ tells it."""
    return next((hint for text, hint in _HINTS.items() if text in trouble), _TRY)


_TRY = (
    "try it: openssl ocsp -issuer CA.crt -cert HOST.crt -url URL; SSLStaplingForceURL names another responder"
)
_HINTS = {
    "is revoked": "clients that check refuse the certificate: have a new one issued",
    "is unknown": "the CA may need some minutes for a new certificate; otherwise ask it",
    "the program": "the error log may have its last words",
    "clocks": "compare the clock with that of others; SSLStaplingResponseTimeSkew says how far they may be apart",
}
