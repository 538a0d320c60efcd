"""Certificates that clients show, as far as the library takes them: OpenSSL takes some that it does not."""

from __future__ import annotations

from cryptography import x509

# What the library raises for those.
UNREADABLE = (ValueError, x509.InvalidVersion)


def parsed(der: bytes) -> x509.Certificate | None:
    """The certificate; None if the library does not take it."""
    try:
        return x509.load_der_x509_certificate(der)
    except UNREADABLE:
        return None
