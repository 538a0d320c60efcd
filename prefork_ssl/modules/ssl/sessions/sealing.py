"""Making records that only the workers of this server open, and opening them."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from prefork_ssl.modules.ssl.sessions.records import NONCE_SIZE, Label, expiry_of, head_of, head_size

# Bytes of a key.
KEY_SIZE = 32


class Sealer:
    """Makes and opens records. `key` has KEY_SIZE bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCMSIV(key)

    def seal(self, session_id: bytes, scope: bytes, label: Label, session: bytes) -> bytes:
        """The record of a session: `session` is its DER, `scope` names who may resume it."""
        head = head_of(label)
        nonce = os.urandom(NONCE_SIZE)
        return head + nonce + self._cipher.encrypt(nonce, session, session_id + scope + head)

    def open(self, session_id: bytes, scope: bytes, record: bytes, now: float) -> bytes | None:
        """The session's DER; None if the record has expired, was tampered with, or belongs elsewhere."""
        end = head_size(record)
        if end is None or expiry_of(record) <= now:
            return None
        nonce, sealed = record[end : end + NONCE_SIZE], record[end + NONCE_SIZE :]
        try:
            return self._cipher.decrypt(nonce, sealed, session_id + scope + record[:end])
        except (InvalidTag, ValueError):
            return None
