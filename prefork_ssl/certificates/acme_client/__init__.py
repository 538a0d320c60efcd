"""Certificates from an ACME CA (RFC 8555)."""
