"""TLS alerts by number (RFC 8446 section 6.2, and the older ones of RFC 5246)."""

from __future__ import annotations

import re

_NAMES = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
    121: "ech_required",
}

_ALERT, _SIZE = 21, 7
# "tlsv1 alert unknown ca", "tls alert bad certificate", "tlsv1 bad certificate status response": what OpenSSL says of
# an alert that came.
_IN_WORDS = re.compile(r"(?:tls|tlsv1|tlsv13|ssl/tls)(?: alert)? (?P<name>.+)")
_KNOWN = frozenset(_NAMES.values())


def alert_name(number: int) -> str:
    """ "unknown_ca"; the number itself if it has no name."""
    return _NAMES.get(number, str(number))


def alert_in(data: bytes) -> str:
    """The name of the alert that ends `data`, which was sent in the clear; "" if none can be read."""
    record = data[-_SIZE:]
    if len(record) < _SIZE or record[0] != _ALERT or record[3:5] != b"\x00\x02":
        return ""
    return alert_name(record[6])


def alert_in_words(reason: str) -> str:
    """The name of the alert that OpenSSL's `reason` for a failure tells of; "" if it tells of none."""
    match = _IN_WORDS.fullmatch(reason)
    name = match["name"].replace(" ", "_").replace("cancelled", "canceled") if match else ""
    return name if name in _KNOWN else ""
