"""The Authorization field: whose it is, and what proves it (RFC 7617)."""

from __future__ import annotations

import base64
import binascii


def parse_basic(field: str) -> tuple[str, bytes] | None:
    """User and password; None if the field has none of the Basic scheme. A user's name is UTF-8; bytes that are not are
    kept as with os.fsdecode."""
    scheme, _, encoded = field.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(" "), validate=True)
    except (ValueError, binascii.Error):
        return None
    user, colon, password = decoded.partition(b":")
    if not colon or b"\0" in user:
        return None
    return user.decode("utf-8", "surrogateescape"), password


def basic(user: str, password: str) -> str:
    """The field for a user, whose name has no colon."""
    credentials = f"{user}:{password}".encode("utf-8", "surrogateescape")
    return f"Basic {base64.b64encode(credentials).decode('ascii')}"
